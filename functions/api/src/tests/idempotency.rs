//! Orders that are sent again under one `Idempotency-Key`.

use axum::http::StatusCode;

use super::world::{Ask, Reply, World};

const KEY: &str = "idempotency-key";
const REPLAYED: &str = "idempotent-replayed";

fn keyed(path: &str, key: &str) -> Ask {
    Ask::new("POST", path).header(KEY, key)
}

fn was_replayed(reply: &Reply) -> bool {
    reply.header(REPLAYED) == "true"
}

#[tokio::test]
async fn an_order_sent_again_is_answered_as_it_was_and_nothing_is_written() {
    let world = World::new();
    let first = world.send(Ask::fixture().header(KEY, "order-4711")).await;
    let written = world.written();

    let again = world.send(Ask::fixture().header(KEY, "order-4711")).await;

    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert!(!was_replayed(&first) && was_replayed(&again));
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(world.written(), written);
}

#[tokio::test]
async fn a_step_sent_again_is_done_once_and_not_refused() {
    let world = World::new();
    let id = world.create().await;
    let path = format!("/campaigns/{id}/publish");
    let first = world.send(keyed(&path, "k")).await;
    let written = world.written();

    let again = world.send(keyed(&path, "k")).await;

    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    assert!(was_replayed(&again));
    assert_eq!(world.written(), written);
    world.send(keyed(&path, "another")).await.is_problem(409, "campaign-not-draft");
}

#[tokio::test]
async fn the_answer_stays_the_one_it_was_whatever_happened_since() {
    let world = World::new();
    let id = world.create().await;
    let publish = format!("/campaigns/{id}/publish");
    world.send(keyed(&publish, "k")).await;
    world.post(&format!("/campaigns/{id}/pause")).await;

    let again = world.send(keyed(&publish, "k")).await;

    assert_eq!((again.status, again.body["status"].as_str()), (StatusCode::OK, Some("published")));
    assert_eq!(world.get(&format!("/campaigns/{id}")).await.body["status"], "paused");
}

#[tokio::test]
async fn a_key_used_for_another_body_is_422() {
    let world = World::new();
    world.send(Ask::fixture().header(KEY, "k")).await;
    let written = world.written();
    let other =
        r#"{"name":"Other","channel":"email","budget":{"amount_minor":1,"currency":"NZD"}}"#;

    let reply = world.send(keyed("/campaigns", "k").body(other)).await;

    reply.is_problem(422, "idempotency-key-reused");
    assert_eq!(world.written(), written);
}

#[tokio::test]
async fn a_key_used_for_another_path_is_422() {
    let world = World::new();
    let (one, two) = (world.create().await, world.create().await);
    world.send(keyed(&format!("/campaigns/{one}/publish"), "k")).await;
    let written = world.written();

    let reply = world.send(keyed(&format!("/campaigns/{two}/publish"), "k")).await;

    reply.is_problem(422, "idempotency-key-reused");
    let reply = world.send(keyed(&format!("/campaigns/{one}/pause"), "k")).await;
    reply.is_problem(422, "idempotency-key-reused");
    assert_eq!(world.written(), written);
}

#[tokio::test]
async fn what_was_refused_is_not_remembered() {
    let world = World::new();
    let id = world.create().await;
    let pause = format!("/campaigns/{id}/pause");
    world.send(keyed(&pause, "k")).await.is_problem(409, "campaign-not-published");
    world.post(&format!("/campaigns/{id}/publish")).await;

    let decided_anew = world.send(keyed(&pause, "k")).await;

    assert_eq!(decided_anew.status, StatusCode::OK);
    assert!(!was_replayed(&decided_anew));
}

#[tokio::test]
async fn two_tenants_with_one_key_do_not_meet() {
    let world = World::new();
    let ours = world.send(Ask::fixture().header(KEY, "k")).await;

    let theirs = world.send(Ask::fixture().header(KEY, "k").claim("custom:tenant", "other")).await;

    assert_eq!(theirs.status, StatusCode::CREATED);
    assert!(!was_replayed(&theirs));
    assert_ne!(theirs.body["id"], ours.body["id"]);
}

#[tokio::test]
async fn an_idempotency_key_that_is_none_is_400() {
    let world = World::new();

    for refused in ["", "a\tb", "ä", &"x".repeat(256)] {
        let reply = world.send(Ask::fixture().header(KEY, refused)).await;

        reply.is_problem(400, "invalid-idempotency-key");
    }
    assert_eq!(world.written(), (0, 0, 0));
    for taken in ["a key with spaces, and more", &"x".repeat(255)] {
        let reply = world.send(Ask::fixture().header(KEY, taken)).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{taken}");
    }
}

#[tokio::test]
async fn a_query_does_not_care_for_a_key() {
    let world = World::new();

    let reply = world.send(Ask::new("GET", "/campaigns").header(KEY, "")).await;

    assert_eq!(reply.status, StatusCode::OK);
    assert!(!was_replayed(&reply));
}
