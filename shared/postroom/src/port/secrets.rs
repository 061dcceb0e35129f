//! Secrets: texts that are kept somewhere safe, and changed there while we run.

use crate::BoxFuture;
use crate::secret::SecretText;
use crate::verdict::{Classify, Verdict};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Reads one secret. [`SecretCache`](crate::SecretCache) asks it seldom.
pub trait Secrets: Send + Sync {
    /// The secret as it is now.
    ///
    /// # Errors
    /// See [`SecretError`]; nothing of the secret is in it.
    fn read(&self) -> BoxFuture<'_, Result<SecretText, SecretError>>;
}

/// Why a secret was not read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Throttled, timed out, unreachable. Retryable.
    #[error("the secret cannot be read now")]
    Unavailable {
        #[source]
        source: Source,
    },
    /// There is none, or we may not read it. Permanent.
    #[error("the secret is refused")]
    Refused {
        #[source]
        source: Source,
    },
    /// It is no text. Permanent.
    #[error("the secret is no text")]
    NoText,
}

impl Classify for SecretError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Unavailable { .. } => Verdict::RETRY,
            Self::Refused { .. } | Self::NoText => Verdict::Permanent,
        }
    }
}
