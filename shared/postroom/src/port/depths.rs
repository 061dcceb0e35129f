//! How much is in the queues.

use crate::BoxFuture;
use crate::port::QueueError;

/// Counts what is in the queues of handlers.
pub trait Depths: Send + Sync {
    /// Every queue there is, by its name. Counts are approximate, as those of a distributed queue are.
    fn depths(&self) -> BoxFuture<'_, Result<Vec<QueueDepth>, QueueError>>;
}

/// Roughly how many messages a queue has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Its name, which is that of its handler.
    pub queue: String,
    /// May be taken, or will be when their delay is over.
    pub waiting: u64,
    /// Taken, and not deleted yet; or hidden until they are tried again.
    pub in_flight: u64,
    /// In its dead-letter queue, for the collector to take.
    pub dead: u64,
}
