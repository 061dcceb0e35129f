//! The ad provider is down for a while: few calls reach it, no attempt is used up by that, and then all is done.

use std::time::Duration;

use serde_json::{Value, json};
use tests::World;
use tokio::time::{Instant, sleep};

/// Campaigns that find the provider down, and campaigns that come when that is known.
const FIRST: usize = 4;
const LATER: usize = 14;
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
async fn while_the_provider_is_down_few_calls_reach_it_no_attempts_are_used_up_and_then_all_is_done()
 {
    let world = World::start().await;
    world.provider_fault(json!({"campaign_id": "*", "status": 503, "times": 10_000})).await;
    let mut ids = published(&world, FIRST).await;
    opened(&world).await;
    let (before, _) = attempts(&world).await;

    ids.extend(published(&world, LATER).await);
    for worker in ["sync-campaign", "sync-statistics"] {
        let held = |line: &Value| {
            line["message"].as_str().is_some_and(|text| text.contains("gate holds it"))
        };
        world.wrote(worker, held).await;
    }
    let calls_while_down = world.provider_calls("").await.len();
    let (while_down, _) = attempts(&world).await;
    world.provider_heals().await;
    world.settled(SETTLING).await;

    // Two queues; without the breaker each of the messages would have been tried, and tried again.
    assert!(calls_while_down < 2 * LATER, "{calls_while_down} calls");
    let used_up = while_down - before;
    assert!(used_up < LATER as u64, "{used_up} attempts");
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
