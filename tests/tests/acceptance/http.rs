//! The edges of HTTP: what no well-behaved client sends, what takes too long, and events of another kind.

use std::time::Duration;

use postroom::reason_of;
use reqwest::Method;
use serde_json::json;
use tests::{Reply, World, WorldOptions, fixture};
use tokio::time::Instant;

/// An API that may take 3 s instead of 10, so that a test need not wait for longer.
const SHORT: [(&str, &str); 1] = [("Timeout: 10\n", "Timeout: 3\n")];
const LIMIT: usize = 1024 * 1024;
const NOWHERE: &str = "/campaigns/019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";

/// Asserts that a reply is a whole problem of this status and code.
#[track_caller]
fn is_problem(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{:#}", reply.body);
    assert_eq!(reply.text("/type"), format!("/problems/{code}"));
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert_eq!(reply.text("/correlation_id"), reply.header("x-correlation-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_as_the_gateway_passes_it_on_and_nothing_is_written() {
    let world = World::start().await;
    let create = |kind: &str, body: Vec<u8>| {
        world.request(Method::POST, "/campaigns").header("content-type", kind).body(body)
    };
    let json = "application/json";
    let valid = fixture("http/create_campaign.json").to_string();
    let with = |old: &str, new: &str| {
        assert!(valid.contains(old), "{valid}");
        valid.replace(old, new).into_bytes()
    };
    let header = |name: &str, value: &str| create(json, valid.clone().into()).header(name, value);
    let get = |path: &str| world.request(Method::GET, path);
    let cases = [
        (create(json, b"{\"name\"".to_vec()), 400, "malformed-json"),
        (create(json, b"\xff\xfe".to_vec()), 400, "malformed-json"),
        (create(json, "[".repeat(10_000).into()), 400, "malformed-json"),
        (create(json, Vec::new()), 400, "malformed-json"),
        (create(json, b"null".to_vec()), 422, "invalid-input"),
        (create(json, with("150000", "1.5")), 422, "invalid-input"),
        (create(json, with("150000", "1e400")), 422, "invalid-input"),
        (create(json, vec![b' '; LIMIT + 1]), 413, "body-too-large"),
        (create("application/octet-stream", vec![0; LIMIT + 1]), 413, "body-too-large"),
        (create("text/plain", valid.clone().into()), 415, "unsupported-media-type"),
        (header("x-correlation-id", "a b"), 400, "invalid-correlation-id"),
        (header("idempotency-key", &"k".repeat(256)), 400, "invalid-idempotency-key"),
        (get("/campaigns?cursor=none"), 400, "unknown-cursor"),
        (get("/campaigns?limit=0"), 400, "invalid-limit"),
        (get("/campaigns?status=lost"), 400, "invalid-filter"),
        (get("/campaigns/none"), 404, "campaign-not-found"),
        (get(NOWHERE), 404, "campaign-not-found"),
        (get("/nowhere"), 404, "path-not-found"),
    ];
    let before = world.tables().await;

    for (request, status, code) in cases {
        is_problem(&world.send(request).await, status, code);
    }

    let reply = world.send(world.request(Method::DELETE, NOWHERE)).await;
    is_problem(&reply, 405, "method-not-allowed");
    assert_eq!(reply.header("allow"), "GET,HEAD");
    assert_eq!(world.tables().await, before);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_is_answered_504_before_the_invocation_ends() {
    let options = WorldOptions { template: SHORT.to_vec(), ..WorldOptions::default() };
    let world = World::with(options).await;
    let fault = json!({"service": "dynamodb", "action": "GetItem", "function": "api", "times": 1,
        "delay_ms": 20_000});
    world.aws_fault(fault).await;
    let asked = Instant::now();

    let reply = world.get(NOWHERE).await;

    is_problem(&reply, 504, "timed-out");
    assert_eq!(reply.header("retry-after"), "1");
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    is_problem(&world.get(NOWHERE).await, 404, "campaign-not-found");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_another_kind_is_an_error_that_says_what_is_wrong_with_it() {
    let world = World::start().await;
    let http = fixture("apigw/list_campaigns.json").to_string();
    let sqs = fixture("sqs/sync-statistics.json").to_string();
    let system = world.system();

    let api = system.invoke("api", sqs).await.unwrap_err();
    let workers = [
        system.invoke("sync-statistics", http.clone()).await.unwrap_err(),
        system.invoke("sync-campaign", http).await.unwrap_err(),
    ];

    assert!(reason_of(&api).contains("expects a JSON payload from Amazon API Gateway"));
    for worker in workers {
        let reason = reason_of(&worker);
        assert!(reason.contains("missing field `Records`"), "{reason}");
    }
    world.get("/campaigns").await.expect(200);
    world.stop().await;
}
