//! Webhooks: what the payment provider, Stripe, tells an agency, once it is known that it is Stripe who says so.
//!
//! Whoever signed a webhook decides whose it is: each agency has an endpoint of its own at its Stripe account, with secrets
//! that [`EndpointSecrets`] knows by tenant. Nothing that a body says can make it another tenant's.

mod signature;
mod endpoint_secrets;
mod authenticate;
mod provider_id;
mod webhook;
mod webhook_received;
mod receive_webhook;

pub use authenticate::{AuthenticateError, authenticate};
pub use endpoint_secrets::{EndpointSecrets, UnreadableSecrets};
pub use provider_id::{InvalidProviderId, ProviderId};
pub use receive_webhook::{
    ReceiptStatus, ReceiveWebhook, ReceiveWebhookError, StripeEvent, WebhookReceipt,
};
pub use signature::{InvalidSignature, Signature};
pub use webhook::{Webhook, WebhookEvent};
pub use webhook_received::{Provider, WebhookReceived};
