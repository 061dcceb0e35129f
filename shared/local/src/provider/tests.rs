//! The provider as its callers see it: over HTTP on the loopback address.

use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::{Provider, ProviderError};
use crate::ses::Mailbox;

struct Harness {
    provider: Provider,
    http: Client,
}

impl Harness {
    async fn start() -> Self {
        let provider = Provider::start(0, Mailbox::default()).await.expect("started");
        let http = Client::builder().no_proxy().build().expect("client");
        Self { provider, http }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.provider.url())
    }

    async fn insights(&self, campaign: &str) -> Response {
        let url = self.url(&format!("/v1/campaigns/{campaign}/insights"));
        let request = self.http.get(url).header("Idempotency-Key", "sync-statistics#1");
        request.send().await.expect("answered")
    }

    async fn put(&self, key: &str, version: u64) -> Response {
        let put = self.http.put(self.url("/v1/campaigns/a")).header("Idempotency-Key", key);
        put.json(&campaign(version)).send().await.expect("answered")
    }

    async fn get(&self, path: &str) -> Response {
        self.http.get(self.url(path)).send().await.expect("answered")
    }

    async fn add_fault(&self, fault: Value) -> Response {
        self.http.post(self.url("/faults")).json(&fault).send().await.expect("answered")
    }
}

fn campaign(version: u64) -> Value {
    json!({
        "name": "Spring",
        "channel": "google",
        "status": "published",
        "budget": { "amount_minor": 150_000, "currency": "NZD" },
        "version": version,
    })
}

#[tokio::test]
async fn any_campaign_has_insights_and_always_the_same() {
    let harness = Harness::start().await;

    let first: Value = harness.insights("a").await.json().await.expect("JSON");
    let second: Value = harness.insights("a").await.json().await.expect("JSON");

    assert_eq!(first, second);
    assert!(["impressions", "clicks", "spend_minor"].iter().all(|name| first[name].is_u64()));
    harness.provider.stop().await;
}

#[tokio::test]
async fn a_put_is_answered_with_its_version_and_an_older_one_is_stale() {
    let harness = Harness::start().await;
    let never_put = harness.get("/v1/campaigns/a").await;

    let newer = harness.put("k-2", 2).await;
    let older = harness.put("k-1", 1).await;

    assert_eq!(never_put.status().as_u16(), 404);
    assert_eq!((newer.status().as_u16(), older.status().as_u16()), (200, 409));
    assert_eq!(newer.json::<Value>().await.expect("JSON"), json!({ "version": 2 }));
    assert_eq!(older.json::<Value>().await.expect("JSON"), json!({ "error": "stale" }));
    let shown: Value = harness.get("/v1/campaigns/a").await.json().await.expect("JSON");
    assert_eq!(shown, campaign(2));
}

#[tokio::test]
async fn a_key_that_comes_with_another_body_is_refused() {
    let harness = Harness::start().await;

    let mut statuses = Vec::new();
    for version in [1, 1, 2] {
        statuses.push(harness.put("k", version).await.status().as_u16());
    }

    assert_eq!(statuses, [200, 200, 422]);
}

#[tokio::test]
async fn a_body_that_is_no_campaign_is_refused_and_says_what_is_wrong() {
    let harness = Harness::start().await;
    let mut misspelt = campaign(1);
    misspelt["budget"] = json!({ "amount_minor": 1.5, "currency": "NZD" });

    let put = harness.http.put(harness.url("/v1/campaigns/a")).json(&misspelt);
    let refused = put.send().await.expect("answered");

    assert_eq!(refused.status().as_u16(), 400);
    assert!(refused.text().await.expect("text").contains("1.5"));
    assert_eq!(harness.get("/v1/campaigns/a").await.status().as_u16(), 404);
}

#[tokio::test]
async fn a_refused_put_is_not_done_and_its_key_is_free() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "campaign_id": "a", "status": 503 })).await;

    let refused = harness.put("k", 1).await;
    let shown = harness.get("/v1/campaigns/a").await;
    let again = harness.put("k", 1).await;

    let statuses = [refused, shown, again].map(|answer| answer.status().as_u16());
    assert_eq!(statuses, [503, 404, 200]);
}

