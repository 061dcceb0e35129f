//! What the client makes of every kind of answer, against a server that gives one and is gone.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use postroom::memory::ManualClock;
use postroom::{Classify, Verdict};
use uuid::Uuid;

use super::*;

/// Answers one request with exactly these bytes, then closes. The thread ends with what it was asked.
fn server(answer: String) -> (HttpAdProvider, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut buffer = [0; 1024];
        while !asked.ends_with(b"\r\n\r\n") {
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "the request ended early");
            asked.extend_from_slice(&buffer[..count]);
        }
        if answer.is_empty() {
            // Silence, for as long as the client bears it.
            let _ = stream.read(&mut buffer);
        }
        // The client may have hung up already.
        let _ = stream.write_all(answer.as_bytes());
        String::from_utf8(asked).unwrap()
    });
    (provider(&url), asked)
}

fn provider(url: &str) -> HttpAdProvider {
    let clock = ManualClock::at("1994-11-06T08:49:07Z".parse().unwrap());
    HttpAdProvider::new(url.parse().unwrap(), Arc::new(clock))
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

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
    let asked = asked.join().unwrap();
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
