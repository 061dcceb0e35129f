//! Webhooks: what the payment provider, Stripe, tells an agency, once it is known that it is Stripe who says so.
//!
//! Whoever signed a webhook decides whose it is: each agency has an endpoint of its own at its Stripe account, with secrets
//! that [`EndpointSecrets`] knows by tenant. Nothing that a body says can make it another tenant's.

mod signature;
mod endpoint_secrets;
mod authenticate;

pub use authenticate::{AuthenticateError, authenticate};
pub use endpoint_secrets::{EndpointSecrets, UnreadableSecrets};
pub use signature::{InvalidSignature, Signature};
