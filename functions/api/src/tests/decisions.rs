//! Decisions about dead letters do what they were told to, and no more.

use jiff::Timestamp;
use postroom::port::{DeadLetter, DeadLetters, LetterStatus};
use serde_json::{Value, json};

use super::ops::{order, parked};
use super::world::World;

const BULK: &str = "/ops/dead-letters/redrive";

/// Another open letter, unlike the first in all that a filter asks for; answers both.
async fn two_unlike(world: &World) -> [DeadLetter; 2] {
    parked(world).await;
    let first = world.memory.dead_letters().remove(0);
    let mut other = first.clone();
    let id = "00000000-0000-5000-8000-0000000000ff";
    (other.id, other.queue) = (format!("sync-campaign#{id}"), "sync-campaign".to_owned());
    other.handler = Some("sync-campaign".to_owned());
    other.fingerprint = "5e1f0000-0000-5000-8000-000000000002".parse().unwrap();
    other.last_failed_at = "2026-11-21T09:35:00Z".parse::<Timestamp>().unwrap();
    other.body = other.body.replace("campaign.published", "campaign.paused");
    let envelope = other.envelope.as_mut().unwrap();
    (envelope.r#type, envelope.id) = ("campaign.paused".to_owned(), id.parse().unwrap());
    other.body = other.body.replace(&first.envelope.as_ref().unwrap().id.to_string(), id);
    world.memory.park(&other).await.unwrap();
    [first, other]
}

#[tokio::test]
async fn a_bulk_takes_only_what_its_filter_names() {
    let world = World::new();
    let [first, other] = two_unlike(&world).await;
    let at = "2026-11-21T09:33:00Z";
    let fingerprint = first.fingerprint.to_string();

    for (filter, expected) in [
        (json!({}), vec![&other.id, &first.id]),
        (json!({"queue": "sync-statistics"}), vec![&first.id]),
        (json!({"handler": "sync-campaign"}), vec![&other.id]),
        (json!({"type": "campaign.paused"}), vec![&other.id]),
        (json!({"fingerprint": fingerprint}), vec![&first.id]),
        (json!({"from": at}), vec![&other.id]),
        (json!({"before": at}), vec![&first.id]),
        (json!({"from": at, "handler": "sync-statistics"}), vec![]),
    ] {
        let mut rehearsal = filter.clone();
        rehearsal["dry_run"] = json!(true);
        let query: Vec<_> = filter.as_object().unwrap().iter().map(as_query).collect();

        let bulk = world.send(order(BULK, &rehearsal)).await.body;
        let list = world.get(&format!("/ops/dead-letters?{}", query.join("&"))).await.body;

        assert_eq!(bulk, json!({"redriven": expected, "refused": [], "next": null}), "{filter}");
        let listed = list["items"].as_array().unwrap().iter().map(|letter| &letter["id"]);
        assert_eq!(listed.collect::<Vec<_>>(), expected, "{filter}");
    }
}

fn as_query((name, value): (&String, &Value)) -> String {
    format!("{name}={}", value.as_str().unwrap())
}

#[tokio::test]
async fn what_is_misspelt_is_refused_and_not_taken_for_nothing() {
    let world = World::new();
    let letter = format!("/ops/dead-letters/{}", parked(&world).await);
    let written = world.written();

    for (path, body, field) in [
        (BULK.to_owned(), json!({"handlr": "x"}), "/handlr"),
        (BULK.to_owned(), json!({"dryRun": true}), "/dryRun"),
        (BULK.to_owned(), json!({"filter": {"handler": "x"}}), "/filter"),
        (format!("{letter}/redrive"), json!({"dry-run": true}), "/dry-run"),
        (format!("{letter}/edit"), json!({"message": {}, "dry": true}), "/dry"),
        (format!("{letter}/discard"), json!({"reason": "why", "dryrun": true}), "/dryrun"),
    ] {
        let refused = world.send(order(&path, &body)).await;
        refused.is_problem(422, "invalid-input");
        assert_eq!(refused.body["errors"][0]["path"], field, "{}", refused.body);
    }
    for path in [
        "/ops/dead-letters?handlr=x",
        "/ops/dead-letters/groups?form=x",
        "/ops/dead-letters/groups?limit=1",
        "/ops/dead-letters/groups?cursor=x",
        "/ops/dead-letters?handler=x&handler=y",
        "/ops/chains/c?tennant=x",
        "/ops/chains/c?tenant=x&tenant=y",
    ] {
        world.get(path).await.is_problem(400, "malformed-query");
    }
    assert_eq!(world.written(), written);
    assert_eq!(world.memory.dead_letters()[0].status, LetterStatus::Open);
}

#[tokio::test]
async fn a_dry_run_of_one_answers_what_would_be_done_and_decides_nothing() {
    let world = World::new();
    let id = parked(&world).await;
    let letter = world.memory.dead_letters().remove(0);
    let message: Value = serde_json::from_str(&letter.body).unwrap();
    let orders = [
        ("redrive", json!({"dry_run": true})),
        ("edit", json!({"dry_run": true, "message": message})),
        ("discard", json!({"dry_run": true, "reason": "a test"})),
    ];
    let (written, sent) = (world.written(), world.queue.sent("sync-statistics").len());

    let mut answers = Vec::new();
    for (decision, body) in &orders {
        let path = format!("/ops/dead-letters/{id}/{decision}");
        let dry = order(&path, body).header("idempotency-key", "rehearsed");
        answers.push(world.send(dry).await.body);
    }

    assert_eq!(answers[0]["message_id"], message["id"]);
    assert_ne!(answers[1]["message_id"], message["id"]);
    assert_eq!(answers[2]["reason"], "a test");
    assert_eq!((world.written(), world.queue.sent("sync-statistics").len()), (written, sent));
    assert_eq!(world.memory.dead_letters(), [letter]);
    let done = order(&format!("/ops/dead-letters/{id}/redrive"), &json!({}));
    let done = world.send(done.header("idempotency-key", "rehearsed")).await;
    assert_eq!(done.body, answers[0]);
    for (decision, body) in &orders {
        let path = format!("/ops/dead-letters/{id}/{decision}");
        world.send(order(&path, body)).await.is_problem(409, "dead-letter-not-open");
    }
}

#[tokio::test]
async fn what_may_have_been_done_long_ago_needs_again() {
    let world = World::new();
    let [_, other] = two_unlike(&world).await;
    let fingerprint = "5e1f0000-0000-5000-8000-000000000003";
    let letter = DeadLetter {
        id: "sync-campaign#00000000-0000-5000-8000-0000000000fe".to_owned(),
        fingerprint: fingerprint.parse().unwrap(),
        attempts: 0,
        last_failed_at: "2026-09-01T00:00:00Z".parse().unwrap(),
        ..other
    };
    world.memory.park(&letter).await.unwrap();
    let path = format!("/ops/dead-letters/{}/redrive", letter.id.replace('#', "~"));

    let one = world.send(order(&path, &json!({}))).await;
    let many = order(BULK, &json!({"fingerprint": fingerprint}));
    let many = world.send(many).await.body;
    let all_again = json!({"fingerprint": fingerprint, "again": true, "dry_run": true});
    let all_again = world.send(order(BULK, &all_again)).await.body;
    let again = world.send(order(&path, &json!({"again": true}))).await;

    one.is_problem(409, "dead-letter-forgotten");
    assert_eq!(many["refused"][0]["code"], "dead-letter-forgotten");
    assert_eq!((&many["redriven"], &all_again["redriven"]), (&json!([]), &json!([letter.id])));
    assert_eq!(again.body["redrives"], 1);
}
