//! The provider's pages.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::header::{HeaderMap, RETRY_AFTER};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::calls::{Call, Calls};
use super::campaigns::{Campaign, Campaigns, Outcome};
use super::faults::{Effect, Fault, Faults};
use super::insights::Insights;
use crate::ses::Mailbox;

/// Campaigns and faults are a few hundred bytes.
const BODY_BYTES: usize = 64 * 1_024;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

#[derive(Debug, Default)]
struct Desk {
    campaigns: Campaigns,
    faults: Faults,
    calls: Calls,
}

/// What a call says of itself.
struct Asked<'a> {
    campaign: &'a str,
    method: Method,
    uri: &'a Uri,
    key: Option<&'a str>,
    /// Of the state it brings.
    version: Option<u64>,
}

/// A body that is cut off, as by a proxy that gave up in the middle.
const GARBLED: &str = r#"{"impressions": 12"#;

/// What the provider makes of one call: what it says, after how long.
struct Decision {
    status: StatusCode,
    body: Value,
    retry_after_s: Option<u64>,
    delay: Duration,
    garbled: bool,
}

pub(super) fn router(mailbox: Mailbox) -> Router {
    let mail = Router::new()
        .route("/mailbox", get(show_mailbox).delete(clear_mailbox))
        .with_state(mailbox);
    Router::new()
        .route("/v1/campaigns/{id}", get(show_campaign).put(put_campaign))
        .route("/v1/campaigns/{id}/insights", get(get_insights))
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/calls", get(list_calls))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(Arc::new(Desk::default()))
        .merge(mail)
}

#[derive(Debug, Deserialize)]
struct Wanted {
    to: Option<String>,
}

async fn show_mailbox(
    State(mailbox): State<Mailbox>,
    Query(wanted): Query<Wanted>,
) -> impl IntoResponse {
    Json(mailbox.list(wanted.to.as_deref()))
}

async fn clear_mailbox(State(mailbox): State<Mailbox>) -> StatusCode {
    mailbox.clear();
    StatusCode::NO_CONTENT
}

async fn put_campaign(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let campaign = serde_json::from_slice::<Campaign>(&body);
    let asked = Asked {
        campaign: &id,
        method: Method::PUT,
        uri: &uri,
        key: key_of(&headers),
        version: campaign.as_ref().ok().map(|campaign| campaign.version),
    };
    let usual = || match campaign {
        Ok(campaign) => desk.campaigns.put(&id, campaign, asked.key).into(),
        Err(error) => Decision::now(StatusCode::BAD_REQUEST, json!({ "error": error.to_string() })),
    };
    desk.answer(&asked, usual).await
}

async fn get_insights(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let asked = Asked {
        campaign: &id,
        method: Method::GET,
        uri: &uri,
        key: key_of(&headers),
        version: None,
    };
    desk.answer(&asked, || Decision::now(StatusCode::OK, json!(Insights::of(&id)))).await
}

/// For onlookers: no fault applies, and no call is noted.
async fn show_campaign(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    match desk.campaigns.get(&id) {
        Some(campaign) => Json(campaign).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
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
    /// Answers a call as usual, unless a fault has it otherwise: what a fault refuses is never done.
    async fn answer(&self, asked: &Asked<'_>, usual: impl FnOnce() -> Decision) -> Response {
        let decision = match self.faults.take(asked.campaign) {
            Some(effect) => Decision::under(effect, usual),
            None => usual(),
        };
        // Noted before the delay: a caller that gives up waiting has called all the same.
        self.calls.note(Call {
            method: asked.method.to_string(),
            path: asked.uri.path().to_owned(),
            idempotency_key: asked.key.map(str::to_owned),
            version: asked.version,
            status: decision.status.as_u16(),
            at: Timestamp::now(),
        });
        sleep(decision.delay).await;
        decision.into_response()
    }
}

impl Decision {
    fn now(status: StatusCode, body: Value) -> Self {
        Self { status, body, retry_after_s: None, delay: Duration::ZERO, garbled: false }
    }

    fn under(effect: Effect, usual: impl FnOnce() -> Self) -> Self {
        let decision = match effect.status {
            Some(status) => {
                Self::now(status, json!({ "error": "a fault was asked for, see /faults" }))
            }
            None => usual(),
        };
        let Effect { retry_after_s, delay, garbled, .. } = effect;
        Self { retry_after_s, delay, garbled, ..decision }
    }
}

impl From<Outcome> for Decision {
    fn from(outcome: Outcome) -> Self {
        let (status, body) = match outcome {
            Outcome::Taken { version } => (StatusCode::OK, json!({ "version": version })),
            Outcome::Stale => (StatusCode::CONFLICT, json!({ "error": "stale" })),
            Outcome::KeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": "key_reused" }))
            }
            Outcome::Full => (StatusCode::INSUFFICIENT_STORAGE, json!({ "error": "full" })),
        };
        Self::now(status, body)
    }
}

impl IntoResponse for Decision {
    fn into_response(self) -> Response {
        let mut response = if self.garbled {
            (self.status, GARBLED).into_response()
        } else {
            (self.status, Json(self.body)).into_response()
        };
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

fn key_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok())
}
