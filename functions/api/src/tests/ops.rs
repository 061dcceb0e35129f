//! Operations: who may, what is shown, and what a decision does.

use std::time::Duration;

use axum::http::StatusCode;
use jiff::Timestamp;
use postroom::RawEnvelope;
use postroom::port::{DeadLetter, DeadLetters, FailureClass, LetterStatus};
use serde_json::{Value, json};

use super::world::{Ask, World};

/// A letter about a published campaign whose statistics could not be synced; its id, as a path spells it.
pub(super) async fn parked(world: &World) -> String {
    let id = world.create().await;
    world.post(&format!("/campaigns/{id}/publish")).await;
    let row = world.queue.sent("sync-statistics").pop().unwrap();
    let envelope = RawEnvelope::parse(&row.body).unwrap();
    let at: Timestamp = "2026-11-21T09:31:00Z".parse().unwrap();
    let letter = DeadLetter {
        id: format!("sync-statistics#{}", envelope.id),
        queue: "sync-statistics".to_owned(),
        handler: Some("sync-statistics".to_owned()),
        body: row.body,
        envelope: Some(envelope),
        causes: vec!["the run failed".to_owned(), "the provider is gone".to_owned()],
        fingerprint: "5e1f0000-0000-5000-8000-000000000001".parse().unwrap(),
        class: FailureClass::Permanent,
        attempts: 1,
        first_failed_at: at,
        last_failed_at: at,
        code_version: "1.2.3".to_owned(),
        status: LetterStatus::Open,
        redrives: 0,
        edited_as: None,
    };
    world.memory.park(&letter).await.unwrap();
    letter.id.replace('#', "~")
}

pub(super) fn order(path: &str, body: &Value) -> Ask {
    Ask::new("POST", path).body(body.to_string())
}

#[tokio::test]
async fn whoever_has_no_right_to_operate_is_told_so_on_every_route() {
    let world = World::new();
    let id = parked(&world).await;
    let letter = format!("/ops/dead-letters/{id}");
    let asks = || {
        [
            Ask::new("GET", "/ops/dead-letters"),
            Ask::new("GET", "/ops/dead-letters/groups"),
            Ask::new("GET", &letter),
            order("/ops/dead-letters/redrive", &json!({})),
            order(&format!("{letter}/redrive"), &json!({})),
            order(&format!("{letter}/edit"), &json!({"message": {}})),
            order(&format!("{letter}/discard"), &json!({"reason": "why not"})),
            Ask::new("GET", "/ops/chains/req-1"),
            Ask::new("GET", "/ops/queues"),
            Ask::new("GET", "/ops/projections"),
            Ask::new("GET", "/ops/projections/account-view"),
            Ask::new("POST", "/ops/projections/account-view/rebuild"),
            Ask::new("GET", "/ops/replays"),
            order("/ops/replays", &json!({"handler": "sync-statistics"})),
            Ask::new("GET", "/ops/replays/0192"),
            Ask::new("POST", "/ops/replays/0192/cancel"),
        ]
    };

    for rights in ["[]", "", "devops", "[billing devops]"] {
        for ask in asks() {
            let refused = world.send(ask.claim("cognito:groups", rights)).await;
            refused.is_problem(403, "forbidden");
        }
    }
    for ask in asks() {
        world.send(ask.anonymous()).await.is_problem(401, "unauthenticated");
    }
    assert_eq!(world.memory.dead_letters()[0].status, LetterStatus::Open);
}

