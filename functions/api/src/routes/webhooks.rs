//! `/webhooks`: what the payment provider tells an agency. Its signature takes the place of a token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderValue, StatusCode};
use domain::webhooks::{
    AuthenticateError, InvalidSignature, ReceiveWebhook, Signature, StripeEvent, WebhookReceipt,
    authenticate,
};
use postroom::Origin;
use tracing::Span;

use crate::app::App;
use crate::body;
use crate::caller::origin_of;
use crate::kind::Kind;
use crate::order;
use crate::problem::Problem;
use crate::route::{Route, post};

const NO_SIGNATURE: Kind = Kind::new(StatusCode::BAD_REQUEST, "malformed-signature");
const OLD_SIGNATURE: Kind = Kind::new(StatusCode::BAD_REQUEST, "signature-out-of-time");
const OTHER_SIGNATURE: Kind = Kind::new(StatusCode::BAD_REQUEST, "wrong-signature");
/// Who acted, in what follows.
const STRIPE: &str = "stripe";

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/webhooks/stripe", stripe)
            .about("receiveStripeEvent", "Takes an event from Stripe, which has signed it.")
            .refuses(Kind::LOST_RACE),
    ]
}

/// An event that Stripe has signed for an endpoint of the tenant behind `origin`.
pub(crate) struct SignedEvent {
    origin: Origin,
    event: StripeEvent,
}

impl SignedEvent {
    /// How a signature is refused.
    pub(crate) const REFUSALS: [Kind; 3] = [NO_SIGNATURE, OLD_SIGNATURE, OTHER_SIGNATURE];
}

impl FromRequest<App> for SignedEvent {
    type Rejection = Problem;

    /// The body is not looked at before it is known who signed it, byte for byte as it came.
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let headers = parts.headers.get_all(Signature::HEADER);
        let signature = Signature::read(headers.iter().map(HeaderValue::as_bytes))?;
        let body: Bytes = order::read(body).await?;
        let now = app.runtime.ports().clock.now();
        let tenant = authenticate(&app.webhook_secrets, &signature, &body, now).await?;
        Span::current().record("tenant_id", tenant.as_str());
        let origin = origin_of(&parts, app, tenant, STRIPE.parse().ok());
        Ok(Self { origin, event: body::read(&parts.headers, &body)? })
    }
}

async fn stripe(
    State(app): State<App>,
    SignedEvent { origin, event }: SignedEvent,
) -> Result<Json<WebhookReceipt>, Problem> {
    let done = app.execute(&ReceiveWebhook::try_from(event)?, &origin).await?;
    Ok(Json(done.into_output()))
}

impl From<InvalidSignature> for Problem {
    fn from(error: InvalidSignature) -> Self {
        Self::new(NO_SIGNATURE).detail(error.to_string())
    }
}

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::OutOfTime => Self::new(OLD_SIGNATURE).detail(error.to_string()),
            AuthenticateError::FitsNoSecret => Self::new(OTHER_SIGNATURE).detail(error.to_string()),
            AuthenticateError::Secrets { .. } | AuthenticateError::Unreadable { .. } => {
                Self::failing(&error)
            }
        }
    }
}
