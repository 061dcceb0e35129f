//! Every route, when all is well.

use std::time::Duration;

use axum::http::StatusCode;
use postroom::RawEnvelope;
use serde_json::{Value, json};

use super::world::{Ask, World};

#[tokio::test]
async fn a_created_campaign_is_answered_and_found_again() {
    let world = World::new();

    let created = world.send(Ask::fixture()).await;

    assert_eq!(created.status, StatusCode::CREATED);
    let id = created.body["id"].as_str().unwrap();
    assert_eq!(created.header("location"), format!("/campaigns/{id}"));
    assert_eq!(
        created.body,
        json!({
            "id": id,
            "name": "Summer sale",
            "channel": "facebook",
            "budget": { "amount_minor": 150_000, "currency": "NZD" },
            "status": "draft",
            "version": 1,
            "created_at": "2026-11-21T09:30:00Z",
            "updated_at": "2026-11-21T09:30:00Z",
        })
    );
    let found = world.get(&format!("/campaigns/{id}")).await;
    assert_eq!((found.status, found.body), (StatusCode::OK, created.body.clone()));
}

#[tokio::test]
async fn the_gateways_events_are_answered_as_they_stand() {
    let world = World::new();
    let id = world.create().await;

    let listed = world.send(Ask::list()).await;
    let published = world.send(Ask::publish()).await;

    assert_eq!((listed.status, &listed.body["items"][0]["id"]), (StatusCode::OK, &json!(id)));
    // Its campaign is of another time.
    published.is_problem(404, "campaign-not-found");
}

#[tokio::test]
async fn the_clients_fixture_is_what_the_gateways_event_carries() {
    let world = World::new();
    let body = include_str!("../../../../events/http/create_campaign.json");

    let created = world.send(Ask::new("POST", "/campaigns").body(body)).await;

    assert_eq!(created.status, StatusCode::CREATED);
    assert_eq!(created.body["name"], "Summer sale");
}

#[tokio::test]
async fn a_published_campaign_is_live_at_once_and_its_statistics_are_on_their_way() {
    let world = World::new();
    let id = world.create().await;

    let published = world.post(&format!("/campaigns/{id}/publish")).await;

    assert_eq!(published.status, StatusCode::OK);
    assert_eq!(published.body["status"], "published");
    assert_eq!(published.body["version"], 2);
    assert_eq!(published.body["published_at"], "2026-11-21T09:30:00Z");
    let sent = world.queue.sent("sync-statistics");
    let message = RawEnvelope::parse(&sent[0].body).unwrap();
    assert_eq!((sent.len(), message.data["campaign_id"].as_str()), (1, Some(id.as_str())));
}

#[tokio::test]
async fn a_campaign_is_paused_resumed_and_completed() {
    let world = World::new();
    let id = world.create().await;

    for (step, status, version) in [
        ("publish", "published", 2),
        ("pause", "paused", 3),
        ("resume", "published", 4),
        ("complete", "completed", 5),
    ] {
        let reply = world.post(&format!("/campaigns/{id}/{step}")).await;

        assert_eq!(reply.status, StatusCode::OK, "{step}: {}", reply.body);
        assert_eq!(
            (&reply.body["status"], &reply.body["version"]),
            (&json!(status), &json!(version))
        );
    }
}

#[tokio::test]
async fn a_list_holds_what_its_filters_name() {
    let world = World::new();
    let (draft, published) = (world.create().await, world.create().await);
    world.post(&format!("/campaigns/{published}/publish")).await;

    for (query, expected) in [
        ("", vec![&published, &draft]),
        ("?status=draft", vec![&draft]),
        ("?status=published&channel=facebook", vec![&published]),
        ("?channel=google", vec![]),
    ] {
        let list = world.get(&format!("/campaigns{query}")).await;

        assert_eq!(list.status, StatusCode::OK);
        let items = list.body["items"].as_array().unwrap().iter();
        let ids: Vec<_> = items.map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    }
}

