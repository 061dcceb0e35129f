//! Dead letters: messages that failed for good, kept with everything needed to understand and repeat them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::BoxFuture;
use crate::envelope::RawEnvelope;
use crate::id::Fingerprint;
use crate::port::StoreError;

/// Keeps what nobody could handle until a person decides.
pub trait DeadLetters: Send + Sync {
    /// Keeps a dead letter whole, whatever the size of its body; the same id again replaces it, so that a repeated
    /// parking leaves one.
    fn park<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>>;

    /// One dead letter.
    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>>;
}

/// A message that failed for good.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// `handler#event-id`, or `queue#message-id` where no handler takes the body.
    pub id: String,
    /// The queue it came from, named as its worker is.
    pub queue: String,
    /// Whose failure it is; `None`: no handler of the queue takes such a message.
    pub handler: Option<String>,
    /// The body as it was received.
    pub body: String,
    /// The body's envelope, if it is one, without the payload (`data` is null): it tells tenant, chain, type and cause.
    pub envelope: Option<RawEnvelope>,
    /// The last error and its causes, the outermost first.
    pub causes: Vec<String>,
    /// The same for every letter that failed in the same way.
    pub fingerprint: Fingerprint,
    /// Why there was no further attempt.
    pub class: FailureClass,
    /// How many attempts failed, the last one included.
    pub attempts: u32,
    /// When the first of them failed; of a message that no handler takes, as `last_failed_at`.
    pub first_failed_at: Timestamp,
    /// When the last of them failed and it was parked.
    pub last_failed_at: Timestamp,
}

/// Why a message is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureClass {
    /// The last failure was one that never passes.
    Permanent,
    /// The last failure may pass, but it was one too many.
    Exhausted,
}

impl DeadLetter {
    /// Why, in one line: `outer: inner: innermost`.
    pub fn reason(&self) -> String {
        self.causes.join(": ")
    }

    /// Where it lies in its chain: `2026-11-21T09:30:00.000000Z#id`.
    pub fn position(&self) -> String {
        format!("{}#{}", crate::sortable(self.last_failed_at), self.id)
    }
}
