//! The Lambda Runtime API, and as much of the Extensions API as a graceful shutdown needs.
//!
//! `AWS_LAMBDA_RUNTIME_API` carries the environment's id as a path, so one server serves all:
//!
//! ```text
//! GET  /ENV/2018-06-01/runtime/invocation/next
//! POST /ENV/2018-06-01/runtime/invocation/ID/response
//! POST /ENV/2018-06-01/runtime/invocation/ID/error
//! POST /ENV/2018-06-01/runtime/init/error
//! POST /ENV/2020-01-01/extension/register
//! GET  /ENV/2020-01-01/extension/event/next
//! ```
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>, named from memory 2026-11-21.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Value, json};
use uuid::Uuid;

use super::FunctionError;
use super::host::PAYLOAD_BYTES;
use super::registry::{Registry, Slot};

const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
const DEADLINE_MS: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");
const FUNCTION_ARN: HeaderName = HeaderName::from_static("lambda-runtime-invoked-function-arn");
const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");
const EXTENSION_ID: HeaderName = HeaderName::from_static("lambda-extension-identifier");

pub(super) fn router(registry: Arc<Registry>) -> Router {
    Router::new()
        .route("/{environment}/2018-06-01/runtime/invocation/next", get(next))
        .route("/{environment}/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/{environment}/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/{environment}/2018-06-01/runtime/init/error", post(init_error))
        .route("/{environment}/2020-01-01/extension/register", post(register))
        .route("/{environment}/2020-01-01/extension/event/next", get(extension_next))
        .with_state(registry)
}

async fn next(
    State(registry): State<Arc<Registry>>,
    Path(environment): Path<String>,
) -> Result<Response, Refusal> {
    let slot = find(&registry, &environment)?;
    let delivery = slot.next().await.ok_or(Refusal::Closed)?;
    let headers = [
        (REQUEST_ID, delivery.request_id),
        (DEADLINE_MS, delivery.deadline_ms.to_string()),
        (FUNCTION_ARN, delivery.function_arn),
        (TRACE_ID, delivery.trace_id),
        (http::header::CONTENT_TYPE, "application/json".to_owned()),
    ];
    Ok((headers, delivery.payload).into_response())
}

