//! The life of a campaign over HTTP, and what the ad provider learns of it.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, World, WorldOptions};

const CHAIN: &str = "a-whole-life";

async fn step(world: &World, id: &str, step: &str) -> Reply {
    let request = world.request(Method::POST, &format!("/campaigns/{id}/{step}"));
    world.send(request.header("x-correlation-id", CHAIN)).await
}

async fn pushed(world: &World) {
    world.drained("sync-campaign.fifo").await;
}

/// The messages that a campaign's steps left for `sync-campaign`, in their order.
async fn steps(world: &World, id: &str) -> Vec<Value> {
    let journal = world.table("journal").await;
    let envelopes = journal.iter().map(|item| item["envelope"]["S"].as_str().unwrap());
    let mut steps: Vec<Value> = envelopes
        .map(|envelope| serde_json::from_str::<Value>(envelope).unwrap())
        .filter(|event| event["subject"] == format!("campaigns/{id}"))
        .filter(|event| event["type"] != "campaign.created")
        .collect();
    steps.sort_by_key(|event| event["streamversion"].as_u64());
    steps
}

/// Version and status of what the provider was told, in the order of telling.
async fn versions(world: &World, id: &str) -> Vec<(u64, u64)> {
    let calls = world.states_pushed(id).await;
    let told = |call: &Value| (call["version"].as_u64().unwrap(), call["status"].as_u64().unwrap());
    calls.iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_lives_from_draft_to_completed_and_all_of_it_is_one_chain() {
    let world = World::start().await;
    let id = world.draft().await;
    let mut lives = Vec::new();

    for name in ["publish", "pause", "resume", "complete"] {
        let reply = step(&world, &id, name).await.expect(200);
        lives.push((reply.text("/status"), reply.body["version"].as_u64().unwrap()));
        pushed(&world).await;
    }
    world.drained("sync-statistics").await;

    let expected = [("published", 2), ("paused", 3), ("published", 4), ("completed", 5)];
    assert_eq!(lives, expected.map(|(status, version)| (status.to_owned(), version)));
    assert_eq!(versions(&world, &id).await, [(2, 200), (3, 200), (4, 200), (5, 200)]);
    let known = world.provider_state(&id).await.expect(200);
    assert_eq!((known.text("/status").as_str(), &known.body["version"]), ("completed", &json!(5)));
    let timeline = world.get(&format!("/campaigns/{id}/timeline")).await.expect(200);
    let types: Vec<_> = timeline.items().iter().map(|item| item["event_type"].clone()).collect();
    assert_eq!(
        types,
        [
            "campaign.completed",
            "campaign.resumed",
            "campaign.paused",
            "campaign.published",
            "campaign.created"
        ]
    );
    assert_eq!(world.get("/notifications").await.expect(200).items().len(), 4);
    let chain = world.get(&format!("/dev/chains/{CHAIN}")).await.expect(200);
    let chain = chain.body.as_str().unwrap().to_owned();
    for row in ["publish-campaign", "pause-campaign", "resume-campaign", "complete-campaign"] {
        assert!(chain.contains(row), "{row} is missing in {chain}");
    }
    assert_eq!(chain.matches("sync-campaign").count(), 4, "{chain}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_from_the_wrong_status_is_refused_by_name_and_leaves_nothing_written() {
    let world = World::start().await;
    let id = world.draft().await;
    let before = world.tables().await;

    for (name, code) in [
        ("pause", "campaign-not-published"),
        ("resume", "campaign-not-paused"),
        ("complete", "campaign-not-live"),
    ] {
        let refused = step(&world, &id, name).await.expect(409);
        assert_eq!(refused.text("/type"), format!("/problems/{code}"));
        assert!(refused.text("/detail").contains("is draft"), "{:#}", refused.body);
    }

    // One note each, that its chain shows.
    assert_eq!(world.tables_and_notes().await, (before, 3));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_campaign_frees_its_place_in_the_plan_and_a_paused_one_does_not() {
    let parameters = vec![("PlanLiveCampaigns", "1".to_owned())];
    let world = World::with(WorldOptions { parameters, ..WorldOptions::default() }).await;
    let (first, second) = (world.published().await, world.draft().await);

    step(&world, &first, "pause").await.expect(200);
    let while_paused = step(&world, &second, "publish").await.expect(409);
    step(&world, &first, "complete").await.expect(200);
    let when_completed = step(&world, &second, "publish").await;

    assert_eq!(while_paused.text("/type"), "/problems/plan-limit-reached");
    assert_eq!(when_completed.status, 200, "{:#}", when_completed.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_delivered_in_the_wrong_order_and_again_leave_the_provider_with_the_last() {
    let world = World::start().await;
    let id = world.draft().await;
    // Committed, but not sent by their own sender.
    world
        .aws_fault(json!({"service": "sqs", "action": "SendMessageBatch", "function": "api",
            "times": 2, "kill_caller": "before"}))
        .await;
    step(&world, &id, "publish").await.expect(500);
    step(&world, &id, "pause").await.expect(500);
    let [publish, pause] = steps(&world, &id).await.try_into().unwrap();

    for (delivery, event) in [&pause, &publish, &pause, &publish].into_iter().enumerate() {
        world.enqueue_in_order("sync-campaign.fifo", &id, &delivery.to_string(), event).await;
    }
    pushed(&world).await;
    world.relayed().await;
    pushed(&world).await;

    assert_eq!(versions(&world, &id).await, [(3, 200)]);
    let known = world.provider_state(&id).await.expect(200);
    assert_eq!((known.text("/status").as_str(), &known.body["version"]), ("paused", &json!(3)));
    assert!(world.table("dead-letters").await.is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_fails_no_later_step_overtakes_and_no_key_carries_two_states() {
    let world = World::start().await;
    let id = world.draft().await;
    // Some of them meet the statistics.
    world.provider_fault(json!({"campaign_id": id, "status": 503, "times": 3})).await;

    for name in ["publish", "pause", "resume", "pause"] {
        step(&world, &id, name).await.expect(200);
    }
    pushed(&world).await;

    let calls = world.states_pushed(&id).await;
    let told: Vec<_> = calls.iter().map(|call| call["version"].as_u64().unwrap()).collect();
    assert!(told.is_sorted(), "{told:?}");
    let mut versions_of: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for call in &calls {
        let key = call["idempotency_key"].as_str().unwrap();
        versions_of.entry(key).or_default().push(call["version"].as_u64().unwrap());
    }
    for (key, mut versions) in versions_of {
        versions.dedup();
        assert_eq!(versions.len(), 1, "{key} carried {versions:?}");
    }
    let known = world.provider_state(&id).await.expect(200);
    assert_eq!((known.text("/status").as_str(), &known.body["version"]), ("paused", &json!(5)));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_by_status_and_channel() {
    let world = World::start().await;
    let (draft, live) = (world.draft().await, world.published().await);
    let paused = world.published().await;
    step(&world, &paused, "pause").await.expect(200);

    for (query, expected) in [
        ("?status=draft", vec![&draft]),
        ("?status=paused&channel=facebook", vec![&paused]),
        ("?channel=facebook", vec![&paused, &live, &draft]),
        ("?status=published&channel=google", vec![]),
    ] {
        let listed = world.get(&format!("/campaigns{query}")).await.expect(200);
        let ids: Vec<_> = listed.items().iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    }
    world.stop().await;
}
