//! What is asked for, and which events that means.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::envelope::RawEnvelope;
use crate::id::TenantId;
use crate::message::is_of_family;

/// What is asked for: which events, to whom, how fast.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayOrder {
    /// The handler to whose queue they are sent.
    pub handler: String,
    /// Only those of this type, or of this family: `order.*`.
    pub r#type: Option<String>,
    /// Only those of this tenant.
    pub tenant_id: Option<TenantId>,
    /// Only those of this stream of the tenant: `orders/0192…`.
    pub stream: Option<String>,
    /// Only those that happened at this time or later.
    pub from: Option<Timestamp>,
    /// Only those that happened before this time; never later than the moment of the request.
    pub until: Option<Timestamp>,
    /// In runs of the replay's own, whatever was done before; for handlers alone that are
    /// [replayable](crate::Job::REPLAYABLE).
    pub again: bool,
    /// How many are sent in a minute, 1-[`MOST_PER_MINUTE`](crate::Replays::MOST_PER_MINUTE). What is outside counts as the
    /// nearest that is not.
    pub per_minute: u32,
}

/// Which events are meant: those that meet all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Selection {
    /// Of this type, or of this family: `order.*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Of this tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub tenant_id: Option<TenantId>,
    /// Of this stream of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// That happened at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// That happened before this time, which is no later than the request: a replay chases nothing that happens meanwhile.
    /// What a command that was under way then has written may be among them, or not.
    pub until: Timestamp,
}

impl Selection {
    /// Whether events of a type may be meant.
    pub(super) fn has_type(&self, r#type: &str) -> bool {
        self.r#type.as_deref().is_none_or(|pattern| is_of_family(pattern, r#type))
    }

    /// Whether an event is meant.
    pub(super) fn means(&self, event: &RawEnvelope) -> bool {
        self.has_type(&event.r#type)
            && self.tenant_id.as_ref().is_none_or(|tenant| *tenant == event.tenant_id)
            && self.stream.as_ref().is_none_or(|stream| *stream == event.subject)
            && self.from.is_none_or(|from| event.time >= from)
            && event.time < self.until
    }
}
