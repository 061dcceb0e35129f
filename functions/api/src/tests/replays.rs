//! Replays over HTTP: asking, trying, watching, calling off.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::ops::order;
use super::world::{Ask, World};

const PATH: &str = "/ops/replays";

/// Two campaigns that were published a second ago.
async fn published() -> World {
    let world = World::new();
    for _ in 0..2 {
        let id = world.create().await;
        world.post(&format!("/campaigns/{id}/publish")).await;
    }
    world.clock.advance(Duration::from_secs(1));
    world
}

#[tokio::test]
async fn a_replay_is_asked_for_watched_and_called_off() {
    let world = published().await;
    let order = order(PATH, &json!({"handler": "sync-statistics", "type": "campaign.*"}));

    let asked = world.send(order.header("idempotency-key", "replay-1")).await;
    let id = asked.body["id"].as_str().unwrap().to_owned();
    let one = world.get(&format!("{PATH}/{id}")).await;
    let list = world.get(PATH).await;
    let cancelled = world.post(&format!("{PATH}/{id}/cancel")).await;

    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
    assert_eq!(asked.header("location"), format!("{PATH}/{id}"));
    assert_eq!((&asked.body["state"], &asked.body["per_minute"]), (&json!("running"), &json!(600)));
    assert_eq!((&one.body, &list.body["items"]), (&asked.body, &json!([asked.body])));
    assert_eq!(cancelled.body["state"], "cancelled");
    world.post(&format!("{PATH}/{id}/cancel")).await.is_problem(409, "replay-not-running");
    world.get(&format!("{PATH}/nobody")).await.is_problem(404, "replay-not-found");
}

#[tokio::test]
async fn a_replay_that_is_asked_for_again_under_its_key_is_one_replay() {
    let world = published().await;
    let ask = || {
        let ask = order(PATH, &json!({"handler": "sync-statistics"}));
        ask.header("idempotency-key", "replay-1")
    };

    let first = world.send(ask()).await;
    let again = world.send(ask()).await;
    let other = world.send(order(PATH, &json!({"handler": "sync-statistics"}))).await;

    assert_eq!((&first.body, again.header("idempotent-replayed")), (&again.body, "true"));
    other.is_problem(409, "replay-running");
}

#[tokio::test]
async fn a_dry_run_counts_and_begins_nothing() {
    let world = published().await;
    let sent = world.queue.sent("sync-statistics").len();

    let told =
        world.send(order(PATH, &json!({"handler": "sync-statistics", "dry_run": true}))).await;

    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    assert_eq!(told.body["counts"]["matched"], 2);
    assert_eq!((&told.body["counts"]["sent"], &told.body["next"]), (&json!(2), &Value::Null));
    assert_eq!(world.get(PATH).await.body["items"], json!([]));
    assert_eq!(world.queue.sent("sync-statistics").len(), sent);
}

#[tokio::test]
async fn a_dry_run_goes_on_where_its_cursor_says() {
    let world = World::new();
    // More than one call reads.
    for _ in 0..510 {
        world.create().await;
    }
    world.clock.advance(Duration::from_secs(1));
    let input =
        |cursor: &Value| json!({"handler": "sync-campaign", "dry_run": true, "cursor": cursor});

    let first = world.send(order(PATH, &input(&Value::Null))).await;
    let rest = world.send(order(PATH, &input(&first.body["next"]))).await;

    let read = |reply: &Value| reply["counts"]["read"].as_u64().unwrap();
    assert_eq!((read(&first.body), read(&rest.body)), (500, 10));
    assert_eq!(rest.body["next"], Value::Null);
    world.send(order(PATH, &input(&json!("x")))).await.is_problem(400, "unknown-cursor");
}

#[tokio::test]
async fn what_could_never_be_sent_is_refused_by_name() {
    let world = published().await;

    for (input, code) in [
        (json!({"handler": "nobody"}), "replay-no-such-handler"),
        (json!({"handler": "project-views"}), "replay-of-read-models"),
        (json!({"handler": "sync-statistics", "type": "user.*"}), "replay-no-such-type"),
        (json!({"handler": "send-notifications", "again": true}), "replay-not-replayable"),
        (json!({"handler": "sync-statistics", "from": "2100-01-01T00:00:00Z"}), "replay-no-period"),
        (json!({"handler": "sync-statistics", "stream": "campaigns/1"}), "replay-stream-of-nobody"),
    ] {
        world.send(order(PATH, &input)).await.is_problem(422, code);
    }
    for (input, path) in [
        (json!({"handler": "sync-statistics", "per_minute": 0}), "/per_minute"),
        (json!({"handler": "sync-statistics", "per_minute": 6001}), "/per_minute"),
        (json!({"handler": "sync-statistics", "tenant": ""}), "/tenant"),
        (json!({"handler": "sync-statistics", "type": ""}), "/type"),
        (json!({"handler": "sync-statistics", "tenant": "demo", "stream": ""}), "/stream"),
        (json!({"handler": "sync-statistics", "cursor": "x"}), "/cursor"),
    ] {
        let refused = world.send(order(PATH, &input)).await;
        refused.is_problem(422, "invalid-input");
        assert!(refused.text.contains(path), "{}", refused.text);
    }
    for input in [json!({}), json!({"handler": "sync-statistics", "dryrun": true})] {
        world.send(order(PATH, &input)).await.is_problem(422, "invalid-input");
    }
    let nobody = Ask::new("POST", "/ops/replays/nobody/cancel");
    world.send(nobody).await.is_problem(404, "replay-not-found");
    assert_eq!(world.get(PATH).await.body["items"], json!([]));
}
