//! Every error that is the caller's, bodies aside.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{Ask, PLAN, World};

const NOWHERE: &str = "/campaigns/019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";

#[tokio::test]
async fn an_unknown_path_is_404() {
    let world = World::new();

    world.get("/nowhere").await.is_problem(404, "path-not-found");
    world.get("/campaigns/").await.is_problem(404, "path-not-found");
}

#[tokio::test]
async fn a_wrong_method_is_405_and_names_the_right_ones() {
    let world = World::new();

    let reply = world.send(Ask::new("DELETE", "/campaigns")).await;

    reply.is_problem(405, "method-not-allowed");
    assert!(reply.header("allow").contains("GET") && reply.header("allow").contains("POST"));
    let reply = world.get(&format!("{NOWHERE}/publish")).await;
    reply.is_problem(405, "method-not-allowed");
    assert_eq!(reply.header("allow"), "POST");
}

#[tokio::test]
async fn without_a_tenant_it_is_401() {
    let world = World::new();

    for ask in [
        Ask::fixture().anonymous(),
        Ask::fixture().claim("custom:tenant", ""),
        Ask::fixture().claim("custom:tenant", &"t".repeat(129)),
        Ask::new("GET", "/campaigns").anonymous(),
        Ask::new("GET", NOWHERE).anonymous(),
        Ask::new("POST", &format!("{NOWHERE}/publish")).anonymous(),
    ] {
        let reply = world.send(ask).await;

        reply.is_problem(401, "unauthenticated");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
    assert_eq!(world.written(), (0, 0, 0));
}

#[tokio::test]
async fn another_tenants_campaign_is_404_everywhere() {
    let world = World::new();
    let id = world.create().await;
    let before = world.written();

    for (method, path) in
        [("GET", ""), ("POST", "/publish"), ("GET", "/timeline"), ("GET", "/statistics")]
    {
        let ask =
            Ask::new(method, &format!("/campaigns/{id}{path}")).claim("custom:tenant", "other");

        world.send(ask).await.is_problem(404, "campaign-not-found");
    }
    assert_eq!(world.written(), before);
    let list = world.send(Ask::new("GET", "/campaigns").claim("custom:tenant", "other")).await;
    assert_eq!(list.body["items"], json!([]));
}

#[tokio::test]
async fn what_is_no_id_is_404() {
    let world = World::new();

    for id in ["1", "019aa4c27b107c3e8a415d0f6e2b9c11", "%FF", "a%2Fb"] {
        world.get(&format!("/campaigns/{id}")).await.is_problem(404, "campaign-not-found");
        world.get(&format!("/campaigns/{id}/timeline")).await.is_problem(404, "campaign-not-found");
        world.post(&format!("/campaigns/{id}/publish")).await.is_problem(404, "campaign-not-found");
    }
}

#[tokio::test]
async fn statistics_are_404_until_they_were_synced() {
    let world = World::new();
    let id = world.create().await;

    let reply = world.get(&format!("/campaigns/{id}/statistics")).await;

    reply.is_problem(404, "statistics-not-synced");
    world.get(&format!("{NOWHERE}/statistics")).await.is_problem(404, "campaign-not-found");
}

#[tokio::test]
async fn a_page_that_no_list_gave_out_is_400() {
    let world = World::new();
    let id = world.create().await;
    world.create().await;
    let cursor = world.get("/campaigns?limit=1").await.body["next_cursor"].clone();
    let cursor = cursor.as_str().unwrap();

    let timeline = format!("/campaigns/{id}/timeline");
    world.get(&format!("{timeline}?cursor={cursor}")).await.is_problem(400, "unknown-cursor");
    world.get("/campaigns?cursor=abc").await.is_problem(400, "unknown-cursor");
    world.get("/campaigns?cursor=").await.is_problem(400, "unknown-cursor");
    // `campaigns`, a line feed, and what is no campaign's id.
    world.get("/campaigns?cursor=Y2FtcGFpZ25zCnp6eg").await.is_problem(400, "unknown-cursor");
    for limit in ["0", "101", "-1", "x", "", "1.5"] {
        world.get(&format!("/campaigns?limit={limit}")).await.is_problem(400, "invalid-limit");
    }
    assert_eq!(world.get("/campaigns?limit=100").await.status, StatusCode::OK);
    world.get("/campaigns?limit=1&limit=2").await.is_problem(400, "malformed-query");
}

#[tokio::test]
async fn a_filter_that_names_nothing_there_is_is_400_and_names_the_parameter() {
    let world = World::new();

    for (parameter, query) in [
        ("status", "status=lost"),
        ("channel", "channel=tv"),
        ("status", "status="),
        ("channel", "status=draft&channel="),
    ] {
        let reply = world.get(&format!("/campaigns?{query}")).await;

        reply.is_problem(400, "invalid-filter");
        let detail = reply.body["detail"].as_str().unwrap();
        assert!(detail.starts_with(&format!("`{parameter}`: ")), "{detail}");
    }
    world.get("/campaigns?status=draft&status=paused").await.is_problem(400, "malformed-query");
}

#[tokio::test]
async fn a_step_from_the_wrong_state_is_409() {
    let world = World::new();
    let id = world.create().await;

    for (step, code) in [
        ("pause", "campaign-not-published"),
        ("resume", "campaign-not-paused"),
        ("complete", "campaign-not-live"),
    ] {
        world.post(&format!("/campaigns/{id}/{step}")).await.is_problem(409, code);
        world.post(&format!("{NOWHERE}/{step}")).await.is_problem(404, "campaign-not-found");
    }
}

#[tokio::test]
async fn a_correlation_id_that_is_none_is_400_and_another_is_made() {
    let world = World::new();

    for refused in ["", "a b", "ä", &"x".repeat(129)] {
        let reply = world.send(Ask::fixture().header("x-correlation-id", refused)).await;

        reply.is_problem(400, "invalid-correlation-id");
        assert_ne!(reply.header("x-correlation-id"), refused);
    }
    assert_eq!(world.written(), (0, 0, 0));
}

#[tokio::test]
async fn a_campaign_is_published_once() {
    let world = World::new();
    let id = world.create().await;
    world.post(&format!("/campaigns/{id}/publish")).await;
    let before = world.written();

    let reply = world.post(&format!("/campaigns/{id}/publish")).await;

    reply.is_problem(409, "campaign-not-draft");
    assert_eq!(reply.body["detail"], format!("campaign {id} is published, not draft"));
    assert_eq!(world.written(), before);
    assert_eq!(world.queue.sent("sync-statistics").len(), 1);
}

#[tokio::test]
async fn one_campaign_more_than_the_plan_allows_is_409_and_nothing_is_written() {
    let world = World::new();
    for _ in 0..PLAN {
        let id = world.create().await;
        let published = world.post(&format!("/campaigns/{id}/publish")).await;
        assert_eq!(published.status, StatusCode::OK);
    }
    let id = world.create().await;
    let before = world.written();

    let reply = world.post(&format!("/campaigns/{id}/publish")).await;

    reply.is_problem(409, "plan-limit-reached");
    assert_eq!(reply.body["title"], "Plan limit reached");
    assert!(reply.body["detail"].as_str().unwrap().contains("the plan allows 2"));
    assert_eq!(world.written(), before);
    assert_eq!(world.queue.sent("sync-statistics").len(), 2);
    let campaign = world.get(&format!("/campaigns/{id}")).await;
    assert_eq!(campaign.body["status"], "draft");
}

#[tokio::test]
async fn a_reply_to_head_has_no_body() {
    let world = World::new();

    let reply = world.send(Ask::new("HEAD", NOWHERE)).await;

    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert_eq!(reply.body, Value::Null);
}
