//! A read model is compared with the journal by the operator's tool, over the real processes.

use serde_json::{Value, json};
use tests::{OWNER, World};

use crate::operator::postroom;
use crate::rebuild::deposit;

const VERIFY: [&str; 3] = ["projections", "verify", "account-view"];

/// Writes to a row of the first build by hand.
async fn damage(world: &World, partition: &str, id: &str, minor: u32) {
    let request = json!({
        "TableName": "local-state",
        "Key": {"pk": {"S": partition}, "sk": {"S": id}},
        "UpdateExpression": "SET #data.balance.amount_minor = :minor",
        "ExpressionAttributeNames": {"#data": "data"},
        "ExpressionAttributeValues": {":minor": {"N": minor.to_string()}},
    });
    world.aws("DynamoDB_20120810", "UpdateItem", request).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_not_as_the_journal_has_it_is_told_by_key_and_field() {
    let world = World::start().await;
    let (first, second) = (world.account(OWNER).await, world.account(OWNER).await);
    for (account, key) in [(&first, 1), (&second, 1), (&first, 2)] {
        deposit(&world, account, key).await;
    }
    world.eventually(&format!("/accounts/{first}?at_least_version=3"), 200).await;
    world.eventually(&format!("/accounts/{second}?at_least_version=2"), 200).await;
    let before = world.tables().await;

    let same = postroom(&world, &VERIFY).await;
    let counted = postroom(&world, &[&VERIFY[..], &["--json"]].concat()).await.json();
    let untouched = world.tables().await == before;
    damage(&world, "demo#account-views@1", &first, 7_000).await;
    let wrong = postroom(&world, &VERIFY).await;
    let told = postroom(&world, &[&VERIFY[..], &["--json"]].concat()).await;
    let unknown = postroom(&world, &["projections", "verify", "account-views"]).await;

    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    assert!(same.out.contains("all of it is as the journal has it"), "{}", same.out);
    // Three movements, two views with their positions, and what both accounts of their owner come to.
    let counts = [&counted["streams"], &counted["events"], &counted["rows"]];
    assert_eq!(counts, [&json!(2), &json!(5), &json!(3 + 2 + 2 + 1)]);
    assert!(untouched, "it has written something");
    wrong.ends(1, "account-view is not as the journal has it: 1 differences");
    let row =
        format!("demo#account-views@1/{first}  balance.amount_minor: expected 200, found 7000");
    assert!(wrong.out.contains(&row), "{}", wrong.out);
    assert_eq!(told.code, 1, "{}", told.err);
    let document: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(document["differences"][0]["field"], "balance.amount_minor");
    assert_eq!((&document["moving"], &document["error"]["exit_code"]), (&json!(0), &json!(1)));
    unknown.ends(3, "there is no projection account-views");
    world.stop().await;
}
