//! The schedule of statistics, from its firing to the figures.

use serde_json::json;
use tests::{World, WorldOptions};

/// The schedule fires with a time of ours: two firings are of one slot whenever the test runs.
const ONE_SLOT: [(&str, &str); 1] = [("<aws.scheduler.scheduled-time>", "2026-11-21T09:47:11Z")];

/// A published campaign whose first statistics are there.
async fn synced(world: &World) -> String {
    let id = world.published().await;
    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;
    world.drained("sync-statistics").await;
    id
}

async fn fire(world: &World) {
    world.system().fire("schedule-statistics").await.unwrap();
    world.drained("sync-statistics").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firing_brings_fresh_statistics_of_live_campaigns_and_of_no_others() {
    let world = World::start().await;
    let (draft, live, completed) =
        (world.draft().await, synced(&world).await, synced(&world).await);
    world.post(&format!("/campaigns/{completed}/complete")).await.expect(200);
    let before = world.get(&format!("/campaigns/{live}/statistics")).await.text("/synced_at");

    fire(&world).await;

    let after = world.get(&format!("/campaigns/{live}/statistics")).await.text("/synced_at");
    assert!(after > before, "{after} is not after {before}");
    assert_eq!(world.figures_asked(&live).await.len(), 2);
    assert_eq!(world.figures_asked(&completed).await.len(), 1, "only when it was published");
    assert!(world.provider_calls(&draft).await.is_empty());
    assert!(world.table("outbox").await.is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_a_campaign_that_the_provider_has_forgotten_say_since_when_they_are_stale() {
    let world = World::start().await;
    let id = synced(&world).await;
    world.provider_fault(json!({"campaign_id": id, "status": 410, "times": 1})).await;

    fire(&world).await;

    let stale = world.get(&format!("/campaigns/{id}/statistics")).await.expect(200);
    assert!(stale.text("/stale_since") > stale.text("/synced_at"));
    let notifications = world.get("/notifications").await.expect(200);
    let latest = notifications.items()[0]["text"].as_str().unwrap();
    assert!(latest.contains("could not be pulled from"), "{latest}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_is_fired_twice_asks_the_provider_once() {
    let world =
        World::with(WorldOptions { template: ONE_SLOT.to_vec(), ..WorldOptions::default() }).await;
    let id = synced(&world).await;

    fire(&world).await;
    fire(&world).await;

    assert_eq!(world.figures_asked(&id).await.len(), 2, "one for publishing, one for the slot");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_one_chain_of_its_tenant() {
    let world =
        World::with(WorldOptions { template: ONE_SLOT.to_vec(), ..WorldOptions::default() }).await;
    synced(&world).await;

    fire(&world).await;

    let chain = world.get("/dev/chains/schedule-statistics.20261121T094500Z").await.expect(200);
    for row in
        ["schedule-statistics ", "sync-statistics", "attempt 1/5  done", "└ statistics.synced"]
    {
        assert!(chain.body.as_str().unwrap().contains(row), "{row} is missing in {}", chain.body);
    }
    world.stop().await;
}
