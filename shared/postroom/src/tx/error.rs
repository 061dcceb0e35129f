//! Why something could not be read or staged.

use crate::claim::ClaimChecks;
use crate::envelope::DecodeError;
use crate::port::StoreError;
use crate::verdict::{Classify, Refusal, Refuse, Verdict};

/// Why something could not be read or staged. None is a refusal: the caller sees only that it failed.
#[derive(Debug, thiserror::Error)]
pub enum TxError {
    /// The store did not answer; it knows whether that passes.
    #[error("cannot read {key}")]
    Read {
        key: String,
        #[source]
        source: StoreError,
    },
    /// What is stored is not of the shape this code knows. Permanent.
    #[error("{key} is stored in a shape this code does not know")]
    Shape {
        key: String,
        #[source]
        source: serde_json::Error,
    },
    /// It cannot be written as JSON. Permanent.
    #[error("{what} cannot be written as JSON")]
    Encode {
        what: String,
        #[source]
        source: serde_json::Error,
    },
    /// Two handlers, or one about two events, wrote one item, and the second had not read what the first wrote. Permanent.
    #[error(
        "{second} writes {key}, which {first} has written in the same transaction, without having read it"
    )]
    WrittenTwice { key: String, first: &'static str, second: &'static str },
    /// An item was guarded by one and put as a view by another. Permanent.
    #[error("{second} puts {key} as a view, which {first} guards as an entity")]
    ViewOfGuarded { key: String, first: &'static str, second: &'static str },
    /// An event on a stream whose thing was neither loaded nor saved before. Permanent.
    #[error("{handler} emits {type} on {stream}, which it has neither loaded nor saved")]
    StreamNotLoaded { handler: &'static str, r#type: &'static str, stream: String },
    /// An item of a collection that its projection does not name. Permanent: nobody would remove it with its build.
    #[error(
        "{projection} saves an item of {collection}, which it does not name among those it makes"
    )]
    NotOfProjection { projection: &'static str, collection: &'static str },
    /// An event on the stream of an aggregate that does not know it. Permanent.
    #[error("{handler} emits {type} on {stream}, whose aggregate does not know it")]
    NotOfAggregate { handler: &'static str, r#type: &'static str, stream: String },
    /// Aggregates of two types were loaded from one stream. Permanent.
    #[error("{stream} is the stream of two aggregates")]
    TwoAggregates { stream: String },
    /// An event of an aggregate cannot be read: a newer program wrote it, or it is not of its shape. Permanent.
    #[error("event {version} of {stream} cannot be read")]
    Event {
        stream: String,
        version: u64,
        #[source]
        source: DecodeError,
    },
    /// The journal lacks an event of a stream, or a stream begins with what none of its kind begins with. Permanent.
    #[error("{stream} has {found} where its event {expected} belongs")]
    BrokenStream { stream: String, expected: u64, found: String },
    /// A stream without a snapshot is too long to be folded in one go. Permanent.
    #[error("{stream} has more than {events} events and no snapshot")]
    StreamTooLong { stream: String, events: u64 },
    /// More than a transaction can hold. Permanent.
    #[error("{handler} overflows the transaction: more than {limit} actions")]
    TooManyActions { handler: &'static str, limit: usize },
    /// More bytes than a transaction, an item or a message can hold. Permanent.
    #[error("{handler} stages {bytes} bytes of {what}, where {limit} fit")]
    TooLarge { handler: &'static str, what: String, bytes: usize, limit: usize },
    /// A payload that is too large to travel, for so much later that the bucket would have removed it. Permanent.
    #[error(
        "{handler} delays {type} for more than {} days: its payload of {bytes} bytes is not kept for longer",
        ClaimChecks::MAX_DELAY.as_secs() / 86_400
    )]
    DelayedPayload { handler: &'static str, r#type: String, bytes: usize },
    /// Reactions that cause reactions that cause reactions. Permanent.
    #[error("{handler} emits {type} after {limit} hops: a loop of reactions")]
    TooManyHops { handler: &'static str, r#type: &'static str, limit: u32 },
    /// A task for later, where a handler takes its tasks in order. Permanent.
    ///
    /// A FIFO queue delays no single message, and one that waited in the outbox would be overtaken by its group.
    #[error("{handler} delays {type}, which {queue} takes in order")]
    DelayedInOrder { handler: &'static str, r#type: &'static str, queue: &'static str },
    /// A task that is taken back and has no key, by which alone it could be found. Permanent.
    #[error("{handler} takes back {type}, which has no key")]
    NotToBeFound { handler: &'static str, r#type: &'static str },
}

impl Classify for TxError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Read { source, .. } => source.verdict(),
            Self::Shape { .. }
            | Self::Encode { .. }
            | Self::WrittenTwice { .. }
            | Self::ViewOfGuarded { .. }
            | Self::StreamNotLoaded { .. }
            | Self::NotOfProjection { .. }
            | Self::NotOfAggregate { .. }
            | Self::TwoAggregates { .. }
            | Self::Event { .. }
            | Self::BrokenStream { .. }
            | Self::StreamTooLong { .. }
            | Self::TooManyActions { .. }
            | Self::TooLarge { .. }
            | Self::DelayedPayload { .. }
            | Self::TooManyHops { .. }
            | Self::DelayedInOrder { .. }
            | Self::NotToBeFound { .. } => Verdict::Permanent,
        }
    }
}

impl Refuse for TxError {
    fn refusal(&self) -> Option<Refusal> {
        None
    }
}
