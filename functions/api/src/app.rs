//! The application: what every route shares, and the table of routes.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::middleware::from_fn_with_state;
use bytes::Bytes;
use postroom::port::{Downloads, Secrets, Uploads};
use postroom::{CorrelationId, Runtime, SecretCache};

use crate::caller::ClaimNames;
use crate::exchange::exchange;
use crate::kind::Kind;
use crate::operations::Operations;
use crate::problem::Problem;
use crate::routes;

/// What every route shares, by a pointer: the router makes a copy for each of its routes, and of each layer, at every start.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

/// What there is of it.
pub(crate) struct Shared {
    pub(crate) runtime: Runtime,
    pub(crate) operations: Operations,
    pub(crate) uploads: Arc<dyn Uploads>,
    pub(crate) downloads: Arc<dyn Downloads>,
    pub(crate) claims: ClaimNames,
    /// Who may send webhooks for whom.
    pub(crate) webhook_secrets: SecretCache,
    /// The OpenAPI document, once somebody has asked for it.
    pub(crate) document: OnceLock<Bytes>,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    pub(crate) fn new(
        runtime: Runtime,
        operations: Operations,
        permits: impl Uploads + Downloads + 'static,
        webhook_secrets: impl Secrets + 'static,
        claims: ClaimNames,
    ) -> Self {
        let permits = Arc::new(permits);
        let (uploads, downloads, document) = (permits.clone(), permits, OnceLock::new());
        let clock = Arc::clone(&runtime.ports().clock);
        let webhook_secrets = SecretCache::new(Arc::new(webhook_secrets), clock);
        Self(Arc::new(Shared {
            runtime,
            operations,
            uploads,
            downloads,
            claims,
            webhook_secrets,
            document,
        }))
    }

    /// The name of a chain that its caller did not name.
    #[expect(clippy::expect_used, reason = "a UUID is 36 characters of 0-9 a-f -")]
    pub(crate) fn fresh_correlation_id(&self) -> CorrelationId {
        self.runtime.ports().ids.fresh().to_string().parse().expect("a UUID is a correlation id")
    }
}

/// Every route, inside the one layer that all requests and all replies pass.
pub(crate) fn router(app: App) -> Router {
    let routes = routes::all().into_iter();
    routes
        .fold(Router::new(), |router, route| router.route(route.path, route.service))
        .fallback(async || Problem::new(Kind::PATH_NOT_FOUND))
        .method_not_allowed_fallback(async || Problem::new(Kind::METHOD_NOT_ALLOWED))
        .layer(from_fn_with_state(app.clone(), exchange))
        .with_state(app)
}
