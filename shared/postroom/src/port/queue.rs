//! Queues: where queued reactions wait for their worker.

use crate::BoxFuture;
use crate::port::OutboxRow;
use crate::verdict::{Classify, Verdict};

/// Sends messages to the queue of a handler.
pub trait Queue: Send + Sync {
    /// Sends one batch, all rows for the same handler.
    ///
    /// Takes what the limits allow: at most `<dyn Queue>::BATCH` rows and `<dyn Queue>::BATCH_BYTES` of bodies. Rows of
    /// one group are given out one after the other, in the order in which they were accepted.
    fn send<'a>(
        &'a self,
        handler: &'a str,
        rows: &'a [OutboxRow],
    ) -> BoxFuture<'a, Result<Posted, QueueError>>;
}

impl dyn Queue {
    /// Rows of one batch.
    // The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
    pub const BATCH: usize = 10;
    /// Bytes of all bodies of one batch: 1 MiB, less room for the attributes. Same source.
    pub const BATCH_BYTES: usize = 1024 * 1024 - 16 * 1024;
}

/// What became of a batch that was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posted {
    /// Which rows the queue did not accept, by index, and why.
    pub refused: Vec<(usize, String)>,
}

/// Why a whole batch was, as far as known, not accepted. The rows stay in the outbox either way.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Throttled, timed out, unreachable; perhaps accepted. Retryable.
    #[error("the queue of {handler} cannot be reached now")]
    Unavailable {
        handler: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No such queue, no right, a malformed request. Permanent until the deployment is mended.
    #[error("the queue of {handler} refuses the request")]
    Refused {
        handler: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The deployment names no queue for the handler. Permanent until it does.
    #[error("there is no queue for {handler}")]
    Unknown { handler: String },
}

impl Classify for QueueError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Unavailable { .. } => Verdict::RETRY,
            Self::Refused { .. } | Self::Unknown { .. } => Verdict::Permanent,
        }
    }
}
