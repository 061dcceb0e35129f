//! What is read of accounts is made from their events, whatever happens to the function that makes it.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{OWNER, World, fixture};

/// How many orders were given, each under a key of its own.
static ORDERS: AtomicU64 = AtomicU64::new(0);

/// Moves money and answers the version that made.
async fn order(world: &World, account: &str, what: &str, amount_minor: i64) -> u64 {
    let amount = json!({"amount_minor": amount_minor, "currency": "NZD"});
    let request = world
        .request(Method::POST, &format!("/accounts/{account}/{what}"))
        .header("Idempotency-Key", format!("order-{}", ORDERS.fetch_add(1, Ordering::Relaxed)))
        .json(&json!({"amount": amount, "description": "Top-up"}));
    world.send(request).await.expect(200).body["version"].as_u64().unwrap()
}

/// The account, once its view has come so far.
async fn shown(world: &World, account: &str, version: u64) -> Value {
    let path = format!("/accounts/{account}?at_least_version={version}");
    world.eventually(&path, 200).await.body
}

fn balance(account: &Value) -> i64 {
    account["balance"]["amount_minor"].as_i64().unwrap()
}

/// The journal's record of a version of an account.
async fn journaled(world: &World, account: &str, version: u64) -> Value {
    let (stream, version) = (format!("demo#accounts/{account}"), version.to_string());
    let of_version = |record: &Value| {
        record["stream"]["S"] == stream.as_str() && record["version"]["N"] == version.as_str()
    };
    world.table("journal").await.into_iter().find(of_version).unwrap()
}

#[tokio::test]
async fn the_view_of_an_account_follows_what_is_done_to_it() {
    let world = World::start().await;
    let account = world.account(OWNER).await;
    order(&world, &account, "deposits", 5_000).await;
    let version = order(&world, &account, "withdrawals", 1_500).await;

    let shown = shown(&world, &account, version).await;

    let moved_at = shown["last_transaction_at"].clone();
    assert!(moved_at.is_string(), "{shown:#}");
    let nzd = |amount_minor: i64| json!({"amount_minor": amount_minor, "currency": "NZD"});
    assert_eq!(
        shown,
        json!({
            "id": account, "owner_id": OWNER, "balance": nzd(3_500), "held": nzd(0),
            "status": "open", "version": 3, "transaction_count": 2, "last_transaction_at": moved_at,
        })
    );
    let path = format!("/accounts/{account}?at_least_version={}", version + 1);
    let behind = world.get(&path).await.expect(409);
    assert_eq!(behind.body["type"], "/problems/view-behind");
    assert_eq!(behind.header("retry-after"), "1");
    world.stop().await;
}

#[tokio::test]
async fn who_asks_for_what_it_has_written_waits_for_it_and_is_shown_no_less() {
    let world = World::start().await;
    let account = world.account(OWNER).await;
    shown(&world, &account, 1).await;
    // The projector reads nothing of the journal any more, and so stays where it is.
    world
        .aws_fault(json!({"service": "dynamodb", "action": "Query", "function": "project-views",
            "times": 10_000, "status": 500}))
        .await;
    let version = order(&world, &account, "deposits", 5_000).await;

    let (one, all) = (format!("/accounts/{account}"), format!("/accounts/{account}/transactions"));
    for path in [&one, &all] {
        let behind = world.get(&format!("{path}?at_least_version={version}")).await.expect(409);
        assert_eq!(behind.body["type"], "/problems/view-behind");
        assert_eq!(behind.header("retry-after"), "1");
        assert_eq!(world.get(path).await.expect(200).body["version"], 1);
    }
    world.aws_heals().await;
    let shown = shown(&world, &account, version).await;

    assert_eq!(balance(&shown), 5_000);
    // Whoever has seen the account finds it everywhere.
    let listed = world.get(&all).await.expect(200).body;
    assert_eq!((&listed["version"], &listed["items"][0]["version"]), (&json!(2), &json!(2)));
    let summary = world.get(&format!("/owners/{OWNER}/summary")).await.expect(200).body;
    assert_eq!(summary["items"][0]["balance"]["amount_minor"], 5_000);
    world.stop().await;
}

