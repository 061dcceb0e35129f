//! Who signed a webhook: the tenant whose endpoint's secret fits.

use jiff::Timestamp;
use postroom::port::SecretError;
use postroom::{Classify, SecretCache, TenantId, Verdict};

use crate::webhooks::{EndpointSecrets, Signature, UnreadableSecrets};

/// Why it is not known whose a webhook is. No secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// It was signed too long ago, or is not yet; a copy of one that was listened to, perhaps. Permanent.
    #[error("it was signed more than {} s before or behind our time", Signature::TOLERANCE.as_secs())]
    OutOfTime,
    /// No endpoint's secret fits. Permanent.
    #[error("the signature is that of none of our endpoints")]
    FitsNoSecret,
    /// The secrets could not be read; retryable as it says.
    #[error("the secrets of endpoints cannot be had")]
    Secrets {
        #[source]
        source: SecretError,
    },
    /// They were read, and are not what they should be. Permanent, until somebody mends them.
    #[error("the secrets of endpoints are of no use")]
    Unreadable {
        #[source]
        source: UnreadableSecrets,
    },
}

impl Classify for AuthenticateError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::OutOfTime | Self::FitsNoSecret | Self::Unreadable { .. } => Verdict::Permanent,
            Self::Secrets { source } => source.verdict(),
        }
    }
}

/// The tenant for whose endpoint a body was signed, as it was sent, byte for byte.
///
/// Where no secret fits they are read once more, unless that was a moment ago: one may have been added since.
///
/// # Errors
/// See [`AuthenticateError`].
pub async fn authenticate(
    secrets: &SecretCache,
    signature: &Signature,
    body: &[u8],
    now: Timestamp,
) -> Result<TenantId, AuthenticateError> {
    if !signature.is_of(now) {
        return Err(AuthenticateError::OutOfTime);
    }
    let failed = |source| AuthenticateError::Secrets { source };
    let held = EndpointSecrets::read(&*secrets.current().await.map_err(failed)?);
    let signer = held.as_ref().ok().and_then(|held| held.signer(signature, body));
    if let Some(tenant) = signer {
        return Ok(tenant.clone());
    }
    let latest = match secrets.renewed().await.map_err(failed)? {
        Some(renewed) => EndpointSecrets::read(&renewed),
        None => held,
    };
    let latest = latest.map_err(|source| AuthenticateError::Unreadable { source })?;
    latest.signer(signature, body).cloned().ok_or(AuthenticateError::FitsNoSecret)
}
