//! Events are sent once more over the real processes: what was done stays done, and what may be done again is.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, World};

const PATH: &str = "/ops/replays";
/// How long anything may take here, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(2);

async fn begins(world: &World, order: &Value) -> Reply {
    world.send(world.request(Method::POST, PATH).json(order)).await
}

/// The replay once it is over; the minutes pass as fast as the schedule is fired.
async fn over(world: &World, replay: &Reply) -> Value {
    let path = format!("{PATH}/{}", replay.text("/id"));
    let began = Instant::now();
    loop {
        // A run that dies is one that fails.
        let _ = world.system().fire("project-views").await;
        let replay = world.get(&path).await.expect(200).body;
        if replay["state"] != "running" {
            return replay;
        }
        assert!(began.elapsed() < PATIENCE, "{replay:#}");
    }
}

/// Begins a replay, and waits until what it has sent is worked off.
async fn replays(world: &World, order: &Value) -> Value {
    let replay = over(world, &begins(world, order).await.expect(202)).await;
    world.settled(PATIENCE).await;
    replay
}

/// How many deliveries of a replay a worker has had.
fn delivered(world: &World, worker: &str, replay: &Value) -> usize {
    let prefix = format!("[{worker}] ");
    let output = world.system().output();
    let lines = output.iter().filter_map(|line| line.strip_prefix(&prefix));
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_replay = lines.filter(|line| line["replay_id"] == replay["id"]);
    of_replay.map(|line| line["event.id"].to_string()).collect::<BTreeSet<_>>().len()
}

async fn signs_up(world: &World, name: &str) {
    let body = json!({ "email": format!("{name}@example.com"), "name": name });
    world.send(world.request(Method::POST, "/users").json(&body)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_not_sent_again_by_a_replay() {
    let world = World::start().await;
    signs_up(&world, "ann").await;
    world.settled(PATIENCE).await;
    let order = json!({ "handler": "send-notifications", "type": "user.*" });
    let mut dry = order.clone();
    dry["dry_run"] = json!(true);
    let mut again = order.clone();
    again["again"] = json!(true);

    let rehearsed = begins(&world, &dry).await.expect(200);
    let listed = world.get(PATH).await.expect(200);
    let replay = replays(&world, &order).await;

    assert_eq!(rehearsed.body["counts"]["sent"], 1, "{:#}", rehearsed.body);
    assert_eq!(listed.items(), Vec::<Value>::new());
    assert_eq!((&replay["state"], &replay["counts"]["sent"]), (&json!("completed"), &json!(1)));
    assert_eq!(delivered(&world, "send-notifications", &replay), 1);
    assert_eq!(world.mailbox("ann@example.com").await.len(), 1);
    begins(&world, &again).await.expect(422);
    assert_eq!(world.get("/ops/dead-letters").await.expect(200).items(), Vec::<Value>::new());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_so_is_done_once_more_where_that_is_asked_for_and_once() {
    let world = World::start().await;
    let id = world.published().await;
    world.settled(PATIENCE).await;
    let order = json!({ "handler": "sync-statistics", "type": "campaign.published",
        "tenant": "demo", "stream": format!("campaigns/{id}") });
    let mut again = order.clone();
    again["again"] = json!(true);

    replays(&world, &order).await;
    let asked_before = world.figures_asked(&id).await.len();
    let replay = replays(&world, &again).await;

    assert_eq!(asked_before, 1);
    assert_eq!(world.figures_asked(&id).await.len(), 2);
    assert_eq!(delivered(&world, "sync-statistics", &replay), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_whose_steps_die_goes_on_and_sends_each_event_once() {
    let world = World::start().await;
    for name in ["ann", "bob", "cas"] {
        signs_up(&world, name).await;
    }
    world.settled(PATIENCE).await;
    let order = json!({ "handler": "send-notifications" });
    let replay = begins(&world, &order).await.expect(202);
    for when in ["before", "after"] {
        let fault = json!({ "service": "dynamodb", "action": "TransactWriteItems",
            "function": "project-views", "times": 1, "kill_caller": when });
        world.aws_fault(fault).await;
    }

    let replay = over(&world, &replay).await;
    assert_eq!(world.aws_heals().await["kill_caller"], 2);
    world.settled(PATIENCE).await;

    assert_eq!((&replay["state"], &replay["counts"]["sent"]), (&json!("completed"), &json!(3)));
    assert_eq!(delivered(&world, "send-notifications", &replay), 3);
    for name in ["ann", "bob", "cas"] {
        assert_eq!(world.mailbox(&format!("{name}@example.com")).await.len(), 1);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_is_called_off_sends_no_more_than_a_minute_of_it() {
    let world = World::start().await;
    for name in ["ann", "bob", "cas"] {
        signs_up(&world, name).await;
    }
    world.settled(PATIENCE).await;
    let order = json!({ "handler": "send-notifications", "per_minute": 1 });

    let begun = begins(&world, &order).await.expect(202);
    world.system().fire("project-views").await.unwrap();
    let path = format!("{PATH}/{}", begun.text("/id"));
    let cancelled = world.post(&format!("{path}/cancel")).await.expect(200);
    world.system().fire("project-views").await.unwrap();
    let stood = world.get(&path).await.expect(200).body;

    assert_eq!(
        (&begun.body["state"], &cancelled.body["state"]),
        (&json!("running"), &json!("cancelled"))
    );
    assert_eq!((&stood["counts"]["sent"], &stood["state"]), (&json!(1), &json!("cancelled")));
    world.post(&format!("{path}/cancel")).await.expect(409);
    world.stop().await;
}