#[tokio::test]
async fn a_put_whose_caller_gave_up_waiting_is_done() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "campaign_id": "a", "delay_ms": 60_000 })).await;

    let put = harness.http.put(harness.url("/v1/campaigns/a")).json(&campaign(1));
    let gave_up = put.timeout(Duration::from_millis(200)).send().await;

    assert!(gave_up.is_err_and(|error| error.is_timeout()));
    assert_eq!(harness.get("/v1/campaigns/a").await.status().as_u16(), 200);
}

#[tokio::test]
async fn a_put_whose_answer_is_garbled_is_done() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "campaign_id": "a", "garbled": true })).await;

    let put = harness.put("k", 1).await;

    assert_eq!(put.status().as_u16(), 200);
    assert!(put.json::<Value>().await.is_err_and(|error| error.is_decode()));
    assert_eq!(harness.get("/v1/campaigns/a").await.status().as_u16(), 200);
}

#[tokio::test]
async fn a_fault_refuses_as_often_as_asked_and_says_when_to_come_back() {
    let harness = Harness::start().await;
    let fault = json!({ "campaign_id": "a", "status": 503, "times": 2, "retry_after_s": 1 });
    harness.add_fault(fault).await;

    let first = harness.insights("a").await;
    let (second, third) = (harness.insights("a").await, harness.insights("a").await);

    assert_eq!(first.headers()["retry-after"], "1");
    assert_eq!([first, second, third].map(|answer| answer.status().as_u16()), [503, 503, 200]);
}

#[tokio::test]
async fn faults_can_be_taken_back() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "campaign_id": "*", "status": 500 })).await;

    harness.http.delete(harness.url("/faults")).send().await.expect("answered");

    assert_eq!(harness.insights("a").await.status().as_u16(), 200);
}

#[tokio::test]
async fn a_fault_that_is_not_understood_is_refused_with_the_field_named() {
    let harness = Harness::start().await;

    let refused = harness.add_fault(json!({ "campaign_id": "a", "status": 200 })).await;

    assert_eq!(refused.status().as_u16(), 400);
    assert_eq!(refused.json::<Value>().await.expect("JSON")["field"], "status");
}

#[tokio::test]
async fn calls_are_listed_with_their_key_and_the_status_they_got() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "campaign_id": "a", "status": 429 })).await;
    harness.insights("a").await;
    harness.put("k", 1).await;

    let calls: Value = harness.get("/calls").await.json().await.expect("JSON");

    assert_eq!(calls[0]["method"], "GET");
    assert_eq!(calls[0]["path"], "/v1/campaigns/a/insights");
    assert_eq!(calls[0]["idempotency_key"], "sync-statistics#1");
    assert_eq!(calls[0]["status"], 429);
    assert_eq!(calls[0].get("version"), None);
    assert_eq!((&calls[1]["method"], &calls[1]["version"]), (&json!("PUT"), &json!(1)));
    assert!(calls[0]["at"].as_str().is_some_and(|at| at.ends_with('Z')));
}

#[tokio::test]
async fn a_delayed_call_is_listed_even_when_its_caller_gave_up_waiting() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "campaign_id": "a", "delay_ms": 60_000 })).await;
    let url = harness.url("/v1/campaigns/a/insights");

    let gave_up = harness.http.get(url).timeout(Duration::from_millis(200)).send().await;

    let listed = harness.http.get(harness.url("/calls")).send().await.expect("answered");
    let calls: Value = listed.json().await.expect("JSON");
    assert!(gave_up.is_err_and(|error| error.is_timeout()));
    assert_eq!(calls[0]["status"], 200);
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_option_that_changes_it() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("port");
    let port = taken.local_addr().expect("address").port();

    let refused = Provider::start(port, Mailbox::default()).await.expect_err("taken");

    assert!(matches!(refused, ProviderError::PortTaken { option: "--provider-port", .. }));
}
