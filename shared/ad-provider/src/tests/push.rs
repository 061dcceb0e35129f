//! Telling the provider the state of a campaign.

use std::time::Duration;

use domain::ad_provider::{AdProvider, CampaignState, ProviderError, Pushed};
use domain::campaigns::Campaign;
use postroom::{Classify, Verdict};
use serde_json::{Value, json};

use super::server::{answer, server};
use crate::HttpAdProvider;

const ID: &str = "019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";

fn campaign() -> Campaign {
    serde_json::from_value(json!({
        "id": ID,
        "name": "Summer sale",
        "channel": "facebook",
        "budget": { "amount_minor": 150_000, "currency": "NZD" },
        "status": "paused",
        "created_at": "2026-11-21T09:30:00Z",
        "updated_at": "2026-11-21T09:31:00Z",
    }))
    .unwrap()
}

async fn push(provider: &HttpAdProvider) -> Result<Pushed, ProviderError> {
    let campaign = campaign();
    let idempotency_key = "sync-campaign#e1";
    provider.push(&CampaignState { campaign: &campaign, version: 3, idempotency_key }).await
}

async fn verdict_on(status: &str) -> Verdict {
    verdict_on_answer(answer(status, "", "")).await
}

async fn verdict_on_answer(answer: String) -> Verdict {
    let (provider, asked) = server(answer);
    let verdict = push(&provider).await.unwrap_err().verdict();
    asked.join().unwrap();
    verdict
}

#[tokio::test]
async fn the_state_is_put_with_its_version_under_the_key_of_the_run() {
    let (provider, asked) = server(answer("200 OK", "", r#"{"version": 3}"#));

    let pushed = push(&provider).await.unwrap();

    assert_eq!(pushed, Pushed::Taken);
    let asked = asked.join().unwrap();
    assert!(asked.head.starts_with(&format!("PUT /v1/campaigns/{ID} HTTP/1.1\r\n")));
    assert!(asked.head.contains("idempotency-key: sync-campaign#e1\r\n"));
    assert!(asked.head.contains("campaign-version: 3\r\n"));
    assert!(asked.head.contains("content-type: application/json\r\n"));
    assert_eq!(
        serde_json::from_str::<Value>(&asked.body).unwrap(),
        json!({
            "name": "Summer sale",
            "channel": "facebook",
            "status": "paused",
            "budget": { "amount_minor": 150_000, "currency": "NZD" },
            "version": 3,
        })
    );
}

#[tokio::test]
async fn a_provider_with_a_newer_version_has_overtaken_ours() {
    let (provider, asked) = server(answer("409 Conflict", "", r#"{"error": "stale"}"#));

    let pushed = push(&provider).await.unwrap();

    assert_eq!(pushed, Pushed::Overtaken);
    asked.join().unwrap();
}

#[tokio::test]
async fn a_conflict_that_says_nothing_of_a_newer_version_is_tried_again() {
    for body in ["", "no JSON", "{}", r#"{"error": "in progress"}"#, r#"{"error": 7}"#] {
        let verdict = verdict_on_answer(answer("409 Conflict", "", body)).await;

        assert_eq!(verdict, Verdict::RETRY, "{body}");
    }
    let torn = "HTTP/1.1 409 Conflict\r\ncontent-length: 100\r\n\r\n{".to_owned();
    assert_eq!(verdict_on_answer(torn).await, Verdict::RETRY);
    let busy = answer("409 Conflict", "retry-after: 3\r\n", r#"{"error": "in progress"}"#);
    let after = Duration::from_secs(3);
    assert_eq!(verdict_on_answer(busy).await, Verdict::Retry { after });
}

#[tokio::test]
async fn a_state_that_is_not_taken_fails_as_any_call_does() {
    assert_eq!(verdict_on("404 Not Found").await, Verdict::Permanent);
    assert_eq!(verdict_on("410 Gone").await, Verdict::Permanent);
    assert_eq!(verdict_on("422 Unprocessable Content").await, Verdict::Permanent);
    assert_eq!(verdict_on("429 Too Many Requests").await, Verdict::RETRY);
    assert_eq!(verdict_on("503 Busy").await, Verdict::RETRY);
}
