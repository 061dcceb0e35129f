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
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>, read 2026-11-21.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderName, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    FunctionError,
    host::PAYLOAD_BYTES,
    registry::{Registry, Slot},
};

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