async fn response(
    State(registry): State<Arc<Registry>>,
    Path((environment, id)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Refusal> {
    let slot = find(&registry, &environment)?;
    match read(body).await {
        Err(Refusal::TooLarge) => {
            let error = FunctionError {
                error_type: "Function.ResponseSizeTooLarge".to_owned(),
                error_message: format!("the response has more than {PAYLOAD_BYTES} bytes"),
            };
            slot.answer(&id, Err(error));
            Err(Refusal::TooLarge)
        }
        Err(refusal) => Err(refusal),
        Ok(payload) => accept(slot.answer(&id, Ok(payload))),
    }
}

async fn error(
    State(registry): State<Arc<Registry>>,
    Path((environment, id)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Refusal> {
    let slot = find(&registry, &environment)?;
    let error = FunctionError::from_report(&read(body).await?);
    accept(slot.answer(&id, Err(error)))
}

async fn init_error(
    State(registry): State<Arc<Registry>>,
    Path(environment): Path<String>,
    body: Body,
) -> Result<Response, Refusal> {
    let slot = find(&registry, &environment)?;
    slot.fail_init(FunctionError::from_report(&read(body).await?));
    accept(true)
}

async fn register(
    State(registry): State<Arc<Registry>>,
    Path(environment): Path<String>,
    body: Body,
) -> Result<Response, Refusal> {
    let slot = find(&registry, &environment)?;
    let request: Value = serde_json::from_slice(&read(body).await?).unwrap_or_default();
    let wants_invocations =
        request["events"].as_array().is_some_and(|events| events.contains(&json!("INVOKE")));
    if wants_invocations {
        return Err(Refusal::InvokeExtension);
    }
    slot.register_extension();
    let answer = json!({
        "functionName": slot.function,
        "functionVersion": "$LATEST",
        "handler": "bootstrap",
    });
    let id = Uuid::now_v7().to_string();
    Ok(([(EXTENSION_ID, id)], axum::Json(answer)).into_response())
}

/// Waits for the end: nothing but invocations, which are refused above, would come before it.
async fn extension_next(
    State(registry): State<Arc<Registry>>,
    Path(environment): Path<String>,
) -> Result<Response, Refusal> {
    find(&registry, &environment)?.closed().await;
    Err(Refusal::Closed)
}

fn find(registry: &Registry, environment: &str) -> Result<Arc<Slot>, Refusal> {
    registry.find(environment).ok_or(Refusal::Closed)
}

async fn read(body: Body) -> Result<Bytes, Refusal> {
    match Limited::new(body, PAYLOAD_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Err(_) => Err(Refusal::Unreadable),
    }
}

fn accept(expected: bool) -> Result<Response, Refusal> {
    if !expected {
        return Err(Refusal::UnknownRequest);
    }
    Ok((StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response())
}

/// Why the Runtime API does not do what a process asks.
#[derive(Debug)]
enum Refusal {
    /// The environment is closed: its process should have ended.
    Closed,
    /// The request was answered before, or was never given to this environment.
    UnknownRequest,
    TooLarge,
    Unreadable,
    InvokeExtension,
}

impl axum::response::IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, kind, message) = match self {
            Self::Closed => (StatusCode::GONE, "Closed", "the environment is closed"),
            Self::UnknownRequest => {
                (StatusCode::BAD_REQUEST, "InvalidRequestID", "no such request is in flight")
            }
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "the body is too large")
            }
            Self::Unreadable => {
                (StatusCode::BAD_REQUEST, "InvalidRequest", "the body could not be read")
            }
            Self::InvokeExtension => (
                StatusCode::FORBIDDEN,
                "Extension.InvalidEventType",
                "only extensions without the INVOKE event are supported here",
            ),
        };
        let body = json!({"errorType": kind, "errorMessage": message});
        (status, axum::Json(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Client;

    use super::super::registry::{Delivery, Registration};
    use super::*;
    use crate::server::{self, Server};

    /// A Runtime API with one open environment, and a process's way to it.
    struct Process {
        registration: Registration,
        server: Server,
        http: Client,
    }

    impl Process {
        async fn start() -> Self {
            let registry = Arc::new(Registry::default());
            let registration = registry.open("fn");
            let listener = server::bind(0).await.unwrap();
            let server = Server::start(listener, router(registry)).unwrap();
            Self { registration, server, http: Client::new() }
        }

        fn url(&self, path: &str) -> String {
            format!("{}/{}/{path}", self.server.url(), self.registration.id)
        }

        async fn next(&self) -> reqwest::Response {
            self.http.get(self.url("2018-06-01/runtime/invocation/next")).send().await.unwrap()
        }

        async fn post(&self, path: &str, body: &'static str) -> u16 {
            self.http.post(self.url(path)).body(body).send().await.unwrap().status().as_u16()
        }
    }

    fn delivery(request_id: &str) -> Delivery {
        Delivery {
            request_id: request_id.to_owned(),
            deadline_ms: 1_000,
            function_arn: "arn".to_owned(),
            trace_id: "Root=1".to_owned(),
            payload: Bytes::from_static(b"{}"),
        }
    }

    #[tokio::test]
    async fn an_event_is_answered_once_and_by_its_id_only() {
        let process = Process::start().await;
        let answered = process.registration.slot.send(delivery("r-1"));

        let event = process.next().await;
        let other = process.post("2018-06-01/runtime/invocation/r-2/response", "other").await;
        let first = process.post("2018-06-01/runtime/invocation/r-1/response", "first").await;
        let second = process.post("2018-06-01/runtime/invocation/r-1/response", "second").await;

        assert_eq!(event.headers()["lambda-runtime-aws-request-id"], "r-1");
        assert_eq!((other, first, second), (400, 202, 400));
        assert_eq!(answered.await.unwrap(), Ok(Bytes::from_static(b"first")));
    }

    #[tokio::test]
    async fn closing_an_environment_cancels_its_pending_next() {
        let Process { registration, server, http } = Process::start().await;
        let url = |path| format!("{}/{}/{path}", server.url(), registration.id);
        let (next, after) = (url("2018-06-01/runtime/invocation/next"), url("2020-01-01/any"));
        let slot = Arc::clone(&registration.slot);

        let pending = http.get(&next).send();
        let close = async {
            slot.started().await;
            drop(registration);
        };
        let (cancelled, ()) = tokio::join!(pending, close);

        assert_eq!(cancelled.unwrap().status(), StatusCode::GONE);
        assert_eq!(http.get(&next).send().await.unwrap().status(), StatusCode::GONE);
        assert_eq!(http.get(&after).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn an_extension_may_wait_for_shutdown_but_not_for_events() {
        let process = Process::start().await;
        let register = "2020-01-01/extension/register";

        let refused = process.post(register, r#"{"events": ["INVOKE", "SHUTDOWN"]}"#).await;
        assert!(!process.registration.slot.has_extension());
        let accepted = process.post(register, r#"{"events": ["SHUTDOWN"]}"#).await;

        assert_eq!((refused, accepted), (403, 200));
        assert!(process.registration.slot.has_extension());
    }

    #[tokio::test]
    async fn an_error_report_is_passed_on_readable_or_not() {
        let cases = [
            (r#"{"errorType": "T", "errorMessage": "m", "stackTrace": []}"#, "T: m"),
            ("{}", "Unknown: "),
            ("no json", "Unknown: no json"),
        ];

        for (report, expected) in cases {
            let process = Process::start().await;
            let answered = process.registration.slot.send(delivery("r"));
            process.next().await;

            process.post("2018-06-01/runtime/invocation/r/error", report).await;

            assert_eq!(answered.await.unwrap().unwrap_err().to_string(), expected);
        }
    }
}
