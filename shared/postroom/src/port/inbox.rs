//! The inbox: what was already done, who is doing it, and how often it failed.
//!
//! A record is in one of four states; absent is the fifth. Only these moves exist:
//!
//! ```text
//! absent ──claim──► running ──complete (in the transaction)──► done
//!    │                │ ▲ claim, lease expired: outcome unknown
//!    │                ├─fail, release──► waiting ──claim──► running
//!    │                └─give up (in the transaction of its dead letter)──► parked ──pardon, stand in──► waiting
//!    └──complete (listener, command)──► done      absent, waiting, lease expired ──fail, give up──► waiting, parked (without a lease)
//! ```
//! A decision about a dead letter parks, too, what is absent, waiting or left behind by a lease that ran out.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::BoxFuture;
use crate::id::{
    ActorId, ClientToken, CorrelationId, DedupKey, IdempotencyKey, MessageId, OwnerToken, ReplayId,
    TenantId,
};
use crate::port::{Page, StoreError};
use crate::stored::join;
use crate::verdict::{Classify, Verdict};

/// Records of commands and handler runs. Completing and giving up are not here: they are part of a transaction.
pub trait Inbox: Send + Sync {
    /// The record under `key` (a consistent read); an expired one counts as absent.
    fn find<'a>(
        &'a self,
        key: &'a RunKey,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<InboxRecord>, StoreError>>;

    /// Takes the lease of a job if nobody holds it: one conditional write.
    fn claim<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Claimed, StoreError>>;

    /// Prolongs a lease its owner still holds.
    fn renew<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>>;

    /// Gives a lease back under which nothing was tried: no attempt is counted, and the run is free at once.
    ///
    /// Where the lease was taken over from one that had run out, its outcome is as unknown afterwards as it was before.
    fn release<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>>;

    /// Records a failed attempt and answers how many there are now, since when. With an owner it also ends the lease.
    ///
    /// `LeaseLost` without an owner means: already done, already parked, or somebody holds a lease that has not run out.
    fn fail<'a>(&'a self, failed: &'a FailedRun) -> BoxFuture<'a, Result<Failures, LeaseError>>;

    /// Lets a parked run begin anew for the message that a person sent in the place of its own, and answers whether this
    /// is that message. To anybody else the run stays parked.
    ///
    /// Where the answer is lost the run may wait already; whoever asks again is then not told so, and need not ask.
    fn stand_in<'a>(
        &'a self,
        key: &'a RunKey,
        message: MessageId,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Records of one chain by time, a page at a time; may lag behind the last writes.
    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<InboxRecord>, StoreError>>;
}

/// What makes two deliveries the same: `handler#event-id` (or what the handler knows it by instead), `command#command-id` or `idempotency#tenant#key`.
///
/// A replay that runs an event although it was done has a run of its own, `handler#event-id#replay-id`.
///
/// Parts are escaped as those of a [`Partition`](crate::Partition) are. No handler may be called `command`,
/// `idempotency`, `refused`, `breaker` or `rate`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunKey(String);

impl RunKey {
    /// The key of a queued handler that knows messages by their ids, as most do. It is also the idempotency key its
    /// outside calls carry.
    pub fn of_handler(handler: &str, message: MessageId) -> Self {
        Self::of_dedup(handler, DedupKey::of(message))
    }

    /// The key of a queued handler's run: its name and what it knows the message by.
    pub fn of_dedup(handler: &str, key: DedupKey) -> Self {
        Self(join('#', &[handler, &key.to_string()]))
    }

    /// The same in a scope: that of a replay whose own the run is, or of none.
    #[must_use]
    pub fn in_scope(self, scope: Option<ReplayId>) -> Self {
        match scope {
            Some(replay) => Self(format!("{self}#{replay}")),
            None => self,
        }
    }

    /// The key of a command that brought none.
    pub fn of_command(command: MessageId) -> Self {
        Self(join('#', &["command", &command.to_string()]))
    }

    /// The key of a command whose caller brought one: the tenant's own, whatever others call theirs.
    pub fn of_idempotency(tenant: &TenantId, key: &IdempotencyKey) -> Self {
        Self(join('#', &["idempotency", tenant.as_str(), key.as_str()]))
    }

    /// The key of the note that a command was refused.
    pub fn of_refusal(command: MessageId) -> Self {
        Self(join('#', &["refused", &command.to_string()]))
    }

    /// Whether it is the note of a refusal.
    pub fn is_refusal(&self) -> bool {
        self.0.starts_with("refused#")
    }

    /// Whether it is a command's.
    pub fn is_command(&self) -> bool {
        self.0.starts_with("command#") || self.0.starts_with("idempotency#")
    }

    /// The replay whose own run it is, of a queued handler's.
    pub fn scope(&self) -> Option<ReplayId> {
        let mut parts = self.0.split('#').skip(2);
        let (scope, rest) = (parts.next()?, parts.next());
        // The third part of a command's is what its caller calls it.
        let has_one = rest.is_none() && !self.is_command();
        has_one.then(|| scope.parse().ok())?
    }

