//! Dead letters: messages that failed for good, kept with everything needed to understand and repeat them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::BoxFuture;
use crate::envelope::RawEnvelope;
use crate::id::{CorrelationId, Fingerprint, MessageId, TenantId};
use crate::port::{LetterHead, Page, StoreError};

/// Over how many partitions open letters are spread, so that a flood of them is not one partition's.
pub const LETTER_SHARDS: u8 = 4;

/// Keeps what nobody could handle until a person decides. Deciding is not here, nor is giving up a run: they are part of
/// a transaction.
pub trait DeadLetters: Send + Sync {
    /// Writes down what of a letter its transaction cannot hold, before that is committed. Of nearly all it is nothing.
    fn prepare<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Keeps a dead letter without a run whole, whatever the size of its body, and answers whether it did.
    ///
    /// While it is open the same id replaces it, so that a repeated parking leaves one. Once somebody has decided about
    /// it, it stays as it is: this is the same delivery, late, and whatever was to be done about it is done.
    fn park<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// One dead letter.
    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>>;
}

/// The file of dead letters, as operators read it.
pub trait LetterFile: DeadLetters {
    /// Open letters of one shard, the last failed first, from before a [position](DeadLetter::position); a page at a
    /// time. May lag behind the last writes.
    fn open<'a>(
        &'a self,
        shard: u8,
        before: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LetterHead>, StoreError>>;

    /// Letters of one chain by time, whatever was decided about them, a page at a time; may lag behind the last writes.
    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LetterHead>, StoreError>>;
}

/// A message that failed for good.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// `handler#event-id`, the key of the run that failed, or `queue#message-id` where no handler takes the body.
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
    /// How many attempts failed, the last one included; none, where its queue gave it up and no failure was recorded.
    pub attempts: u32,
    /// When the first of them failed; of a message that no handler takes, as `last_failed_at`.
    pub first_failed_at: Timestamp,
    /// When the last of them failed and it was parked.
    pub last_failed_at: Timestamp,
    /// The code that failed; see [`CODE_VERSION`](crate::CODE_VERSION).
    pub code_version: String,
    /// What was decided about it since.
    pub status: LetterStatus,
    /// How often it was sent once more, over all its failures. The store counts it: who gives up says what it has seen.
    pub redrives: u32,
    /// The message that was sent in its place.
    pub edited_as: Option<MessageId>,
}

/// Why a message is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FailureClass {
    /// The last failure was one that never passes.
    Permanent,
    /// The last failure may pass, but it was one too many; or its queue gave the message up.
    Exhausted,
}

/// What was decided about a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LetterStatus {
    /// Nothing yet.
    Open,
    /// Its message was sent once more, as it was or edited.
    Redriven,
    /// Its message is given up.
    Discarded,
}

impl DeadLetter {
    /// Why, in one line: `outer: inner: innermost`.
    pub fn reason(&self) -> String {
        self.causes.join(": ")
    }

    /// Where it lies among the open letters and in its chain: `2026-11-21T09:30:00.000000Z#id`.
    pub fn position(&self) -> String {
        format!("{}#{}", crate::sortable(self.last_failed_at), self.id)
    }

    /// The partition it lies in while it is open: by the sum of the bytes of its id, which ends in random digits.
    pub fn shard(&self) -> u8 {
        self.id.bytes().fold(0_u8, u8::wrapping_add) % LETTER_SHARDS
    }

    /// All of it but the body.
    pub fn head(&self) -> LetterHead {
        let envelope = self.envelope.as_ref();
        LetterHead {
            id: self.id.clone(),
            queue: self.queue.clone(),
            handler: self.handler.clone(),
            message_id: envelope.map(|envelope| envelope.id),
            r#type: envelope.map(|envelope| envelope.r#type.clone()),
            tenant_id: envelope.map(|envelope| envelope.tenant_id.clone()),
            correlation_id: envelope.map(|envelope| envelope.correlation_id.clone()),
            reason: self.reason(),
            fingerprint: self.fingerprint,
            class: self.class,
            attempts: self.attempts,
            first_failed_at: self.first_failed_at,
            last_failed_at: self.last_failed_at,
            code_version: self.code_version.clone(),
            status: self.status,
            redrives: self.redrives,
            edited_as: self.edited_as,
        }
    }
}
