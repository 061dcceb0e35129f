//! A read model is rebuilt over the real processes while money moves.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{OWNER, World};

use crate::operator::postroom;

const STATUS: &str = "/ops/projections/account-view";

/// Brings money in, under a key of its own, and answers the version that made.
pub(crate) async fn deposit(world: &World, account: &str, key: u32) -> u64 {
    let amount = json!({"amount_minor": 100, "currency": "NZD"});
    let request = world
        .request(Method::POST, &format!("/accounts/{account}/deposits"))
        .header("Idempotency-Key", format!("rebuild-{account}-{key}"))
        .json(&json!({"amount": amount, "description": "Top-up"}));
    world.send(request).await.expect(200).body["version"].as_u64().unwrap()
}

/// What there is of a build: where, and what. Times and counts of writes are its own.
async fn made(world: &World, build: &str) -> Vec<(String, String, Value)> {
    let state = world.table("state").await.into_iter();
    let partition = |item: &Value| item["pk"]["S"].as_str().unwrap().to_owned();
    // The feed is another read model, and has the builds that it has.
    let of_build = state
        .filter(|item| partition(item).contains(build) && !partition(item).contains("activity"));
    let mut made: Vec<_> = of_build
        .map(|item| {
            let id = item["sk"]["S"].as_str().unwrap().to_owned();
            (partition(&item).replace(build, ""), id, item["data"].clone())
        })
        .collect();
    made.sort_by(|left, right| (&left.0, &left.1).cmp(&(&right.0, &right.1)));
    made
}

/// As if the first build had been over for long: the next tick leaves nothing of it.
async fn swept(world: &World) {
    let request = json!({
        "TableName": "local-state",
        "Key": {"pk": {"S": "#projections"}, "sk": {"S": "account-view"}},
        "UpdateExpression": "SET #data.#remains.since = :then",
        "ExpressionAttributeNames": {"#data": "data", "#remains": "remains"},
        "ExpressionAttributeValues": {":then": {"S": "2026-01-31T00:00:00Z"}},
    });
    world.aws("DynamoDB_20120810", "UpdateItem", request).await;
    world.system().fire("project-views").await.unwrap();
    assert_eq!(made(world, "@1").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_is_rebuilt_while_money_moves_and_is_the_same() {
    let world = World::start().await;
    let (quiet, busy) = (world.account(OWNER).await, world.account(OWNER).await);
    for key in 0..60 {
        deposit(&world, &quiet, key).await;
    }
    deposit(&world, &busy, 0).await;
    world.eventually(&format!("/accounts/{quiet}?at_least_version=61"), 200).await;

    let asked = world.post(&format!("{STATUS}/rebuild")).await.expect(202);
    let again = postroom(&world, &["projections", "rebuild", "account-view", "--json"]).await;
    let (moved, fired) = tokio::join!(
        async {
            let mut version = 0;
            for key in 1..40 {
                version = deposit(&world, &busy, key).await;
            }
            version
        },
        world.system().fire("project-views"),
    );
    fired.unwrap();
    // A race that was lost too often ends a walk, and the next goes on.
    for _ in 0..10 {
        if world.get(STATUS).await.expect(200).body["live"] == 2 {
            break;
        }
        world.system().fire("project-views").await.unwrap();
    }
    let shown = world.eventually(&format!("/accounts/{busy}?at_least_version={moved}"), 200).await;

    assert_eq!(asked.body["building"]["generation"], 2);
    assert_eq!(again.json()["building"]["generation"], 2);
    let status = world.get(STATUS).await.expect(200).body;
    assert_eq!(status, json!({"name": "account-view", "live": 2}));
    assert_eq!(shown.body["balance"]["amount_minor"], 4_000);
    let listed = postroom(&world, &["projections", "list"]).await;
    assert!(listed.out.contains("account-view  build 2 is read"), "{}{}", listed.out, listed.err);
    let unknown = postroom(&world, &["projections", "rebuild", "account-views"]).await;
    unknown.ends(3, "there is no projection account-views");
    // What was done since the swap is the second's alone.
    let of_quiet = |made: Vec<(String, String, Value)>| -> Vec<_> {
        made.into_iter()
            .filter(|(place, id, _)| place.contains(&quiet) || id.contains(&quiet))
            .collect()
    };
    let (first, second) = (of_quiet(made(&world, "@1").await), of_quiet(made(&world, "@2").await));
    assert!(first.len() > 60, "{first:?}");
    assert_eq!(second, first);
    swept(&world).await;
    let verified = postroom(&world, &["projections", "verify", "account-view", "--json"]).await;
    assert_eq!((&verified.json()["build"], &verified.json()["streams"]), (&json!(2), &json!(2)));
    world.stop().await;
}