    /// A key as a store kept it.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a run is about: the same on every attempt, but for its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The record's key.
    pub key: RunKey,
    /// The command's or handler's name.
    pub handler: String,
    /// The command itself, or the message handled.
    pub message_id: MessageId,
    /// Whose data.
    pub tenant_id: TenantId,
    /// Who started the chain.
    pub actor_id: Option<ActorId>,
    /// The chain.
    pub correlation_id: CorrelationId,
    /// When this attempt began.
    pub started_at: Timestamp,
    /// When the record may be forgotten: later than any redelivery can come. Stores keep whole seconds of it.
    pub expires_at: Timestamp,
}

impl Run {
    /// When a run is forgotten that is remembered for as long as its dead letter, which is never.
    pub const FOREVER: Timestamp = Timestamp::constant(253_402_207_200, 0);

    /// Where its record lies in its chain: `2026-11-21T09:30:00.000000Z#handler#message-id`, of a replay's own run with
    /// `#replay-id` behind it.
    ///
    /// Not by the record's key: with a caller's idempotency key it may be longer than a sort key can be.
    pub fn position(&self) -> String {
        let replay = self.key.scope().map(|replay| format!("#{replay}")).unwrap_or_default();
        format!("{}#{}#{}{replay}", crate::sortable(self.started_at), self.handler, self.message_id)
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// Somebody holds the lease, or died holding it.
    Running,
    /// Nobody is at it; the last attempt failed, or was given back untried.
    Waiting,
    /// It took effect, once.
    Done,
    /// It failed for good and is not run again.
    Parked,
}

/// What is kept of a command's answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// All of it.
    Whole(Value),
    /// What tells it from others, where it is too large for a record: the key stands for it all the same.
    Digest {
        /// SHA-256 of the answer as JSON, in hexadecimal digits.
        sha256: String,
        /// How long that JSON is.
        bytes: u64,
    },
}

/// A record as it is read.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxRecord {
    /// What the run is about.
    pub run: Run,
    /// Where it stands.
    pub status: RunStatus,
    /// Failed attempts so far.
    pub attempts: u32,
    /// When it failed first; neither a later attempt nor success changes it.
    pub first_failed_at: Option<Timestamp>,
    /// When it was done or failed last.
    pub finished_at: Option<Timestamp>,
    /// Until when the lease holds, while running.
    pub lease_until: Option<Timestamp>,
    /// The transaction that completed it, or gave it up.
    pub token: Option<ClientToken>,
    /// Why it chose to do nothing, if it did.
    pub skipped: Option<String>,
    /// What a command answered.
    pub output: Option<Answer>,
    /// What its caller asked for under an idempotency key, condensed.
    pub fingerprint: Option<String>,
    /// How many of a transaction's 100 actions it used.
    pub actions: Option<u32>,
    /// Why the last attempt failed.
    pub reason: Option<String>,
}

impl InboxRecord {
    /// Whether somebody is at it.
    pub(crate) fn is_held(&self, now: Timestamp) -> bool {
        self.status == RunStatus::Running && !self.is_idle(now)
    }

    /// Whether nobody is at it: the last attempt failed, or whoever held its lease let it run out.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        match self.status {
            RunStatus::Waiting => true,
            RunStatus::Running => self.lease_until.is_none_or(|until| until <= now),
            RunStatus::Done | RunStatus::Parked => false,
        }
    }
}

/// A request for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What for.
    pub run: Run,
    /// Who will hold it.
    pub owner: OwnerToken,
    /// Until when, unless renewed.
    pub until: Timestamp,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Claimed {
    /// The lease is the claimant's.
    Granted {
        /// Failed attempts before this one.
        attempts: u32,
        /// An earlier owner's lease ran out: whether its effect happened, nobody knows.
        unknown: bool,
    },
    /// Somebody else holds it.
    InFlight {
        /// Until then, at most, unless renewed.
        until: Timestamp,
    },
    /// It took effect already.
    Done,
    /// It failed for good already.
    Parked {
        /// Why.
        reason: String,
    },
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRun {
    /// Which run.
    pub run: Run,
    /// The lease it held; `None` for a listener, which holds none.
    pub owner: Option<OwnerToken>,
    /// When.
    pub at: Timestamp,
    /// What it means for the run.
    pub outcome: FailedAs,
    /// Why, one line.
    pub reason: String,
}

/// How often a run has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// Failed attempts, the last one included.
    pub attempts: u32,
    /// When the first of them failed.
    pub first_at: Timestamp,
}

/// What a failure means for its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedAs {
    /// One more failed attempt, and not the last.
    Attempt,
    /// Nobody's failed attempt: what it called is known to be down, or its time was too short from the beginning. It is
    /// tried again, and nothing is counted.
    NotCounted,
    /// One more failed attempt, after which none is made.
    ForGood,
}

impl FailedAs {
    /// How many failed attempts it adds.
    pub fn counts(self) -> u32 {
        match self {
            Self::Attempt | Self::ForGood => 1,
            Self::NotCounted => 0,
        }
    }

    /// Where it leaves the run.
    pub fn status(self) -> RunStatus {
        match self {
            Self::Attempt | Self::NotCounted => RunStatus::Waiting,
            Self::ForGood => RunStatus::Parked,
        }
    }
}

/// Why a lease could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else holds it, or the run is over: nothing was changed. The late owner stops.
    #[error("the lease is lost")]
    LeaseLost,
    /// The store did not answer.
    #[error("the lease could not be changed")]
    Store {
        #[source]
        source: StoreError,
    },
}

impl Classify for LeaseError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::LeaseLost => Verdict::RETRY,
            Self::Store { source } => source.verdict(),
        }
    }
}
