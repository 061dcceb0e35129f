//! What every request and every reply passes: the correlation id, one log line, and the form of every error.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use postroom::{CorrelationId, InvalidId};
use tracing::field::Empty;
use tracing::{Instrument, error, info, info_span};

use crate::app::App;
use crate::chain::{CORRELATION_ID, correlation_id};
use crate::problem::Problem;

/// The largest body that is read.
const MAX_BODY_BYTES: u64 = 1024 * 1024;

/// Runs one request and finishes its reply: whatever happened, the caller gets a correlation id back.
pub(crate) async fn exchange(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let named = correlation_id(request.headers());
    let correlation_id = match &named {
        Ok(Some(named)) => named.clone(),
        Ok(None) | Err(_) => app.fresh_correlation_id(),
    };
    request.extensions_mut().insert(correlation_id.clone());
    let path = request.uri().path().to_owned();
    let span = info_span!("request", %correlation_id, %method, path, tenant_id = Empty);
    let reply = async {
        let started_at = app.runtime.ports().clock.now();
        let reply = match admit(&request, named.err()) {
            Ok(()) => run(request, next).await,
            Err(problem) => problem.into_response(),
        };
        let duration = app.runtime.ports().clock.now().duration_since(started_at);
        // A wider integer would be logged as text.
        let duration_ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let status = reply.status().as_u16();
        info!(status, duration_ms, "{method} {path} answered {status}");
        reply
    };
    let reply = reply.instrument(span).await;
    finish(reply, &correlation_id, &method)
}

/// Whether a route gets to see the request at all.
fn admit(request: &Request, bad_correlation_id: Option<InvalidId>) -> Result<(), Problem> {
    if let Some(invalid) = bad_correlation_id {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid-correlation-id");
        return Err(problem.detail(invalid.to_string()));
    }
    // Lambda delivers a body whole, so its length is known.
    if request.body().size_hint().lower() > MAX_BODY_BYTES {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large")
            .detail(format!("a body has at most {MAX_BODY_BYTES} bytes")));
    }
    Ok(())
}

/// Runs the route; a panic is its own request's failure, and the process lives on.
async fn run(request: Request, next: Next) -> Response {
    let reply = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    reply.unwrap_or_else(|panic| {
        error!(reason = panic_text(&*panic), "the route panicked");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal").into_response()
    })
}

/// Writes a problem's body, which names the correlation id, and the id's own header.
fn finish(reply: Response, correlation_id: &CorrelationId, method: &Method) -> Response {
    let (mut head, mut body) = reply.into_parts();
    if let Some(problem) = head.extensions.remove::<Problem>() {
        // The reply to HEAD has the header of the reply to GET, and no body.
        let written = problem.write(correlation_id, &mut head.headers);
        body = if method == Method::HEAD { body } else { written.into() };
    }
    if let Ok(value) = HeaderValue::from_str(correlation_id.as_str()) {
        head.headers.insert(CORRELATION_ID, value);
    }
    Response::from_parts(head, body)
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
