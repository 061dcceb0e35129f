//! Dead letters: messages that failed for good, kept with everything needed to understand and repeat them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::BoxFuture;
use crate::id::{CorrelationId, MessageId, TenantId};
use crate::port::StoreError;

/// Keeps what nobody could handle until a person decides.
pub trait DeadLetters: Send + Sync {
    /// Keeps a dead letter; the same id again replaces it, so that a repeated parking leaves one.
    fn park<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>>;

    /// One dead letter.
    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>>;
}

/// A message that failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// `handler#event-id`, or `queue#message-id` where the body told no event.
    pub id: String,
    /// The handler, which is also the queue's name.
    pub handler: String,
    /// The body as it was received.
    pub body: String,
    /// Why, with causes, one line.
    pub reason: String,
    /// Whether the last failure was permanent in itself; `false`: its attempts were exhausted.
    pub permanent: bool,
    /// How many attempts failed, this one included.
    pub attempts: u32,
    /// When it was parked.
    #[serde(with = "crate::envelope::micros")]
    pub parked_at: Timestamp,
    /// The message, where the body told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// Its wire name, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Whose it is, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// Its chain, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
}

impl DeadLetter {
    /// Where it lies in its chain: `2026-11-21T09:30:00.000000Z#id`.
    pub fn position(&self) -> String {
        format!("{}#{}", crate::sortable(self.parked_at), self.id)
    }
}
