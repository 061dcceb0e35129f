//! A transaction ready to be written: plain data that only the kit can make and any adapter can read.

use jiff::Timestamp;
use serde_json::Value;

use crate::claim::Payload;
use crate::id::{ClientToken, MessageId, OwnerToken};
use crate::live::LiveShard;
use crate::port::{
    Answer, DeadLetter, JournalRecord, LetterStatus, OutboxKey, OutboxRow, Run, RunStatus,
};
use crate::stored::Key;

/// Everything one command or one handler run writes: all of it, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    pub(crate) token: ClientToken,
    pub(crate) items: Vec<ItemWrite>,
    pub(crate) ends: Vec<StreamEnd>,
    pub(crate) events: Vec<JournalRecord>,
    pub(crate) outbox: Vec<OutboxRow>,
    pub(crate) cancelled: Vec<OutboxKey>,
    pub(crate) letters: Vec<LetterChange>,
    pub(crate) runs: Vec<RunChange>,
    /// What its messages name, and has to be there before. No store writes it.
    pub(crate) payloads: Vec<Payload>,
    pub(crate) completion: Completion,
}

impl Transaction {
    /// The most actions one transaction can hold, checks included.
    // The documentation of `aws-sdk-dynamodb` 1.136, read 2026-11-21.
    pub const MAX_ACTIONS: usize = 100;
    /// The most bytes one transaction can hold; AWS's 4 MB, read as the smaller of its two meanings. Same source.
    pub const MAX_BYTES: usize = 4_000_000;

    /// Names this attempt; sent twice, it commits once.
    pub fn token(&self) -> ClientToken {
        self.token
    }

    /// Items written, and items only checked. No two have one key.
    pub fn items(&self) -> &[ItemWrite] {
        &self.items
    }

    /// Streams that were read, and must end where they ended then. None is appended to.
    pub fn ends(&self) -> &[StreamEnd] {
        &self.ends
    }

    /// Events to append: each must be the first at its stream and version.
    pub fn events(&self) -> &[JournalRecord] {
        &self.events
    }

    /// Messages to keep until their queues accept them.
    pub fn outbox(&self) -> &[OutboxRow] {
        &self.outbox
    }

    /// Rows of tasks that are not to be sent any more; one that is gone was sent before, which is no failure.
    pub fn cancelled(&self) -> &[OutboxKey] {
        &self.cancelled
    }

    /// Dead letters that somebody decided about.
    pub fn letters(&self) -> &[LetterChange] {
        &self.letters
    }

    /// What becomes of the runs of those letters' messages. None is the completed one.
    pub fn runs(&self) -> &[RunChange] {
        &self.runs
    }

    /// The inbox record that says this was done, or given up.
    pub fn completion(&self) -> &Completion {
        &self.completion
    }

    /// The dead letter it writes, where its run is given up.
    pub fn parked(&self) -> Option<&DeadLetter> {
        match &self.completion.end {
            End::Done { .. } => None,
            End::GivenUp(letter) => Some(letter),
        }
    }

    /// How many actions it is to the store.
    pub fn actions(&self) -> usize {
        self.items.len()
            + self.ends.len()
            + self.events.len()
            + self.outbox.len()
            + self.cancelled.len()
            + self.letters.len()
            + self.runs.len()
            + usize::from(self.parked().is_some())
            + 1
    }
}

/// One item of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemWrite {
    /// Must be as it was read; is not written.
    Check { key: Key, guard: Guard },
    /// Must be as it was read, and becomes this, with the version after the one read.
    Save { key: Key, guard: Guard, head: u64, live: Option<LiveShard>, data: Value },
    /// Becomes this whatever it was, and is not live; its version grows by one.
    PutView { key: Key, data: Value },
}

impl ItemWrite {
    /// Which item.
    pub(crate) fn key(&self) -> &Key {
        match self {
            Self::Check { key, .. } | Self::Save { key, .. } | Self::PutView { key, .. } => key,
        }
    }
}

/// A stream that was only read: the event behind its last one must not be there at commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEnd {
    /// The stream over all tenants, as [`StreamId::key`](crate::StreamId::key) spells it.
    pub key: String,
    /// The version of its last event; 0 where it has none.
    pub version: u64,
}

impl StreamEnd {
    /// The version that nobody may have written.
    pub fn next_version(&self) -> u64 {
        self.version + 1
    }
}

/// What has to be true of an item at commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// There is none.
    Absent,
    /// It has this version still.
    Version(u64),
}

impl Guard {
    /// The version the item has after the write.
    pub fn next_version(self) -> u64 {
        match self {
            Self::Absent => 1,
            Self::Version(version) => version + 1,
        }
    }
}

/// A decision about a dead letter. It must be open, and as it was read: another failure since then has moved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterChange {
    /// Which.
    pub id: String,
    /// Where it [lay](crate::port::DeadLetter::position) when it was read.
    pub position: String,
    /// What it becomes. `Redriven` also counts one more redrive.
    pub status: LetterStatus,
    /// The message that is sent in its place.
    pub edited_as: Option<MessageId>,
}

/// What a decision about a dead letter makes of the run of its message. That must stand as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunChange {
    /// Which; of one without a record, all that is kept of it. Its `expires_at` is when what it becomes may be forgotten.
    pub run: Run,
    /// Where it stood; `None`: nowhere. A lease must have run out.
    pub seen: Option<RunStatus>,
    /// What it becomes.
    pub fate: Fate,
    /// When: a record that has expired by then is none, a lease that has ended by then is nobody's.
    pub at: Timestamp,
}

/// What becomes of a run that somebody decides about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Its failures are forgotten, and it waits for its first attempt. It must have waited or been parked.
    Pardoned,
    /// It is parked, whoever held its lease before.
    Parked {
        /// Why.
        reason: String,
        /// The message that was sent in the place of its own, and alone may [begin it anew](crate::port::Inbox::stand_in).
        instead: Option<MessageId>,
    },
    /// It stays as it is, and is remembered until its new `expires_at`. It must have a record.
    Kept,
}

/// How the inbox record ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// What was done, or given up.
    pub run: Run,
    /// What has to be true of the record.
    pub fence: Fence,
    /// When.
    pub finished_at: Timestamp,
    /// How.
    pub end: End,
    /// How many actions the transaction has.
    pub actions: u32,
}

/// How a run ends.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It took effect, or chose to do nothing: the record becomes `done`.
    Done {
        /// Why it chose to do nothing, if it did.
        skipped: Option<String>,
        /// What a command answered.
        output: Option<Answer>,
        /// What its caller asked for under an idempotency key, condensed.
        fingerprint: Option<String>,
    },
    /// It failed for good: the record becomes `parked`, with the attempts and the reason of this letter, which is written
    /// with it.
    ///
    /// The letter is open then, whatever lay under its id. What lies there must have been redriven as often as it says:
    /// who gives up has seen every decision.
    GivenUp(Box<DeadLetter>),
}

/// What has to be true of the inbox record at commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fence {
    /// It is absent, expired, or a failed attempt: not done, not parked, not leased.
    NotDone,
    /// The same, or it is done: whether its effect is there is told by what else has to be true.
    NotParked,
    /// This owner holds its lease.
    Held(OwnerToken),
    /// Nobody is at it, and so many attempts have failed as were seen: with none, it may also be absent or expired.
    Idle { attempts: u32 },
}
