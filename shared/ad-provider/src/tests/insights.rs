//! Asking for insights, and what any answer to any call means.

use std::net::TcpListener;
use std::time::Duration;

use domain::ad_provider::{AdProvider, Insights, InsightsRequest, ProviderError};
use postroom::{Classify, Verdict};
use uuid::Uuid;

use super::server::{answer, provider, server};
use crate::HttpAdProvider;

async fn ask(provider: &HttpAdProvider) -> Result<Insights, ProviderError> {
    let request = InsightsRequest {
        campaign_id: Uuid::from_u128(7).into(),
        campaign_version: 2,
        idempotency_key: "sync-statistics#e1",
    };
    provider.insights(&request).await
}

async fn verdict_on(answer: String) -> Verdict {
    let (provider, asked) = server(answer);
    let verdict = ask(&provider).await.unwrap_err().verdict();
    asked.join().unwrap();
    verdict
}

fn after(seconds: u64) -> Verdict {
    Verdict::Retry { after: Duration::from_secs(seconds) }
}

#[tokio::test]
async fn figures_are_asked_for_under_the_key_of_the_run() {
    let body = r#"{"impressions": 12000, "clicks": 340, "spend_minor": 5120, "reach": 9}"#;
    let (provider, asked) = server(answer("200 OK", "", body));

    let insights = ask(&provider).await.unwrap();

    assert_eq!(insights, Insights { impressions: 12_000, clicks: 340, spend_minor: 5_120 });
    let asked = asked.join().unwrap().head;
    let id = Uuid::from_u128(7);
    assert!(asked.starts_with(&format!("GET /v1/campaigns/{id}/insights HTTP/1.1\r\n")));
    assert!(asked.contains("idempotency-key: sync-statistics#e1\r\n"));
    assert!(asked.contains("campaign-version: 2\r\n"));
}

#[tokio::test]
async fn a_campaign_the_provider_does_not_know_is_not_asked_for_again() {
    assert_eq!(verdict_on(answer("404 Not Found", "", "")).await, Verdict::Permanent);
    assert_eq!(verdict_on(answer("410 Gone", "", "")).await, Verdict::Permanent);
}

#[tokio::test]
async fn a_throttling_provider_names_the_wait() {
    let seconds = answer("429 Too Many Requests", "retry-after: 7\r\n", "");
    let date =
        answer("429 Too Many Requests", "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "");

    assert_eq!(verdict_on(seconds).await, after(7));
    assert_eq!(verdict_on(date).await, after(30));
    assert_eq!(verdict_on(answer("429 Too Many Requests", "", "")).await, Verdict::RETRY);
}

#[tokio::test]
async fn a_provider_in_trouble_is_asked_again() {
    assert_eq!(verdict_on(answer("500 Oops", "", "")).await, Verdict::RETRY);
    assert_eq!(verdict_on(answer("503 Busy", "retry-after: 2\r\n", "")).await, after(2));
    assert_eq!(verdict_on(answer("408 Request Timeout", "", "")).await, Verdict::RETRY);
}

#[tokio::test]
async fn a_refused_request_is_not_repeated_and_a_redirect_not_followed() {
    assert_eq!(verdict_on(answer("400 Bad Request", "", "")).await, Verdict::Permanent);
    assert_eq!(verdict_on(answer("401 Unauthorized", "", "")).await, Verdict::Permanent);
    let redirect = answer("302 Found", "location: /elsewhere\r\n", "");
    assert_eq!(verdict_on(redirect).await, Verdict::Permanent);
}

#[tokio::test]
async fn an_answer_of_another_shape_is_permanent() {
    for body in [
        "",
        "no JSON",
        r#"{"impressions": 1, "clicks": 1}"#,
        r#"{"impressions": -1, "clicks": 1, "spend_minor": 1}"#,
        r#"{"impressions": 1, "clicks": 1, "spend_minor": 1.5}"#,
    ] {
        assert_eq!(verdict_on(answer("200 OK", "", body)).await, Verdict::Permanent, "{body}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let body = " ".repeat(65 * 1024);

    assert_eq!(verdict_on(answer("200 OK", "", &body)).await, Verdict::Permanent);
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again() {
    let torn = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned();

    assert_eq!(verdict_on(torn).await, Verdict::RETRY);
}

#[tokio::test]
async fn nobody_listening_is_tried_again() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    let error = ask(&provider(&format!("http://{free}"))).await.unwrap_err();

    assert!(matches!(error, ProviderError::Unreachable { .. }));
    assert_eq!(error.verdict(), Verdict::RETRY);
}

#[tokio::test]
async fn a_silent_provider_is_left_in_time() {
    let (mut provider, _) = server(String::new());
    provider.call_time_out = Duration::from_millis(50);

    let error = ask(&provider).await.unwrap_err();

    assert!(matches!(error, ProviderError::Unreachable { .. }));
}
