//! What each function may do.

use serde_json::Value;

use super::{functions, resources};
use crate::repository::must_be_empty;

/// Actions that AWS grants on no named resource.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html>, named from memory 2026-11-21.
const WITHOUT_RESOURCE: &[&str] = &["xray:PutTelemetryRecords", "xray:PutTraceSegments"];
/// What would change or remove an event that was written.
const CHANGING: &[&str] =
    &["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem"];

/// One thing that a role may do to one resource.
struct Right {
    role: String,
    action: String,
    resource: String,
}

#[test]
fn no_right_has_a_wildcard() {
    let violations: Vec<_> = rights()
        .iter()
        .filter(|right| {
            right.action.contains('*')
                || right.resource.contains('*')
                    && !WITHOUT_RESOURCE.contains(&right.action.as_str())
        })
        .map(|right| format!("{}: {} on {}", right.role, right.action, right.resource))
        .collect();

    must_be_empty(&violations, "Name the action, and the resource by `!GetAtt … .Arn`.");
}

#[test]
fn nobody_may_change_the_journal() {
    let violations: Vec<_> = rights()
        .iter()
        .filter(|right| right.resource.contains("JournalTable"))
        .filter(|right| CHANGING.contains(&right.action.as_str()))
        .map(|right| format!("{}: {}", right.role, right.action))
        .collect();

    must_be_empty(&violations, "An event is written once; correct it with another event.");
}

#[test]
fn a_function_has_rights_on_just_the_tables_it_is_told_of() {
    let rights = rights();
    let mut violations = Vec::new();
    for function in functions() {
        let role = format!("{}Role", function.stem());
        for table in resources("AWS::DynamoDB::Table") {
            let variables = function.property("/Environment/Variables").as_object();
            let told = variables.is_some_and(|all| all.values().any(|value| *value == table.id));
            let may = rights.iter().any(|right| {
                right.role == role && right.resource.split('.').next() == Some(table.id.as_str())
            });
            if told != may {
                let has = if told { "a variable but no right" } else { "a right but no variable" };
                violations.push(format!("{}: {has} for {}", function.id, table.id));
            }
        }
    }

    must_be_empty(
        &violations,
        "Give both or neither: a table's name in Environment and statements in the role.",
    );
}

#[test]
fn every_function_has_a_role_of_its_own_without_managed_policies() {
    let roles = resources("AWS::IAM::Role");

    let violations: Vec<_> = functions()
        .iter()
        .filter(|function| {
            let role = roles.iter().find(|role| role.id == format!("{}Role", function.stem()));
            !role.is_some_and(|role| role.property("/ManagedPolicyArns").is_null())
        })
        .map(|function| function.id.clone())
        .collect();

    must_be_empty(
        &violations,
        "Write the statements out in StemRole; AWS's own policies name no resource.",
    );
}

fn rights() -> Vec<Right> {
    let mut rights = Vec::new();
    for role in resources("AWS::IAM::Role") {
        for policy in role.property("/Policies").as_array().into_iter().flatten() {
            let statements = policy["PolicyDocument"]["Statement"].as_array();
            for statement in statements.into_iter().flatten() {
                for action in one_or_more(&statement["Action"]) {
                    rights.extend(one_or_more(&statement["Resource"]).into_iter().map(
                        |resource| Right {
                            role: role.id.clone(),
                            action: action.clone(),
                            resource,
                        },
                    ));
                }
            }
        }
    }
    assert!(!rights.is_empty(), "the template grants nothing");
    rights
}

/// A policy spells a list of one without its brackets.
fn one_or_more(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(one_or_more).collect(),
        single => vec![single.as_str().unwrap_or("*").to_owned()],
    }
}