#[tokio::test]
async fn the_timeline_tells_what_happened_the_newest_first() {
    let world = World::new();
    let id = world.create().await;
    world.clock.advance(Duration::from_mins(1));
    world.post(&format!("/campaigns/{id}/publish")).await;

    let timeline = world.get(&format!("/campaigns/{id}/timeline")).await;

    assert_eq!(timeline.status, StatusCode::OK);
    assert_eq!(timeline.body["next_cursor"], Value::Null);
    let items = timeline.body["items"].as_array().unwrap();
    let types: Vec<&Value> = items.iter().map(|item| &item["event_type"]).collect();
    assert_eq!(types, ["campaign.published", "campaign.created"]);
    assert_eq!(items[0]["actor_id"], "ann");
    assert_eq!(items[0]["correlation_id"], "req-2f6a");
    assert_eq!(items[0]["at"], "2026-11-21T09:31:00Z");
    assert!(items[0]["event_id"].is_string() && items[0]["text"].is_string());
    assert_eq!(items[0].as_object().unwrap().len(), 6);
}

#[tokio::test]
async fn the_team_is_told_of_what_was_published_the_newest_first() {
    let world = World::new();
    let mut published = Vec::new();
    for _ in 0..2 {
        let id = world.create().await;
        world.post(&format!("/campaigns/{id}/publish")).await;
        world.clock.advance(Duration::from_mins(1));
        published.insert(0, json!(id));
    }

    let told = world.get("/notifications").await;
    let first = world.get("/notifications?limit=1").await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = world.get(&format!("/notifications?limit=1&cursor={cursor}")).await;
    let elsewhere = world.get(&format!("/campaigns?cursor={cursor}")).await;

    let about = |page: &Value| -> Vec<Value> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["campaign_id"].clone()).collect()
    };
    assert_eq!((told.status, about(&told.body)), (StatusCode::OK, published.clone()));
    assert_eq!(told.body["items"][0]["text"], "Summer sale is live");
    assert_eq!([about(&first.body), about(&second.body)].concat(), published);
    assert_eq!(elsewhere.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn campaigns_are_listed_in_pages_without_gap_or_repetition() {
    let world = World::new();
    let mut created = Vec::new();
    for _ in 0..5 {
        created.push(world.create().await);
    }

    let mut listed = Vec::new();
    let mut path = "/campaigns?limit=2".to_owned();
    for _ in 0..3 {
        let page = world.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        let items = page.body["items"].as_array().unwrap().clone();
        assert!(items.len() <= 2);
        listed.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/campaigns?limit=2&cursor={cursor}");
    }

    created.sort();
    created.reverse();
    assert_eq!(listed, created);
}

#[tokio::test]
async fn a_new_tenant_has_an_empty_list() {
    let world = World::new();

    let page = world.get("/campaigns").await;

    assert_eq!(page.body, json!({ "items": [], "next_cursor": null }));
}

#[tokio::test]
async fn a_chain_keeps_the_name_and_the_trace_it_came_with() {
    let world = World::new();
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let ask =
        Ask::fixture().header("traceparent", traceparent).header("x-correlation-id", "A.b_9-");

    let reply = world.send(ask).await;

    assert_eq!(reply.header("x-correlation-id"), "A.b_9-");
    let envelope = world.memory.journal_records().remove(0).envelope;
    assert_eq!(envelope.correlation_id.as_str(), "A.b_9-");
    assert_eq!(envelope.traceparent.as_deref(), Some(traceparent));
    assert_eq!(envelope.tenant_id.as_str(), "demo");
    assert_eq!(envelope.actor_id.unwrap().as_str(), "ann");
}

#[tokio::test]
async fn a_chain_without_a_name_gets_one() {
    let world = World::new();

    let reply = world.send(Ask::fixture().without_header("x-correlation-id")).await;

    assert_eq!(reply.status, StatusCode::CREATED);
    let made = reply.header("x-correlation-id");
    assert_eq!(made.len(), 36);
    assert_eq!(world.memory.journal_records()[0].envelope.correlation_id.as_str(), made);
}
