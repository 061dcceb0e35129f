//! The provider's pages.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{HeaderMap, RETRY_AFTER};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::calls::{Call, Calls};
use super::faults::{Effect, Fault, Faults};
use super::insights::Insights;

/// Campaigns and faults are a few hundred bytes.
const BODY_BYTES: usize = 64 * 1_024;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

#[derive(Debug, Default)]
struct Desk {
    faults: Faults,
    calls: Calls,
}

/// What the provider makes of one call: what it says, after how long.
struct Decision {
    status: StatusCode,
    body: Value,
    retry_after_s: Option<u64>,
    delay: Duration,
}

pub(super) fn router() -> Router {
    Router::new()
        .route("/v1/campaigns/{id}", put(put_campaign))
        .route("/v1/campaigns/{id}/insights", get(get_insights))
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/calls", get(list_calls))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(Arc::new(Desk::default()))
}

async fn put_campaign(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let decision = if let Ok(mut campaign) = serde_json::from_slice::<Map<String, Value>>(&body) {
        campaign.insert("id".to_owned(), json!(id));
        Decision::now(StatusCode::OK, Value::Object(campaign))
    } else {
        let body = json!({ "error": "the body is not a JSON object" });
        Decision::now(StatusCode::BAD_REQUEST, body)
    };
    desk.answer(&id, &Method::PUT, &uri, &headers, decision).await
}

async fn get_insights(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let decision = Decision::now(StatusCode::OK, json!(Insights::of(&id)));
    desk.answer(&id, &Method::GET, &uri, &headers, decision).await
}

async fn add_fault(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    match Fault::read(&body).and_then(|fault| desk.faults.add(fault)) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            let body = json!({ "field": error.member, "message": error.to_string() });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}

async fn clear_faults(State(desk): State<Arc<Desk>>) -> StatusCode {
    desk.faults.clear();
    StatusCode::NO_CONTENT
}

async fn list_calls(State(desk): State<Arc<Desk>>) -> Json<Vec<Call>> {
    Json(desk.calls.all())
}

impl Desk {
    /// Answers a call, unless a fault has it otherwise.
    async fn answer(
        &self,
        campaign: &str,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        usual: Decision,
    ) -> Response {
        let decision = match self.faults.take(campaign) {
            Some(effect) => usual.under(effect),
            None => usual,
        };
        let key = headers.get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
        // Noted before the delay: a caller that gives up waiting has called all the same.
        self.calls.note(Call {
            method: method.to_string(),
            path: uri.path().to_owned(),
            idempotency_key: key.map(str::to_owned),
            status: decision.status.as_u16(),
            at: Timestamp::now(),
        });
        sleep(decision.delay).await;
        decision.into_response()
    }
}

impl Decision {
    fn now(status: StatusCode, body: Value) -> Self {
        Self { status, body, retry_after_s: None, delay: Duration::ZERO }
    }

    fn under(self, effect: Effect) -> Self {
        let (status, body) = match effect.status {
            Some(status) => (status, json!({ "error": "a fault was asked for, see /faults" })),
            None => (self.status, self.body),
        };
        Self { status, body, retry_after_s: effect.retry_after_s, delay: effect.delay }
    }
}

impl IntoResponse for Decision {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
