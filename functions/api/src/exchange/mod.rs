//! What every request and every reply passes: the correlation id, the deadline, one log line, the form of every error.

mod deadline;

use std::panic::AssertUnwindSafe;

use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use postroom::{CorrelationId, InvalidId, between, milliseconds, panic_text};
use tracing::field::Empty;
use tracing::{Instrument, error, info, info_span};

use crate::app::App;
use crate::kind::Kind;
use crate::problem::Problem;
use crate::trace::{CORRELATION_ID, correlation_id};

use deadline::{TimedOut, time_left, within};

/// The largest body that is read.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

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
            Ok(()) => run(&app, request, next).await,
            Err(problem) => problem.into_response(),
        };
        let duration_ms = milliseconds(between(started_at, app.runtime.ports().clock.now()));
        let status = reply.status().as_u16();
        let is_our_fault = reply.status().is_server_error();
        info!(
            status,
            duration_ms,
            metric.processed = u64::from(!is_our_fault),
            metric.failed = u64::from(is_our_fault),
            metric.processing_time_ms = duration_ms,
            "{method} {path} answered {status}"
        );
        reply
    };
    let reply = reply.instrument(span).await;
    finish(reply, &correlation_id, &method)
}

/// Whether a route gets to see the request at all.
fn admit(request: &Request, bad_correlation_id: Option<InvalidId>) -> Result<(), Problem> {
    if let Some(invalid) = bad_correlation_id {
        let problem = Problem::new(Kind::INVALID_CORRELATION_ID);
        return Err(problem.detail(invalid.to_string()));
    }
    // Lambda delivers a body whole, so its length is known.
    if request.body().size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(Problem::new(Kind::BODY_TOO_LARGE)
            .detail(format!("a body has at most {MAX_BODY_BYTES} bytes")));
    }
    Ok(())
}

/// Runs the route, as long as there is time; a panic is its own request's failure, and the process lives on.
async fn run(app: &App, request: Request, next: Next) -> Response {
    let clock = &app.runtime.ports().clock;
    let left = time_left(&request, clock.now());
    let reply = AssertUnwindSafe(next.run(request)).catch_unwind();
    match within(left, clock.as_ref(), reply).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(panic)) => {
            error!(reason = panic_text(&*panic), "the route panicked");
            Problem::new(Kind::INTERNAL).into_response()
        }
        Err(TimedOut) => {
            error!("given up at the deadline");
            Problem::timed_out().into_response()
        }
    }
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