#[tokio::test]
async fn how_long_after_it_happened_an_event_is_shown_is_measured() {
    let world = World::start().await;
    let account = world.account(OWNER).await;
    shown(&world, &account, 1).await;

    let measured = world.wrote("project-views", |line| !line["lag_ms"].is_null()).await;

    let metrics = measured["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
    assert!(metrics.contains(&json!({"Name": "lag_ms", "Unit": "Milliseconds"})), "{measured}");
    // Its view, and its place in the feed.
    assert_eq!(measured["processed"], 2);
    world.stop().await;
}

#[tokio::test]
async fn a_projector_that_is_killed_at_its_commit_applies_each_event_once() {
    for when in ["before", "after"] {
        let world = World::start().await;
        let account = world.account(OWNER).await;
        shown(&world, &account, 1).await;
        world
            .aws_fault(json!({"service": "dynamodb", "action": "TransactWriteItems",
                "function": "project-views", "times": 2, "kill_caller": when}))
            .await;

        let mut version = 0;
        for _ in 0..5 {
            version = order(&world, &account, "deposits", 100).await;
        }
        let shown = shown(&world, &account, version).await;

        assert_eq!((balance(&shown), &shown["transaction_count"]), (500, &json!(5)), "{when}");
        let applied = world.aws_heals().await;
        assert!(applied.to_string().contains("kill"), "nobody was killed: {applied}");
        world.stop().await;
    }
}

#[tokio::test]
async fn records_of_the_stream_that_come_again_change_nothing() {
    let world = World::start().await;
    let account = world.account(OWNER).await;
    let version = order(&world, &account, "deposits", 100).await;
    shown(&world, &account, version).await;
    let before = world.tables().await;

    let mut event = fixture("dynamodb/project-views.json");
    for (index, record) in event["Records"].as_array_mut().unwrap().iter_mut().enumerate() {
        let version = (2 - index).to_string();
        record["dynamodb"]["Keys"] = json!({
            "stream": {"S": format!("demo#accounts/{account}")}, "version": {"N": version},
        });
    }
    let answer = world.system().invoke("project-views", event.to_string()).await.unwrap();

    let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(world.tables().await, before);
    world.stop().await;
}

#[tokio::test]
async fn a_poisoned_event_is_parked_and_what_waited_is_applied_when_it_is_redriven() {
    let world = World::start().await;
    let account = world.account(OWNER).await;
    order(&world, &account, "deposits", 100).await;
    shown(&world, &account, 2).await;
    let sane = journaled(&world, &account, 2).await;
    let other = world.account(OWNER).await;

    put_third(&world, &sane, "money.vanished").await;
    let letter = parked(&world).await;
    let version = order(&world, &other, "deposits", 70).await;
    let going_on = shown(&world, &other, version).await;
    let held_up = world.get(&format!("/accounts/{account}")).await.expect(200);

    assert_eq!(balance(&going_on), 70);
    assert_eq!((balance(&held_up.body), &held_up.body["version"]), (100, &json!(2)));
    let id = letter["id"].as_str().unwrap();
    assert!(id.starts_with("account-view#"), "{id}");
    assert_eq!(letter["queue"], "project-views");

    put_third(&world, &sane, "money.deposited").await;
    let redrive = format!("/ops/dead-letters/{}/redrive", id.replace('#', "~"));
    world.send(world.request(Method::POST, &redrive).json(&json!({}))).await.expect(200);
    let healed = shown(&world, &account, 3).await;

    assert_eq!(balance(&healed), 200);
    world.stop().await;
}

/// Writes the third event of an account, past all that would have decided about it.
async fn put_third(world: &World, second: &Value, r#type: &str) {
    let mut envelope: Value =
        serde_json::from_str(second["envelope"]["S"].as_str().unwrap()).unwrap();
    envelope["id"] = json!("7b0c0000-0000-5000-8000-00000000000b");
    envelope["type"] = json!(r#type);
    envelope["streamversion"] = json!(3);
    let mut record = second.clone();
    record["version"] = json!({"N": "3"});
    record["envelope"] = json!({"S": envelope.to_string()});
    let request = json!({"TableName": "local-journal", "Item": record});
    world.aws("DynamoDB_20120810", "PutItem", request).await;
}

/// The only dead letter, once there is one.
async fn parked(world: &World) -> Value {
    let list = world.until("/ops/dead-letters", |list| list.body["items"][0].is_object()).await;
    list.body["items"][0].clone()
}
