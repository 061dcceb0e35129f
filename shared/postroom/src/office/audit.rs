//! The audit trail: one item for each action of an operator, written with the action and never changed.
//!
//! It lies in the state table, in a partition that is no tenant's: `#audit#` and what the action was about, then the time
//! and the command:
//!
//! ```json
//! {"at":"2026-11-21T09:30:00Z","action":"discard-dead-letter","subject":"charge-card#7b0c…","actor_id":"ann",
//!  "tenant_id":"demo","correlation_id":"req-9","command_id":"0192…","reason":"a test order"}
//! ```

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{ActorId, CorrelationId, MessageId, TenantId};
use crate::port::{Item, StoreError};
use crate::tx::Tx;

/// What an operator did, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Audited {
    /// When.
    pub at: Timestamp,
    /// The command: `redrive-dead-letter`.
    pub action: String,
    /// What it was about: the id of the letter.
    pub subject: String,
    /// Who.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub actor_id: Option<ActorId>,
    /// As whose user.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub tenant_id: TenantId,
    /// The chain of the request.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub correlation_id: CorrelationId,
    /// The command itself.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub command_id: MessageId,
    /// Why, where a reason was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The message that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub message_id: Option<MessageId>,
}

impl Audited {
    /// What the command behind `tx` does to a thing.
    pub(crate) fn of(tx: &Tx, action: &'static str, subject: &str) -> Self {
        let origin = tx.origin();
        Self {
            at: tx.now(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            actor_id: origin.actor_id.clone(),
            tenant_id: origin.tenant_id.clone(),
            correlation_id: origin.correlation_id.clone(),
            command_id: origin.command_id,
            reason: None,
            message_id: None,
        }
    }
}

pub(super) fn read(item: Item) -> Result<Audited, StoreError> {
    serde_json::from_value(item.data).map_err(|error| StoreError::Corrupt {
        operation: "read the audit trail",
        reason: format!("{}: {error}", item.key),
    })
}
