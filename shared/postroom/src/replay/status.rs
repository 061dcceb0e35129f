//! How a replay stands, for operators.

use std::ops::AddAssign;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{ActorId, ReplayId};
use crate::replay::Selection;
use crate::replay::plan::Fate;

/// A replay, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayStatus {
    /// Its id, which every message has that it sends.
    #[cfg_attr(feature = "schema", schemars(with = "uuid::Uuid"))]
    pub id: ReplayId,
    /// To whose queue it sends.
    pub handler: String,
    /// Which events are meant.
    pub selection: Selection,
    /// Whether they are run whatever was done before.
    pub again: bool,
    /// How many are sent in a minute.
    pub per_minute: u32,
    /// Where it stands.
    pub state: ReplayState,
    /// How many events it has come by.
    pub counts: ReplayCounts,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it could not go on, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub actor_id: Option<ActorId>,
}

/// Where a replay stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ReplayState {
    /// It goes on every minute.
    Running,
    /// All that it sends is in the outbox, or sent.
    Completed,
    /// It was called off. What it had sent is sent.
    Cancelled,
    /// It would fail whenever it went on; its reason says why.
    Failed,
}

/// How many events a replay has come by, and what became of those that are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayCounts {
    /// All that were looked at.
    pub read: u64,
    /// Those that are meant, and that the handler takes. All that follow are among them.
    pub matched: u64,
    /// Those that were put into the outbox, for the queue of the handler.
    pub sent: u64,
    /// Not sent: the handler reacted to them in their request, when it still did that.
    pub reacted_in_request: u64,
    /// Not sent: whether they were done may be forgotten when they arrive.
    pub forgotten: u64,
    /// Not sent again: the handler does not say of their type that it is replayable.
    pub not_replayable: u64,
}

impl AddAssign for ReplayCounts {
    fn add_assign(&mut self, more: Self) {
        self.read += more.read;
        self.matched += more.matched;
        self.sent += more.sent;
        self.reacted_in_request += more.reacted_in_request;
        self.forgotten += more.forgotten;
        self.not_replayable += more.not_replayable;
    }
}

impl ReplayCounts {
    pub(super) fn add(&mut self, fate: Fate) {
        self.read += 1;
        let counted = match fate {
            Fate::NotMeant => return,
            Fate::Sent => &mut self.sent,
            Fate::ReactedInRequest => &mut self.reacted_in_request,
            Fate::Forgotten => &mut self.forgotten,
            Fate::NotReplayable => &mut self.not_replayable,
        };
        *counted += 1;
        self.matched += 1;
    }
}