#[tokio::test]
async fn open_letters_are_listed_and_counted_for_all_tenants() {
    let world = World::new();
    let id = parked(&world).await;

    let of = |path: &str| Ask::new("GET", path).claim("custom:tenant", "another");
    let list = world.send(of("/ops/dead-letters?handler=sync-statistics&limit=5")).await;
    let none = world.send(of("/ops/dead-letters?from=2026-11-21T09:32:00Z")).await;
    let groups = world.send(of("/ops/dead-letters/groups")).await;

    let [letter] = &list.body["items"].as_array().unwrap()[..] else { panic!("{}", list.body) };
    assert_eq!(letter["id"].as_str().unwrap().replace('#', "~"), id);
    assert_eq!(letter["reason"], "the run failed: the provider is gone");
    assert_eq!(letter["tenant_id"], "demo");
    assert_eq!(letter["status"], "open");
    assert_eq!(list.body["next_cursor"], Value::Null);
    assert_eq!(none.body["items"], json!([]));
    assert_eq!(groups.body["groups"][0]["letters"], 1);
    assert_eq!(groups.body["groups"][0]["fingerprint"], letter["fingerprint"]);
}

#[tokio::test]
async fn a_filter_that_names_nothing_there_is_is_400() {
    let world = World::new();

    for query in ["fingerprint=x", "from=yesterday", "before=1"] {
        let reply = world.get(&format!("/ops/dead-letters?{query}")).await;
        reply.is_problem(400, "invalid-filter");
    }
    world.get("/ops/dead-letters?cursor=x").await.is_problem(400, "unknown-cursor");
    let bulk = order("/ops/dead-letters/redrive", &json!({"from": "yesterday"}));
    world.send(bulk).await.is_problem(400, "invalid-filter");
}

#[tokio::test]
async fn a_letter_is_shown_with_its_body_and_what_was_decided_about_it() {
    let world = World::new();
    let id = parked(&world).await;
    let path = format!("/ops/dead-letters/{id}");
    let sent = world.queue.sent("sync-statistics").len();

    let redriven = world.send(order(&format!("{path}/redrive"), &json!({}))).await;
    let shown = world.get(&path).await;

    assert_eq!(redriven.status, StatusCode::OK, "{}", redriven.body);
    assert_eq!(redriven.body["redrives"], 1);
    assert_eq!(world.queue.sent("sync-statistics").len(), sent + 1);
    assert_eq!(shown.body["status"], "redriven");
    assert_eq!(shown.body["causes"], json!(["the run failed", "the provider is gone"]));
    assert!(shown.body["body"].as_str().unwrap().contains("campaign.published"));
    let action = &shown.body["actions"][0];
    assert_eq!(action["action"], "redrive-dead-letter");
    assert_eq!(action["correlation_id"], redriven.header("x-correlation-id"));
    assert!(action["actor_id"].is_string());
}

#[tokio::test]
async fn a_redrive_that_is_sent_again_under_its_key_is_one_redrive() {
    let world = World::new();
    let path = format!("/ops/dead-letters/{}/redrive", parked(&world).await);
    let redrive = || order(&path, &json!({})).header("idempotency-key", "redrive-1");

    let first = world.send(redrive()).await;
    let again = world.send(redrive()).await;
    let other = world.send(order(&path, &json!({}))).await;

    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotent-replayed"), "true");
    other.is_problem(409, "dead-letter-not-open");
}

#[tokio::test]
async fn an_edited_message_goes_in_the_place_of_the_letters() {
    let world = World::new();
    let id = parked(&world).await;
    let letter = world.memory.dead_letters().remove(0);
    let message: Value = serde_json::from_str(&letter.body).unwrap();
    let path = format!("/ops/dead-letters/{id}/edit");

    let nonsense = world.send(order(&path, &json!({"message": {}}))).await;
    let edited = world.send(order(&path, &json!({"message": message}))).await;

    nonsense.is_problem(422, "no-message");
    let sent = world.queue.sent("sync-statistics").pop().unwrap();
    let sent = RawEnvelope::parse(&sent.body).unwrap();
    assert_eq!(edited.body["message_id"], sent.id.to_string());
    assert_eq!(sent.causation_id.to_string(), message["id"]);
}

