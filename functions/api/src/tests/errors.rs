//! Every error that is the caller's.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{Ask, PLAN, Reply, World};

const NOWHERE: &str = "/campaigns/019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";

fn input(change: impl FnOnce(&mut Value)) -> String {
    let mut input = json!({
        "name": "Summer sale",
        "channel": "facebook",
        "budget": { "amount_minor": 150_000, "currency": "NZD" },
    });
    change(&mut input);
    input.to_string()
}

async fn create(body: impl Into<String>) -> Reply {
    let world = World::new();
    let reply = world.send(Ask::new("POST", "/campaigns").body(body)).await;
    if reply.status != StatusCode::CREATED {
        assert_eq!(world.written(), (0, 0, 0));
    }
    reply
}

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
async fn a_body_that_is_no_json_is_400() {
    for body in ["", "{", "{\"name\": 5, ", "{} {}", "NaN"] {
        create(body).await.is_problem(400, "malformed-json");
    }
}

#[tokio::test]
async fn a_body_of_another_shape_is_422_and_names_the_field() {
    for (path, body) in [
        ("", "[]".to_owned()),
        ("", "null".to_owned()),
        ("/name", input(|input| input["name"] = json!(5))),
        ("/name", input(|input| drop(input.as_object_mut().unwrap().remove("name")))),
        ("/channel", input(|input| input["channel"] = json!("tv"))),
        ("/account_id", input(|input| input["account_id"] = json!("mine"))),
        ("/budget", input(|input| input["budget"] = json!(150_000))),
        ("/budget", input(|input| input["budget"] = json!([150_000, "NZD"]))),
        ("/budget/currency", input(|input| input["budget"]["currency"] = json!("nzd"))),
        ("/budget/amount_minor", input(|input| input["budget"]["amount_minor"] = json!(1.5))),
        ("/budget/amount_minor", input(|input| input["budget"]["amount_minor"] = json!("1"))),
        ("/budget/amount_minor", input(|input| input["budget"]["amount_minor"] = Value::Null)),
        ("/budget/amount_minor", input(|input| input["budget"]["amount_minor"] = json!(u64::MAX))),
        ("/budget/amount_minor", input(|input| input["budget"] = json!({ "currency": "NZD" }))),
    ] {
        let reply = create(body).await;

        reply.is_problem(422, "invalid-input");
        assert_eq!(reply.body["errors"][0]["path"], path, "{}", reply.body);
        assert!(reply.body["errors"][0]["message"].is_string());
    }
}

#[tokio::test]
async fn broken_rules_are_422_and_all_named() {
    let reply = create(input(|input| {
        input["name"] = json!("  ");
        input["budget"]["amount_minor"] = json!(0);
    }))
    .await;

    reply.is_problem(422, "invalid-input");
    assert_eq!(reply.body["errors"][0]["path"], "/budget/amount_minor");
    assert_eq!(reply.body["errors"][1]["path"], "/name");
}

#[tokio::test]
async fn a_body_over_1_mib_is_413() {
    let padded = |bytes: usize| {
        let input = input(|_| ());
        format!("{input}{}", " ".repeat(bytes - input.len()))
    };

    assert_eq!(create(padded(1024 * 1024)).await.status, StatusCode::CREATED);
    create(padded(1024 * 1024 + 1)).await.is_problem(413, "body-too-large");
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
    for limit in ["0", "101", "-1", "x", "", "1.5"] {
        world.get(&format!("/campaigns?limit={limit}")).await.is_problem(400, "invalid-limit");
    }
    assert_eq!(world.get("/campaigns?limit=100").await.status, StatusCode::OK);
    world.get("/campaigns?limit=1&limit=2").await.is_problem(400, "malformed-query");
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
