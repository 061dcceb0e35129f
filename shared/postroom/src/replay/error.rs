//! Why a replay was not begun, or not called off.

use jiff::Timestamp;

use crate::id::ReplayId;
use crate::port::StoreError;
use crate::tx::TxError;
use crate::verdict::{Classify, Refusal, RefusalKind, Refuse, Verdict};

/// Why a replay was not begun, or not called off. All but the last two are refusals, and permanent.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// No queue is called so.
    #[error("`handler` is {handler}, and no queued handler is called so")]
    NoSuchHandler { handler: String },
    /// What keeps read models leaves no event out, and takes none twice.
    #[error("`handler` is {handler}, which keeps read models: rebuild them instead")]
    Projector { handler: String },
    /// The handler takes no such type.
    #[error("`type` is {type}, and {handler} takes nothing that is called so")]
    NoSuchType { handler: String, r#type: String },
    /// What was done must not be done once more.
    #[error(
        "`again` asks {handler} to do once more what it has done, and nothing of what it takes is replayable"
    )]
    NotReplayable { handler: String },
    /// Nothing happened in that time.
    #[error("`from` is {from}, which is not before `until`, {until}")]
    NoPeriod { from: Timestamp, until: Timestamp },
    /// Streams of two tenants may have one name.
    #[error("`stream` is a tenant's, and no `tenant` is named")]
    StreamOfNobody,
    /// One replay for each handler: its rate protects it.
    #[error("replay {id} sends to {handler} now; wait for its end, or cancel it")]
    AlreadyRunning { handler: String, id: ReplayId },
    /// As many as may be are running.
    #[error("{most} replays are running, which is the most there may be")]
    TooMany { most: usize },
    /// There is no such replay.
    #[error("there is no replay {id}")]
    NotFound { id: String },
    /// It was over before.
    #[error("replay {id} is over: nothing is left to cancel")]
    NotRunning { id: ReplayId },
    /// The journal could not be read for a dry run; the store knows whether that passes.
    #[error("the journal could not be read")]
    Read {
        #[source]
        source: StoreError,
    },
    /// It could not be staged.
    #[error("the replay could not be written down")]
    Stage {
        #[source]
        source: TxError,
    },
}

impl Classify for ReplayError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NoSuchHandler { .. }
            | Self::Projector { .. }
            | Self::NoSuchType { .. }
            | Self::NotReplayable { .. }
            | Self::NoPeriod { .. }
            | Self::StreamOfNobody
            | Self::AlreadyRunning { .. }
            | Self::TooMany { .. }
            | Self::NotFound { .. }
            | Self::NotRunning { .. } => Verdict::Permanent,
            Self::Read { source } => source.verdict(),
            Self::Stage { source } => source.verdict(),
        }
    }
}

impl Refuse for ReplayError {
    fn refusal(&self) -> Option<Refusal> {
        let (code, kind) = match self {
            Self::NoSuchHandler { .. } => ("replay-no-such-handler", RefusalKind::Invalid),
            Self::Projector { .. } => ("replay-of-read-models", RefusalKind::Invalid),
            Self::NoSuchType { .. } => ("replay-no-such-type", RefusalKind::Invalid),
            Self::NotReplayable { .. } => ("replay-not-replayable", RefusalKind::Invalid),
            Self::NoPeriod { .. } => ("replay-no-period", RefusalKind::Invalid),
            Self::StreamOfNobody => ("replay-stream-of-nobody", RefusalKind::Invalid),
            Self::AlreadyRunning { .. } => ("replay-running", RefusalKind::Conflict),
            Self::TooMany { .. } => ("too-many-replays", RefusalKind::Conflict),
            Self::NotFound { .. } => ("replay-not-found", RefusalKind::NotFound),
            Self::NotRunning { .. } => ("replay-not-running", RefusalKind::Conflict),
            Self::Read { .. } | Self::Stage { .. } => return None,
        };
        Some(Refusal { code, kind })
    }
}
