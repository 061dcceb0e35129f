//! Why nothing was decided about a dead letter.

use jiff::Timestamp;

use crate::envelope::DecodeError;
use crate::port::{LetterStatus, StoreError};
use crate::tx::TxError;
use crate::verdict::{Classify, Refusal, RefusalKind, Refuse, Verdict};

/// Why nothing was decided about a dead letter. Whatever is a refusal is permanent: the same again is refused again.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no such letter.
    #[error("there is no dead letter {id}")]
    NotFound { id: String },
    /// It was decided about before.
    #[error("dead letter {id} is {status:?}, not open")]
    NotOpen { id: String, status: LetterStatus },
    /// It comes back whenever it is sent: whoever sends it once more says so.
    #[error("dead letter {id} was redriven {redrives} times already; say that it may be again")]
    RedrivenOften { id: String, redrives: u32 },
    /// Its body is no message: sent once more, it would come back at once.
    #[error("the body of dead letter {id} is no message; edit or discard it: {source}")]
    Unreadable { id: String, source: DecodeError },
    /// A worker is at it. It passes.
    #[error("a worker is at the message of dead letter {id} until {until} at most")]
    InFlight { id: String, until: Timestamp },
    /// It took effect since its letter was written.
    #[error("the message of dead letter {id} was done meanwhile; discard it")]
    Done { id: String },
    /// The letter is about a delivery that no handler took, and its message has failed by itself, or stands aside for
    /// another, besides.
    #[error(
        "the message of dead letter {id} is parked as {run}: another letter decides about it; discard this one"
    )]
    ParkedElsewhere { id: String, run: String },
    /// It may have been done long ago: its letter does not keep its run, and the inbox has forgotten it. Whoever has looked
    /// says that it may be again.
    #[error(
        "what became of the message of dead letter {id} is forgotten; say that it may be done again"
    )]
    Forgotten { id: String },
    /// It is an event that a read model has still to apply, and a read model leaves out none: it can only be redriven, once
    /// it can be applied.
    #[error(
        "dead letter {id} is about an event that {handler} has still to apply; mend that and redrive it"
    )]
    Projected { id: String, handler: String },
    /// What should be sent in its place is no message.
    #[error("what should be sent is no message: {source}")]
    NoMessage { source: DecodeError },
    /// What should be sent in its place is another tenant's.
    #[error("the message of dead letter {id} is another tenant's")]
    OtherTenant { id: String },
    /// What should be sent in its place has another correlation id.
    #[error("the message of dead letter {id} is of another chain: its correlation id has to stay")]
    OtherChain { id: String },
    /// It can be sent neither whole nor without its payload; none of ours is so large.
    #[error("the message of dead letter {id} has {bytes} bytes, and {limit} can be sent")]
    TooLarge { id: String, bytes: usize, limit: usize },
    /// The store did not answer; it knows whether that passes.
    #[error("dead letter {id} could not be read")]
    Store {
        id: String,
        #[source]
        source: StoreError,
    },
    /// The decision could not be staged.
    #[error("the decision about dead letter {id} could not be written")]
    Stage {
        id: String,
        #[source]
        source: TxError,
    },
}

impl Classify for DecideError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. }
            | Self::NotOpen { .. }
            | Self::RedrivenOften { .. }
            | Self::Unreadable { .. }
            | Self::Done { .. }
            | Self::ParkedElsewhere { .. }
            | Self::Forgotten { .. }
            | Self::Projected { .. }
            | Self::NoMessage { .. }
            | Self::OtherTenant { .. }
            | Self::OtherChain { .. }
            | Self::TooLarge { .. } => Verdict::Permanent,
            Self::InFlight { .. } => Verdict::RETRY,
            Self::Store { source, .. } => source.verdict(),
            Self::Stage { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for DecideError {
    fn refusal(&self) -> Option<Refusal> {
        let (code, kind) = match self {
            Self::NotFound { .. } => ("dead-letter-not-found", RefusalKind::NotFound),
            Self::NotOpen { .. } => ("dead-letter-not-open", RefusalKind::Conflict),
            Self::RedrivenOften { .. } => ("dead-letter-redriven-often", RefusalKind::Conflict),
            Self::Unreadable { .. } => ("dead-letter-unreadable", RefusalKind::Conflict),
            Self::InFlight { .. } => ("dead-letter-in-flight", RefusalKind::Conflict),
            Self::Done { .. } => ("dead-letter-done", RefusalKind::Conflict),
            Self::ParkedElsewhere { .. } => ("dead-letter-parked-elsewhere", RefusalKind::Conflict),
            Self::Forgotten { .. } => ("dead-letter-forgotten", RefusalKind::Conflict),
            Self::Projected { .. } => ("dead-letter-projected", RefusalKind::Conflict),
            Self::NoMessage { .. } => ("no-message", RefusalKind::Invalid),
            Self::OtherTenant { .. } => ("other-tenant", RefusalKind::Invalid),
            Self::OtherChain { .. } => ("other-chain", RefusalKind::Invalid),
            Self::TooLarge { .. } => ("message-too-large", RefusalKind::Invalid),
            Self::Store { .. } | Self::Stage { .. } => return None,
        };
        Some(Refusal { code, kind })
    }
}
