//! A soak: many publishes while workers are killed and the ad provider fails, and then not one effect missing, doubled or
//! left behind.
//!
//! `SOAK_PUBLISHES` says how many, `SOAK_SEED` which accidents; it prints its seed at the start.
#![expect(clippy::unwrap_used, reason = "tests")]

mod accidents;
mod outcome;

use std::env;
use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use accidents::{Accidents, Seed};
use outcome::Outcome;
use reqwest::Method;
use tests::{World, WorldOptions, fixture};
use tokio::task::JoinSet;

/// The functions that are killed: what they do outside is done once.
const WORKERS: [&str; 2] = ["sync-campaign", "sync-statistics"];
/// Seconds, also beside other tests; `.ci/run soak` has 2,000.
const PUBLISHES: usize = 100;
/// Callers at the same time, each a tenant of its own: the publishes of one tenant race for its plan's counter.
const CALLERS: usize = 4;
/// What is left to do at the end may take this long: a few waits between attempts, and what a killed worker held.
const SETTLING: Duration = Duration::from_mins(3);
/// A worker may take 12 s instead of 30, so that what a dead one held comes back soon. In less than a second more
/// than its job needs it would not start any.
const SHORT: [(&str, &str); 2] =
    [("Timeout: 30", "Timeout: 12"), ("VisibilityTimeout: 180", "VisibilityTimeout: 14")];

#[tokio::test(flavor = "multi_thread")]
async fn every_publish_takes_effect_once_whoever_dies_and_fails() {
    let publishes = given("SOAK_PUBLISHES").unwrap_or(PUBLISHES);
    let seed = given("SOAK_SEED").unwrap_or_else(Seed::fresh);
    eprintln!("{publishes} publishes; SOAK_SEED={seed} brings the same accidents");
    let world = World::with(WorldOptions {
        parameters: vec![("PlanLiveCampaigns", publishes.to_string())],
        template: SHORT.to_vec(),
        ..WorldOptions::default()
    });
    let world = Arc::new(world.await);
    let began = Instant::now();

    let accidents = Arc::new(Accidents::new(seed));
    accidents.begin(&world).await;
    let ids = publish(&world, &accidents, publishes).await;
    let happened = accidents.happened();
    eprintln!("published after {:?}; {happened:?}", began.elapsed());
    world.settled(SETTLING).await;
    eprintln!("settled after {:?}", began.elapsed());

    let outcome = Outcome::read(&world).await;
    eprintln!("{} calls came again under their key", outcome.repeated_calls());
    outcome.check_effects(&ids);
    outcome.check_nothing_is_left();
    assert!(outcome.repeated_calls() >= 2, "no fault met any call: {happened:?}");
    assert!(happened.kills > 0, "nobody was killed: {happened:?}");
    Arc::into_inner(world).unwrap().stop().await;
}

/// Publishes this many campaigns, with accidents in between, and answers their ids.
async fn publish(world: &Arc<World>, accidents: &Arc<Accidents>, publishes: usize) -> Vec<String> {
    let left = Arc::new(AtomicUsize::new(publishes));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (world, accidents) = (Arc::clone(world), Arc::clone(accidents));
        let left = Arc::clone(&left);
        callers.spawn(async move {
            let take =
                || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
            let mut ids = Vec::new();
            while take().is_ok() {
                ids.push(publish_one(&world, &format!("tenant-{caller}")).await);
                accidents.follow(&world).await;
            }
            ids
        });
    }
    callers.join_all().await.into_iter().flatten().collect()
}

async fn publish_one(world: &World, tenant: &str) -> String {
    // A token for each: a long soak outlives one.
    let token = world.get(&format!("/dev/token?tenant={tenant}")).await.expect(200).text("/token");
    let post = |path: &str| world.request(Method::POST, path).bearer_auth(&token);
    let draft = post("/campaigns").json(&fixture("http/create_campaign.json"));
    let id = world.send(draft).await.expect(201).text("/id");
    world.send(post(&format!("/campaigns/{id}/publish"))).await.expect(200);
    id
}

/// A number from the environment.
fn given<T: FromStr<Err: Debug>>(name: &str) -> Option<T> {
    Some(env::var_os(name)?.to_string_lossy().parse().unwrap())
}
