//! What the tables promise.

use serde_json::json;

use super::{Resource, resources};
use crate::repository::must_be_empty;

/// What a table promises: the property that says so, and whether it does.
type Promise = (&'static str, fn(&Resource) -> bool);

#[test]
fn every_table_is_encrypted_recoverable_and_kept() {
    let violations = violations(&[
        ("BillingMode", |table| table.text("/BillingMode") == "PAY_PER_REQUEST"),
        ("SSESpecification", |table| table.property("/SSESpecification/SSEEnabled") == true),
        ("PointInTimeRecoverySpecification", |table| {
            table.property("/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled") == true
        }),
        ("DeletionPolicy", |table| table.body["DeletionPolicy"] == "RetainExceptOnCreate"),
        ("UpdateReplacePolicy", |table| table.body["UpdateReplacePolicy"] == "Retain"),
    ]);

    must_be_empty(&violations, "A table is the business: on demand, encrypted, recoverable, kept.");
}

#[test]
fn tables_are_named_after_their_id() {
    let violations = violations(&[
        ("the id ends in `Table`", |table| table.id.ends_with("Table")),
        ("TableName", |table| {
            let name =
                Resource { id: table.id.replace("Table", "Function"), body: json!(null) }.folder();
            table.text("/TableName") == format!("${{AWS::StackName}}-{name}")
        }),
    ]);

    must_be_empty(&violations, "`DeadLettersTable` is `${AWS::StackName}-dead-letters`.");
}

#[test]
fn only_the_inbox_forgets() {
    let violations = violations(&[("TimeToLiveSpecification", |table| {
        let expected = (table.id == "InboxTable")
            .then(|| json!({ "AttributeName": "expires_at", "Enabled": true }));
        *table.property("/TimeToLiveSpecification") == json!(expected)
    })]);

    must_be_empty(
        &violations,
        "Dedup keys expire once no copy of their message can be left; nothing else does.",
    );
}

/// Every promise that a table does not keep.
fn violations(promises: &[Promise]) -> Vec<String> {
    let tables = resources("AWS::DynamoDB::Table");
    assert!(!tables.is_empty(), "the template has no tables");
    tables
        .iter()
        .flat_map(|table| {
            let broken = promises.iter().filter(|(_, kept)| !kept(table));
            broken.map(|(what, _)| format!("{}: {what}", table.id)).collect::<Vec<_>>()
        })
        .collect()
}
