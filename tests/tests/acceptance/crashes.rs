//! Processes die at the worst moments; nothing is lost and nothing takes effect twice.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use tests::{World, WorldOptions};

/// A worker that may take 12 s instead of 30, so that what a dead one held comes back soon. In less than a second more
/// than its job needs it would not start any.
const SHORT: [(&str, &str); 2] =
    [("Timeout: 30", "Timeout: 12"), ("VisibilityTimeout: 180", "VisibilityTimeout: 14")];

#[tokio::test(flavor = "multi_thread")]
async fn the_api_killed_between_commit_and_send_loses_nothing() {
    let world = World::start().await;
    let id = world.draft().await;
    world
        .aws_fault(
            json!({"service": "sqs", "action": "SendMessageBatch", "function": "api", "times": 1,
            "kill_caller": "before"}),
        )
        .await;

    let killed = world.post(&format!("/campaigns/{id}/publish")).await;
    let campaign = world.get(&format!("/campaigns/{id}")).await.expect(200);
    let kept = world.table("outbox").await.len();
    let path = format!("/campaigns/{id}/statistics");
    world.fired_until("relay-outbox", &path, 200).await;

    assert_eq!(killed.status, 500, "{:#}", killed.body);
    assert_eq!(campaign.text("/status"), "published");
    assert_eq!(kept, 2, "a row for each queue");
    assert!(world.table("outbox").await.is_empty());
    assert_eq!(world.figures_asked(&id).await.len(), 1);
    assert_eq!(world.states_pushed(&id).await.len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_killed_after_the_send_makes_a_duplicate_that_changes_nothing() {
    let world = World::start().await;
    let id = world.draft().await;
    world
        .aws_fault(
            json!({"service": "dynamodb", "action": "BatchWriteItem", "function": "api", "times": 1,
            "kill_caller": "before"}),
        )
        .await;

    world.post(&format!("/campaigns/{id}/publish")).await.expect(500);
    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;
    // The rows are still there, and older than what the relay leaves to their own sender.
    world.relayed().await;
    world.drained("sync-statistics").await;
    world.drained("sync-campaign.fifo").await;

    assert_eq!(world.figures_asked(&id).await.len(), 1);
    assert_eq!(world.states_pushed(&id).await.len(), 1);
    let synced = world.table("journal").await;
    let synced = synced.iter().filter(|item| item.to_string().contains("statistics.synced"));
    assert_eq!(synced.count(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_killed_before_the_commit_has_written_nothing() {
    let world = World::start().await;
    let id = world.draft().await;
    world
        .aws_fault(json!({"service": "dynamodb", "action": "TransactWriteItems", "function": "api", "times": 1,
            "kill_caller": "before"}))
        .await;
    let before = world.tables().await;

    world.post(&format!("/campaigns/{id}/publish")).await.expect(500);

    assert_eq!(world.tables().await, before);
    assert_eq!(world.get(&format!("/campaigns/{id}")).await.text("/status"), "draft");
    world.post(&format!("/campaigns/{id}/publish")).await.expect(200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_neither_lost_nor_repeated() {
    let world = World::start().await;
    let id = world.draft().await;
    world
        .aws_fault(json!({"service": "dynamodb", "action": "TransactWriteItems", "function": "api", "times": 1,
            "drop_response": true}))
        .await;

    let published = world.post(&format!("/campaigns/{id}/publish")).await.expect(200);
    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;

    assert_eq!(published.body["version"], 2);
    let journal = world.table("journal").await;
    let published = journal.iter().filter(|item| item.to_string().contains("campaign.published"));
    assert_eq!(published.count(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_in_the_middle_of_its_batch_loses_nothing() {
    let world =
        World::with(WorldOptions { template: SHORT.to_vec(), ..WorldOptions::default() }).await;
    // Long enough that the first call is still unanswered when the worker dies.
    world.provider_fault(json!({"campaign_id": "*", "times": 100, "delay_ms": 1500})).await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(world.draft().await);
    }
    for id in &ids {
        world.post(&format!("/campaigns/{id}/publish")).await.expect(200);
    }
    world.provider_asked().await;

    world.system().kill("sync-statistics");

    let mut most = 0;
    for id in &ids {
        world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;
        let calls = world.figures_asked(id).await;
        let keys: BTreeSet<_> =
            calls.iter().map(|call| call["idempotency_key"].as_str().unwrap()).collect();
        assert_eq!(keys.len(), 1, "one effect, one key, however often it was tried: {calls:?}");
        most = most.max(calls.len());
    }
    assert!(most >= 2, "the kill met no work: every campaign was asked for once");
    world.drained("sync-statistics").await;
    let journal = world.table("journal").await;
    let synced = journal.iter().filter(|item| item.to_string().contains("statistics.synced"));
    assert_eq!(synced.count(), ids.len());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_after_its_commit_does_not_repeat_it() {
    let world =
        World::with(WorldOptions { template: SHORT.to_vec(), ..WorldOptions::default() }).await;
    world
        .aws_fault(json!({"service": "dynamodb", "action": "TransactWriteItems", "function": "sync-statistics",
            "times": 1, "kill_caller": "after"}))
        .await;
    let id = world.published().await;

    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;
    world.drained("sync-statistics").await;

    assert_eq!(world.figures_asked(&id).await.len(), 1);
    world.stop().await;
}

/// A dead letter of the campaign's statistics: its id, as a path names it.
async fn parked(world: &World) -> (String, String) {
    let id = world.draft().await;
    world.provider_fault(json!({"campaign_id": id, "status": 404, "times": 1_000})).await;
    world.post(&format!("/campaigns/{id}/publish")).await.expect(200);
    world.drained("sync-statistics").await;
    world.drained("sync-campaign.fifo").await;
    world.provider_heals().await;
    let letters = world.get("/ops/dead-letters?handler=sync-statistics").await.expect(200);
    (id, letters.items()[0]["id"].as_str().unwrap().replace('#', "~"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_whose_process_dies_is_one_redrive() {
    for (path, body) in [("/redrive", json!({})), ("", json!({"handler": "sync-statistics"}))] {
        for moment in ["before", "after"] {
            let world = World::start().await;
            let (campaign, letter) = parked(&world).await;
            let path = match path {
                "" => "/ops/dead-letters/redrive".to_owned(),
                one => format!("/ops/dead-letters/{letter}{one}"),
            };
            let redrive = || world.request(Method::POST, &path).body(body.to_string());
            world
                .aws_fault(
                    json!({"service": "dynamodb", "action": "TransactWriteItems", "function": "api",
                    "times": 1, "kill_caller": moment}),
                )
                .await;

            let killed = world.send(redrive()).await;
            let shown = world.get(&format!("/ops/dead-letters/{letter}")).await.expect(200).body;
            world.send(redrive()).await;
            let after = world.get(&format!("/ops/dead-letters/{letter}")).await.expect(200).body;
            let statistics = format!("/campaigns/{campaign}/statistics");
            world.fired_until("relay-outbox", &statistics, 200).await;
            world.drained("sync-statistics").await;

            assert_eq!(killed.status, 500, "{moment} {path}: {:#}", killed.body);
            let redriven = usize::from(moment == "after");
            assert_eq!(shown["redrives"], redriven, "{moment} {path}: all of it or nothing");
            assert_eq!(shown["actions"].as_array().unwrap().len(), redriven);
            assert_eq!((&after["redrives"], &after["status"]), (&json!(1), &json!("redriven")));
            assert_eq!(after["actions"].as_array().unwrap().len(), 1, "{moment} {path}");
            assert_eq!(world.figures_asked(&campaign).await.len(), 2, "refused, and once more");
            world.stop().await;
        }
    }
}
