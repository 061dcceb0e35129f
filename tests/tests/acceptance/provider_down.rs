//! The ad provider is down for a while: no calls reach it but probes, no attempt is used up by that, and then all is done.
//! While it is well, it is called as often as it permits.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tests::{World, WorldOptions};
use tokio::time::{Instant, sleep};

/// Campaigns that find the provider down, and campaigns that come when that is known.
const FIRST: usize = 4;
const LATER: usize = 14;
/// Two calls each.
const CAMPAIGNS: usize = 15;
/// Calls a second.
const RATE: u8 = 5;
/// A process that has seen a failure believes what it knew of the breaker for a second.
const KNOWN: Duration = Duration::from_millis(1_500);
/// One ends the first opening, and perhaps another the second.
const PROBES: usize = 2;
/// Two or three openings, of ten seconds and of twice that.
const SETTLING: Duration = Duration::from_mins(2);

/// What is known of the provider.
async fn breaker(world: &World) -> Option<Value> {
    let inbox = world.table("inbox").await;
    inbox.into_iter().find(|item| item["key"]["S"] == "breaker#ad-provider")
}

async fn opened(world: &World) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while breaker(world).await.is_none() {
        assert!(Instant::now() < deadline, "the breaker does not open");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn published(world: &World, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(world.published().await);
    }
    ids
}

/// How often runs of the workers have failed, and how many there are.
async fn attempts(world: &World) -> (u64, usize) {
    let inbox = world.table("inbox").await;
    let runs = inbox.iter().filter(|run| {
        run["handler"]["S"].as_str().is_some_and(|handler| handler.starts_with("sync-"))
    });
    let attempts = |run: &Value| run["attempts"]["N"].as_str().and_then(|n| n.parse().ok());
    let attempts: Vec<u64> = runs.map(|run| attempts(run).unwrap_or(0)).collect();
    (attempts.iter().sum(), attempts.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_is_down_probes_alone_reach_it_no_attempts_are_used_up_and_then_all_is_done()
 {
    let world = World::start().await;
    world.provider_fault(json!({"campaign_id": "*", "status": 503, "times": 10_000})).await;
    let mut ids = published(&world, FIRST).await;
    opened(&world).await;
    sleep(KNOWN).await;
    let (before, _) = attempts(&world).await;
    let calls_before = world.provider_calls("").await.len();

    ids.extend(published(&world, LATER).await);
    for worker in ["sync-campaign", "sync-statistics"] {
        let held = |line: &Value| {
            line["message"].as_str().is_some_and(|text| text.contains("gate holds it"))
        };
        world.wrote(worker, held).await;
    }
    let calls_while_down = world.provider_calls("").await.len() - calls_before;
    let (while_down, claimed) = attempts(&world).await;
    world.provider_heals().await;
    world.settled(SETTLING).await;

    assert!(calls_while_down <= PROBES, "{calls_while_down} calls");
    assert!(claimed <= 2 * FIRST + PROBES, "{claimed} runs were begun");
    assert_eq!(while_down, before, "attempts were used up");
    let (_, runs) = attempts(&world).await;
    assert_eq!(runs, 2 * (FIRST + LATER));
    for id in &ids {
        world.get(&format!("/campaigns/{id}/statistics")).await.expect(200);
        assert_eq!(world.provider_state(id).await.body["status"], "published");
    }
    assert!(world.table("dead-letters").await.is_empty());
    assert_eq!(breaker(&world).await.unwrap()["breaker"]["S"], "closed");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_all_workers_together_keep_to_the_rate_that_the_deployment_names() {
    let parameters = vec![("ProviderCallsPerSecond", RATE.to_string())];
    let world = World::with(WorldOptions { parameters, ..WorldOptions::default() }).await;
    let mut drafts = Vec::new();
    for _ in 0..CAMPAIGNS {
        drafts.push(world.draft().await);
    }

    for id in &drafts {
        world.post(&format!("/campaigns/{id}/publish")).await.expect(200);
    }
    world.settled(SETTLING).await;

    let mut calls: Vec<Timestamp> = world
        .provider_calls("")
        .await
        .iter()
        .map(|call| call["at"].as_str().unwrap().parse().unwrap())
        .collect();
    calls.sort();
    let took = calls[calls.len() - 1].duration_since(calls[0]).as_secs_f64();
    assert_eq!(calls.len(), 2 * CAMPAIGNS, "none of them failed");
    // A slot may be used up to a second late, and the first call is at its time.
    let most = f64::from(RATE) * (took + 1.0) + 1.0;
    assert!(f64::from(u8::try_from(calls.len()).unwrap()) <= most, "in {took} s");
    world.stop().await;
}
