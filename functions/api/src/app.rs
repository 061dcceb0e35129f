//! The application: what every route shares, and the table of routes.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use postroom::{CorrelationId, Runtime};

use crate::caller::ClaimNames;
use crate::exchange::exchange;
use crate::problem::Problem;
use crate::routes;

/// What every route shares. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) runtime: Runtime,
    pub(crate) claims: Arc<ClaimNames>,
}

impl App {
    pub(crate) fn new(runtime: Runtime, claims: ClaimNames) -> Self {
        Self { runtime, claims: Arc::new(claims) }
    }

    /// The name of a chain that its caller did not name.
    #[expect(clippy::expect_used, reason = "a UUID is 36 characters of 0-9 a-f -")]
    pub(crate) fn fresh_correlation_id(&self) -> CorrelationId {
        self.runtime.ports().ids.fresh().to_string().parse().expect("a UUID is a correlation id")
    }
}

/// Every route, one file a slice, inside the one layer that all requests and all replies pass.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(routes::campaigns())
        .merge(routes::timeline())
        .merge(routes::statistics())
        .merge(routes::notifications())
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "path-not-found"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed")
        })
        .layer(from_fn_with_state(app.clone(), exchange))
        .with_state(app)
}
