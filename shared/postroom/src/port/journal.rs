//! The journal: every event, once, in its stream; audit trail, replay source and chain of causes.

use serde::{Deserialize, Serialize};

use crate::BoxFuture;
use crate::envelope::RawEnvelope;
use crate::id::{CorrelationId, TenantId};
use crate::port::{Page, StoreError};
use crate::stored::{StreamId, join};

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

    /// All events of all tenants in one part of the journal, a page at a time: for what is made from the beginning.
    ///
    /// Each event that was there when the first page was read comes once; of those that are appended meanwhile some do.
    /// Those of one stream are in one part, and come in the order of their versions, as far as the store keeps a stream
    /// together: where a version is missing, read the [`stream`](Self::stream). A page whose position is kept can be
    /// asked for again at any later time; it is JSON, of an event's stream key and its version: `["demo#orders/0192…",7]`. Pages
    /// may be empty before the last.
    fn all<'a>(
        &'a self,
        part: JournalPart,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>>;
}

/// One of several parts that together are the whole journal, so that it can be read by several at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalPart {
    /// Which, from 0.
    pub number: u16,
    /// Of how many: at least 1. Positions in a part are good for this number only.
    pub of: u16,
}

impl JournalPart {
    /// The whole journal.
    pub const WHOLE: Self = Self { number: 0, of: 1 };
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

impl JournalRecord {
    /// The key of its stream over all tenants, as [`StreamId::key`] spells it.
    pub fn stream_key(&self) -> String {
        join('#', &[self.envelope.tenant_id.as_str(), &self.envelope.subject])
    }

    /// Its place in its stream, from 1.
    pub fn version(&self) -> u64 {
        // Only events are journaled, and every event has one.
        self.envelope.stream_version.unwrap_or(0)
    }

    /// Where it lies in its chain: `2026-11-21T09:30:00.000000Z#hops#version#event-id`.
    ///
    /// The events of one command have one time; causes still come before what they caused.
    pub fn position(&self) -> String {
        let time = crate::sortable(self.envelope.time);
        format!("{time}#{:02}#{:010}#{}", self.envelope.hops, self.version(), self.envelope.id)
    }
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
