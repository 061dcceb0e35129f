//! The kit: commands with in-process listeners in one transaction, queued work through an outbox, effects once.
//!
//! Read in this order: [`Command`], [`Listener`] and [`Job`] are what you write; [`Tx`] is what they may do;
//! [`reactions!`] is the table that joins them; [`Runtime`] runs them; [`port`] is what they stand on.

pub mod port;
pub mod chain;
#[cfg(feature = "contract")]
pub mod contract;
#[doc(hidden)]
pub mod doc_example;
pub mod memory;
#[cfg(feature = "simulation")]
pub mod simulation;

mod clock;
mod id;
mod verdict;
mod visible;
mod outcome;
mod message;
mod envelope;
mod replayed;
mod wire;
mod claim;
mod secret;
mod object;
mod object_writer;
mod object_created;
mod stored;
mod aggregate;
mod live;
mod transaction;
mod reader;
mod history;
mod tx;
mod command;
mod listener;
mod job;
mod projection;
mod rebuild;
mod replay;
mod task_failed;
mod queued_handler;
mod reactions;
mod courier;
mod runtime;
mod schedule;
mod gate;
mod worker;
mod verify;
mod office;
mod overview;

pub use aggregate::{Aggregate, EventSet, Folded};
pub use claim::ClaimChecks;
pub use clock::{Clock, SystemClock, between, milliseconds, sortable};
pub use command::{Command, Idempotency, Origin};
pub use courier::{Courier, Relayed};
pub use envelope::{DecodeError, Envelope, RawEnvelope};
pub use gate::Gate;
pub use history::History;
pub use id::{
    ActorId, ClientToken, CorrelationId, DedupKey, Fingerprint, IdempotencyKey, Ids, InvalidId,
    MessageId, OwnerToken, ReplayId, SystemIds, TenantId,
};
pub use job::{Effects, Job, OnUnknown};
pub use listener::Listener;
pub use live::{LiveItem, LiveShard};
pub use message::{Event, Message, Routed, Task};
pub use object::{ETag, InvalidObjectName, ObjectKey};
pub use object_created::{ObjectCreated, ObjectOwner};
pub use object_writer::ObjectWriter;
pub use office::{
    Audited, Bulk, BulkError, BulkReport, DeadLetterOffice, DecideError, Decided, Discarded, Edit,
    Group, Groups, LetterFilter, Redrive, Redriven, Refused,
};
pub use outcome::Outcome;
pub use overview::{Overview, OverviewError, QueueOverview};
pub use projection::{Projection, Projections, Reads, View};
pub use queued_handler::{IsJob, IsListener, QueuedHandler};
pub use reactions::{Reactions, RowOf};
pub use reader::{List, ReadError, ReadModel, Reader, Versioned};
pub use rebuild::{BuildState, BuildStatus, ProjectionStatus, RebuildError, Rebuilds};
pub use replay::{
    ReplayCounts, ReplayError, ReplayOrder, ReplayRehearsal, ReplayState, ReplayStatus, Replays,
    ResendError, Resent, Selection,
};
pub use replayed::Replayed;
pub use runtime::{ExecuteError, Executed, Ports, Runtime, SettleError};
pub use schedule::{Schedule, ScheduleError, Scheduled};
pub use secret::{SecretCache, SecretText};
pub use stored::{Generation, Key, Partition, Place, Stored, StreamId};
pub use task_failed::TaskFailed;
pub use transaction::{
    Completion, End, Fate, Fence, Guard, ItemWrite, LetterChange, RunChange, StreamEnd, Transaction,
};
pub use tx::{Tx, TxError};
pub use verdict::{
    Blame, Blames, Classify, Failure, Refusal, RefusalKind, Refuse, Verdict, panic_text, reason_of,
};
pub use verify::{Difference, Verified, Verifier, VerifyError};
pub use visible::visible;
pub use worker::{
    BuildsError, Collector, Disposition, MissingHandlers, Projector, Record, StreamRecord, Swept,
    WakeUp, WalkError, Walked, Worker,
};

/// The version of the code that is running: what `CODE_VERSION` said when it was built, a commit for instance, or else the
/// kit's own version. Dead letters name it, and it tells whose code makes a build: each is made by one.
pub const CODE_VERSION: &str = match option_env!("CODE_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// A boxed future, as the ports return it so that they can be trait objects.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