#[tokio::test]
async fn a_letter_is_discarded_for_a_reason() {
    let world = World::new();
    let path = format!("/ops/dead-letters/{}/discard", parked(&world).await);

    world.send(order(&path, &json!({"reason": ""}))).await.is_problem(422, "invalid-input");
    world.send(order(&path, &json!({}))).await.is_problem(422, "invalid-input");
    let discarded = world.send(order(&path, &json!({"reason": "a test"}))).await;

    assert_eq!(discarded.body["reason"], "a test");
    assert_eq!(world.memory.dead_letters()[0].status, LetterStatus::Discarded);
    let unknown = order("/ops/dead-letters/nobody~1/discard", &json!({"reason": "a test"}));
    world.send(unknown).await.is_problem(404, "dead-letter-not-found");
}

#[tokio::test]
async fn many_are_redriven_within_bounds_and_first_without_doing_it() {
    let world = World::new();
    let (_, _) = (parked(&world).await, parked(&world).await);
    let path = "/ops/dead-letters/redrive";

    let rehearsed = world.send(order(path, &json!({"dry_run": true, "limit": 1}))).await;
    let open = world.memory.dead_letters();
    let rest = json!({"limit": 1, "cursor": rehearsed.body["next"]});
    let redriven = world.send(order(path, &rest)).await;

    assert!(open.iter().all(|letter| letter.status == LetterStatus::Open));
    assert_eq!(rehearsed.body["redriven"].as_array().unwrap().len(), 1);
    assert_ne!(rehearsed.body["redriven"], redriven.body["redriven"]);
    assert_eq!(redriven.body["next"], Value::Null);
    for wrong in [json!({"limit": 0}), json!({"limit": 101}), json!({"per_minute": 0})] {
        world.send(order(path, &wrong)).await.is_problem(422, "invalid-input");
    }
}

#[tokio::test]
async fn a_chain_is_shown_as_a_tree_of_the_tenant_that_is_asked_for() {
    let world = World::new();
    let id = world.create().await;
    let publish = Ask::new("POST", &format!("/campaigns/{id}/publish"));
    world.send(publish.header("x-correlation-id", "the-launch")).await;

    let chain = world.get("/ops/chains/the-launch").await;

    assert_eq!(chain.status, StatusCode::OK);
    let root = &chain.body["roots"][0];
    assert_eq!((&root["kind"], &root["name"]), (&json!("command"), &json!("publish-campaign")));
    assert_eq!(root["children"][0]["name"], "campaign.published");
    assert!(chain.body["drawing"].as_str().unwrap().contains("└ campaign.published"));
    world.get("/ops/chains/the-launch?tenant=rival").await.is_problem(404, "chain-not-found");
    world.get("/ops/chains/the-launch?tenant=demo").await;
    world.get("/ops/chains/no!id").await.is_problem(404, "chain-not-found");
    world.get("/ops/chains/the-launch?tenant=").await.is_problem(400, "invalid-filter");
}

#[tokio::test]
async fn the_queues_are_seen_with_what_is_parked_and_what_is_not_sent() {
    let world = World::new();
    parked(&world).await;
    world.queue.fail_sends(100);
    let id = world.create().await;
    world.post(&format!("/campaigns/{id}/publish")).await;
    world.clock.advance(Duration::from_secs(30));

    let seen = world.get("/ops/queues").await;

    assert_eq!(seen.status, StatusCode::OK);
    let queue = |queue: &str, parked: u64| {
        json!({"queue": queue, "waiting": 1, "in_flight": 0, "dead": 0, "parked": parked,
            "outbox": 1, "outbox_oldest_s": 30})
    };
    let idle = |queue: &str| {
        json!({"queue": queue, "waiting": 0, "in_flight": 0, "dead": 0, "parked": 0,
            "outbox": 0, "outbox_oldest_s": 0})
    };
    let names = [
        "generate-reports",
        "import-contacts",
        "project-views",
        "run-trials",
        "send-notifications",
        "settle-payments",
    ];
    let [reports, imports, views, trials, mail, payments] = names.map(idle);
    let (syncs, statistics) = (queue("sync-campaign", 0), queue("sync-statistics", 1));
    let queues = [reports, imports, views, trials, mail, payments, syncs, statistics];
    assert_eq!(seen.body, json!({"queues": queues, "truncated": false}));
}
