//! A dead letter without its body: what lists, groups and chains show of it.

use jiff::Timestamp;
use serde::Serialize;

use crate::id::{CorrelationId, Fingerprint, MessageId, TenantId};
use crate::port::{FailureClass, LetterStatus};

/// What is known of a dead letter, but for its body.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "DeadLetter"))]
pub struct LetterHead {
    /// `handler#event-id`, or `queue#message-id` where no handler takes the body.
    pub id: String,
    /// The queue it came from.
    pub queue: String,
    /// Whose failure it is, where a handler takes the message.
    pub handler: Option<String>,
    /// The event or task, where the body tells it; so the next three.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub message_id: Option<MessageId>,
    /// The message's wire name.
    pub r#type: Option<String>,
    /// Whose data it is about.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub tenant_id: Option<TenantId>,
    /// The chain it belongs to.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub correlation_id: Option<CorrelationId>,
    /// The last error and its causes in one line.
    pub reason: String,
    /// The same for every letter that failed in the same way.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub fingerprint: Fingerprint,
    /// Why there was no further attempt.
    pub class: FailureClass,
    /// How many attempts failed.
    pub attempts: u32,
    /// When the first of them failed.
    pub first_failed_at: Timestamp,
    /// When the last of them failed.
    pub last_failed_at: Timestamp,
    /// The code that failed.
    pub code_version: String,
    /// What was decided about it since.
    pub status: LetterStatus,
    /// How often it was sent once more.
    pub redrives: u32,
    /// The message that was sent in its place.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub edited_as: Option<MessageId>,
}

impl LetterHead {
    /// Where it lies among the open letters and in its chain, as the letter itself.
    pub fn position(&self) -> String {
        format!("{}#{}", crate::sortable(self.last_failed_at), self.id)
    }
}
