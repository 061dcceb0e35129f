//! What can go wrong when a store is asked something.

use crate::verdict::{Classify, Verdict};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a store did not answer. Says nothing about a commit: that has its own error.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, timed out, unreachable. Retryable.
    #[error("the store cannot be reached now: {operation}")]
    Unavailable {
        operation: &'static str,
        #[source]
        source: Source,
    },
    /// The request itself is refused: a missing table or right, a malformed request. Permanent.
    #[error("the store refuses the request: {operation}")]
    Refused {
        operation: &'static str,
        #[source]
        source: Source,
    },
    /// An item is not of the stored format. Permanent.
    #[error("a stored item cannot be read: {operation}: {reason}")]
    Corrupt { operation: &'static str, reason: String },
}

impl Classify for StoreError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Unavailable { .. } => Verdict::RETRY,
            Self::Refused { .. } | Self::Corrupt { .. } => Verdict::Permanent,
        }
    }
}
