//! The topic: events that are told to whoever is subscribed.

use crate::BoxFuture;
use crate::port::{OutboxRow, Posted};
use crate::verdict::{Classify, Verdict};

/// Publishes events. Who gets them is the deployment's to say: queues are subscribed, each with the types that it wants.
pub trait Topic: Send + Sync {
    /// Publishes one batch.
    ///
    /// Takes what the limits allow: at most `<dyn Topic>::BATCH` rows and `<dyn Topic>::BATCH_BYTES` of bodies. What is
    /// accepted reaches every queue that wants it, at least once and in no order.
    fn publish<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<Posted, TopicError>>;
}

impl dyn Topic {
    /// Rows of one batch.
    // <https://docs.aws.amazon.com/sns/latest/dg/sns-batch-api-actions.html>, read 2026-11-22.
    pub const BATCH: usize = 10;
    /// Bytes of all bodies of one batch: 256 KiB, less room for the attributes. Same source.
    pub const BATCH_BYTES: usize = 256 * 1024 - 16 * 1024;
}

/// Why a whole batch was, as far as known, not accepted. The rows stay in the outbox either way.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// Throttled, timed out, unreachable; perhaps accepted. Retryable.
    #[error("the topic cannot be reached now")]
    Unavailable {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No such topic, no right, a malformed request. Permanent until the deployment is mended.
    #[error("the topic refuses the request")]
    Refused {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Whoever sends was given no topic. Permanent until the deployment is mended.
    #[error("there is no topic here")]
    Unknown,
}

impl Classify for TopicError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Unavailable { .. } => Verdict::RETRY,
            Self::Refused { .. } | Self::Unknown => Verdict::Permanent,
        }
    }
}
