//! Publishing a campaign, from the request to the last effect.

use std::collections::BTreeSet;

use serde_json::json;
use tests::{World, WorldOptions};

#[tokio::test(flavor = "multi_thread")]
async fn publishing_shows_in_the_timeline_at_once_and_statistics_follow() {
    let world = World::start().await;
    let id = world.draft().await;

    let request = world
        .request(reqwest::Method::POST, &format!("/campaigns/{id}/publish"))
        .header("x-correlation-id", "the-launch");
    let published = world.send(request).await.expect(200);
    let timeline = world.get(&format!("/campaigns/{id}/timeline")).await.expect(200);
    let statistics = world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;

    assert_eq!(
        (published.text("/status").as_str(), &published.body["version"]),
        ("published", &json!(2))
    );
    assert_eq!(published.header("x-correlation-id"), "the-launch");
    let types: Vec<_> =
        timeline.items().iter().map(|item| item["event_type"].as_str().unwrap()).collect();
    assert_eq!(types, ["campaign.published", "campaign.created"]);
    assert_eq!(timeline.items()[0]["correlation_id"], "the-launch");
    let chain = world.get("/dev/chains/the-launch").await.expect(200);
    for row in [
        "publish-campaign",
        "├ plan-limit",
        "├ sync-campaign",
        "attempt 1/5  done",
        "└ statistics.synced",
    ] {
        assert!(chain.body.as_str().unwrap().contains(row), "{row} is missing in {}", chain.body);
    }
    world.get("/dev/chains/the-launch?tenant=rival").await.expect(404);
    assert!(statistics.body["impressions"].is_u64());
    assert_eq!(statistics.body["spend"]["currency"], published.body["budget"]["currency"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_refuses_leaves_nothing_written() {
    let parameters = vec![("PlanLiveCampaigns", "1".to_owned())];
    let world = World::with(WorldOptions { parameters, ..WorldOptions::default() }).await;
    let first = world.published().await;
    world.eventually(&format!("/campaigns/{first}/statistics"), 200).await;
    world.drained("sync-statistics").await;
    world.drained("sync-campaign.fifo").await;
    let second = world.draft().await;
    let before = world.tables().await;

    let refused = world.post(&format!("/campaigns/{second}/publish")).await.expect(409);

    assert_eq!(refused.text("/type"), "/problems/plan-limit-reached");
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.text("/correlation_id"), refused.header("x-correlation-id"));
    // The note that its chain shows, and nothing else.
    assert_eq!(world.tables_and_notes().await, (before, 1));
    assert_eq!(world.get(&format!("/campaigns/{second}")).await.text("/status"), "draft");
    assert!(world.provider_calls(&second).await.is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_twice_is_asked_again_under_the_same_key() {
    let world = World::start().await;
    let id = world.draft().await;
    world.provider_fault(json!({"campaign_id": id, "status": 503, "times": 2})).await;

    world.post(&format!("/campaigns/{id}/publish")).await.expect(200);
    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;
    world.drained("sync-campaign.fifo").await;

    // Either job may meet either failure.
    let mut failures = 0;
    let (asked, pushed) = (world.figures_asked(&id).await, world.states_pushed(&id).await);
    for (handler, calls) in [("sync-statistics#", asked), ("sync-campaign#", pushed)] {
        let keys: BTreeSet<_> =
            calls.iter().map(|call| call["idempotency_key"].as_str().unwrap()).collect();
        assert_eq!(keys.len(), 1, "{calls:?}");
        assert!(keys.iter().all(|key| key.starts_with(handler)), "{keys:?}");
        let [failed @ .., last] = &calls[..] else { panic!("{handler} called nobody") };
        assert!(failed.iter().all(|call| call["status"] == 503), "{calls:?}");
        assert_eq!(last["status"], 200);
        failures += failed.len();
    }
    assert_eq!(failures, 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_the_provider_does_not_know_is_parked_with_its_reason_and_the_team_is_told() {
    let world = World::start().await;
    let id = world.draft().await;
    world.provider_fault(json!({"campaign_id": id, "status": 404, "times": 2})).await;

    world.post(&format!("/campaigns/{id}/publish")).await.expect(200);
    world.drained("sync-statistics").await;
    world.drained("sync-campaign.fifo").await;

    let letters = world.table("dead-letters").await;
    let mut parked: Vec<_> =
        letters.iter().map(|letter| letter["id"]["S"].as_str().unwrap()).collect();
    parked.sort_unstable();
    let [campaign, statistics] = parked[..] else { panic!("{letters:#?}") };
    assert!(campaign.starts_with("sync-campaign#"), "{campaign}");
    assert!(statistics.starts_with("sync-statistics#"), "{statistics}");
    assert_eq!(world.provider_calls(&id).await.len(), 2);
    world.get(&format!("/campaigns/{id}/statistics")).await.expect(404);
    let notifications = world.get("/notifications").await.expect(200);
    let told = notifications.items().iter().filter(|told| told["event_type"] == "task.failed");
    let mut told: Vec<_> = told.map(|told| told["text"].as_str().unwrap()).collect();
    told.sort_unstable_by_key(|text| text.contains("pushed"));
    let [pulled, pushed] = told[..] else { panic!("{notifications:#?}") };
    assert!(pulled.contains("could not be pulled from") && pulled.ends_with("(status 404)"));
    assert!(pushed.contains("could not be pushed to") && pushed.ends_with("(status 404)"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_delivered_again_takes_effect_once() {
    let world = World::start().await;
    let id = world.published().await;
    let statistics = world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;
    world.drained("sync-statistics").await;
    let journal = world.table("journal").await;
    let body = journal
        .iter()
        .map(|item| item["envelope"]["S"].as_str().unwrap())
        .find(|envelope| envelope.contains("campaign.published"))
        .unwrap();

    for _ in 0..3 {
        world.enqueue("sync-statistics", body).await;
    }
    world.drained("sync-statistics").await;

    assert_eq!(world.figures_asked(&id).await.len(), 1);
    assert_eq!(world.table("journal").await.len(), journal.len());
    let after = world.get(&format!("/campaigns/{id}/statistics")).await;
    assert_eq!(after.body, statistics.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_messages_are_parked_and_harm_no_neighbour() {
    let world = World::start().await;

    for body in ["no json", "null", "{}", "[1]"] {
        world.enqueue("sync-statistics", body).await;
    }
    let id = world.published().await;
    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;
    world.drained("sync-statistics").await;

    assert_eq!(world.table("dead-letters").await.len(), 4);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_sees_nothing_of_it() {
    let mut world =
        World::with(WorldOptions { require_auth: true, ..WorldOptions::default() }).await;
    world.get("/campaigns").await.expect(401);
    world.act_as("acme").await;
    let id = world.published().await;
    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;

    world.act_as("rival").await;

    for path in ["", "/timeline", "/statistics"] {
        world.get(&format!("/campaigns/{id}{path}")).await.expect(404);
    }
    world.post(&format!("/campaigns/{id}/publish")).await.expect(404);
    assert!(world.get("/campaigns").await.expect(200).items().is_empty());
    world.act_as("acme").await;
    assert_eq!(world.get("/campaigns").await.expect(200).items().len(), 1);
    world.stop().await;
}
