//! The journal: every event, once, in its stream; audit trail, replay source and chain of causes.

use serde::{Deserialize, Serialize};

use crate::BoxFuture;
use crate::envelope::RawEnvelope;
use crate::id::{CorrelationId, TenantId};
use crate::port::{Page, StoreError};
use crate::stored::StreamId;

/// Reads what transactions appended.
pub trait Journal: Send + Sync {
    /// Events of one stream, after a version, in order; a page at a time.
    fn stream<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamId,
        after: u64,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>>;

    /// Events of one chain by time, a page at a time; may lag behind the last commits.
    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>>;
}

/// One event with what became of it in the request.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalRecord {
    /// The event.
    pub envelope: RawEnvelope,
    /// The command, listener or job that emitted it.
    pub by: String,
    /// The listeners that reacted in the request, in their order.
    pub in_request: Vec<InRequest>,
    /// The handlers it was queued for.
    pub queued: Vec<String>,
}

/// What one listener did in the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InRequest {
    /// The listener.
    pub handler: String,
    /// How many writes it staged.
    pub writes: u32,
    /// Why it did nothing, if it chose to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
}
