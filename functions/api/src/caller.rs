//! Who asks: read from the claims of the token, which the gateway has checked.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use postroom::{ActorId, CorrelationId, Origin, TenantId};
use postroom_aws::Env;
use tracing::Span;

use crate::app::App;
use crate::kind::Kind;
use crate::problem::Problem;
use crate::trace::traceparent;

/// Which claims say what; issuers name them differently.
#[derive(Debug)]
pub(crate) struct ClaimNames {
    /// Whose data.
    pub(crate) tenant: String,
    /// Who.
    pub(crate) subject: String,
    /// What they may do.
    pub(crate) scope: String,
}

impl ClaimNames {
    /// Their names in the environment: `TENANT_CLAIM` and so on.
    pub(crate) fn of_env(env: &mut Env) -> Self {
        Self {
            tenant: env.text("TENANT_CLAIM"),
            subject: env.text("SUBJECT_CLAIM"),
            scope: env.text("SCOPE_CLAIM"),
        }
    }
}

/// A caller of whom at least the tenant is known; without one the request ends here with 401.
pub(crate) struct Caller {
    /// What the caller's command would be: its id is fresh.
    pub(crate) origin: Origin,
}

impl Caller {
    /// Whose data the caller may see.
    pub(crate) fn tenant(&self) -> &TenantId {
        &self.origin.tenant_id
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let tenant_id: TenantId = claim(parts, &app.claims.tenant)
            .and_then(|tenant| tenant.parse().ok())
            .ok_or_else(|| {
                Problem::new(Kind::UNAUTHENTICATED)
                    .detail("the request carries no token that names a tenant")
            })?;
        Span::current().record("tenant_id", tenant_id.as_str());
        let actor_id: Option<ActorId> =
            claim(parts, &app.claims.subject).and_then(|subject| subject.parse().ok());
        Ok(Self { origin: origin_of(parts, app, tenant_id, actor_id) })
    }
}

/// What a command would be that somebody of this tenant gives: its id is fresh.
pub(crate) fn origin_of(
    parts: &Parts,
    app: &App,
    tenant_id: TenantId,
    actor_id: Option<ActorId>,
) -> Origin {
    let correlation_id = parts.extensions.get::<CorrelationId>().cloned();
    Origin {
        command_id: app.runtime.ports().ids.fresh().into(),
        tenant_id,
        actor_id,
        correlation_id: correlation_id.unwrap_or_else(|| app.fresh_correlation_id()),
        traceparent: traceparent(&parts.headers),
        idempotency: None,
    }
}

/// A claim of the token behind the request, if there is one.
pub(crate) fn claim<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let RequestContext::ApiGatewayV2(context) = parts.request_context_ref()? else { return None };
    let claims = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
    claims.get(name).map(String::as_str)
}
