//! One row of the tree.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::clock::milliseconds;
use crate::id::{MessageId, ReplayId};
use crate::port::{LetterStatus, RunStatus};

/// One row of the tree.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ChainNode"))]
pub struct Node {
    /// The command's or handler's name, or the event's type.
    pub name: String,
    /// What it is, and what became of it.
    #[serde(flatten)]
    pub kind: NodeKind,
    /// What it caused.
    pub children: Vec<Node>,
}

/// What a row of the tree is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NodeKind {
    /// A command that took effect.
    Command {
        #[serde(rename = "ran_ms", serialize_with = "in_milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "u64"))]
        ran: Duration,
        actions: u32,
    },
    /// A command that was refused, and wrote nothing but this note.
    Refused { reason: String },
    /// An event, journaled.
    Event {
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        id: MessageId,
        stream: String,
        version: u64,
    },
    /// A listener that ran in the request.
    InRequest { writes: u32, skipped: Option<String> },
    /// A handler that has taken its message from the queue.
    Queued {
        status: RunStatus,
        /// The attempt that is running or ran last, from 1; 0 of a run that was forgiven and waits for its first.
        attempt: u32,
        /// From the event to the start of that attempt.
        #[serde(rename = "waited_ms", serialize_with = "in_milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "u64"))]
        waited: Duration,
        /// That attempt's time; `None` while it runs.
        #[serde(rename = "ran_ms", serialize_with = "perhaps_in_milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<u64>"))]
        ran: Option<Duration>,
        /// Why it did nothing, or failed.
        reason: Option<String>,
        /// Its dead letter, if there is or was one.
        letter: Option<Letter>,
        /// The replay whose own run it is, beside the handler's first of the event.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
        replay_id: Option<ReplayId>,
    },
    /// A handler whose message is in the outbox or its queue.
    Waiting {
        /// Its dead letter, if there is or was one.
        letter: Option<Letter>,
    },
    /// A handler whose run is not among those that were read, of which there are more.
    Unread {
        /// Its dead letter, if there is or was one.
        letter: Option<Letter>,
    },
}

/// What is known of a run's dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ChainLetter"))]
pub struct Letter {
    /// By which it is decided about.
    pub id: String,
    /// What was decided.
    pub status: LetterStatus,
    /// How often its message was sent once more.
    pub redrives: u32,
}

impl NodeKind {
    /// The event's id.
    pub(super) fn message_id(&self) -> Option<MessageId> {
        match self {
            Self::Event { id, .. } => Some(*id),
            Self::Command { .. }
            | Self::Refused { .. }
            | Self::InRequest { .. }
            | Self::Queued { .. }
            | Self::Waiting { .. }
            | Self::Unread { .. } => None,
        }
    }
}

fn in_milliseconds<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(milliseconds(*duration))
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn perhaps_in_milliseconds<S: Serializer>(
    duration: &Option<Duration>,
    to: S,
) -> Result<S::Ok, S::Error> {
    duration.map(milliseconds).serialize(to)
}
