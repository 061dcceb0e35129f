//! Events that are published: from the command through SNS to the queue of a subscriber.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{World, WorldOptions};

/// How long anything may take here, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(2);
const ANN: &str = "ann@example.com";

async fn ann_signs_up(world: &World) {
    let ann = json!({ "email": ANN, "name": "Ann" });
    world.send(world.request(Method::POST, "/users").json(&ann)).await.expect(201);
}

/// Waits until Ann has mail, and looks whether there is more of it when nothing is left to do.
async fn welcomes(world: &World) -> usize {
    let began = Instant::now();
    while world.mailbox(ANN).await.is_empty() {
        assert!(began.elapsed() < PATIENCE, "no mail for {ANN}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.drained("send-notifications").await;
    world.mailbox(ANN).await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_is_published_once_and_reaches_its_subscriber() {
    let world = World::start().await;

    ann_signs_up(&world).await;

    assert_eq!(welcomes(&world).await, 1);
    let calls = world.aws_calls().await;
    assert_eq!(calls["api"]["sns.PublishBatch"], 1);
    assert_eq!(calls["api"]["sqs.SendMessageBatch"], Value::Null);
    assert!(world.table("outbox").await.is_empty());
    world.stop().await;
}

/// A subscription that does not ask for raw messages gets each in a JSON object of SNS.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_takes_what_sns_has_wrapped() {
    let template = vec![("RawMessageDelivery: true", "RawMessageDelivery: false")];
    let world = World::with(WorldOptions { template, ..WorldOptions::default() }).await;

    ann_signs_up(&world).await;

    assert_eq!(welcomes(&world).await, 1);
    assert_eq!(world.get("/ops/dead-letters").await.expect(200).items(), [] as [Value; 0]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sns_did_not_accept_is_published_by_the_relay() {
    let world = World::start().await;
    let fault = json!({"service": "sns", "action": "PublishBatch", "function": "api", "times": 10,
        "status": 503});
    world.aws_fault(fault).await;

    ann_signs_up(&world).await;
    let kept = world.table("outbox").await;
    world.relayed().await;

    assert_eq!(kept.len(), 1, "{kept:#?}");
    assert!(kept[0].get("handler").is_none(), "{:#}", kept[0]);
    assert_eq!(welcomes(&world).await, 1);
    assert_eq!(world.aws_calls().await["relay-outbox"]["sns.PublishBatch"], 1);
    assert!(world.table("outbox").await.is_empty());
    world.stop().await;
}

/// Accepted, and nobody heard of it: it is published again, under other ids of SNS and SQS.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_twice_is_one_event() {
    let world = World::start().await;
    let fault = json!({"service": "sns", "action": "PublishBatch", "function": "api", "times": 3,
        "drop_response": true});
    world.aws_fault(fault).await;

    ann_signs_up(&world).await;
    world.relayed().await;

    assert_eq!(welcomes(&world).await, 1);
    let calls = world.aws_calls().await;
    let sent = ["api", "relay-outbox"].map(|function| &calls[function]["sns.PublishBatch"]);
    let sent: u64 = sent.into_iter().filter_map(Value::as_u64).sum();
    assert!(sent > 1, "{calls:#}");
    world.stop().await;
}
