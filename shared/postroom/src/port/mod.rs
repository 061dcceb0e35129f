//! The ports: what the kit needs from outside, each with a contract suite that every adapter passes.

mod error;
mod store;
mod journal;
mod inbox;
mod outbox;
mod queue;
mod topic;
mod depths;
mod dead_letters;
mod letter_head;
mod breaker;
mod rate;
mod build_rows;
mod objects;
mod payloads;
mod permits;
mod secrets;
mod mailer;

pub use breaker::{Breaker, BreakerChange, Breakers, Changed};
pub use build_rows::BuildRows;
pub use dead_letters::{
    DeadLetter, DeadLetters, FailureClass, LETTER_SHARDS, LetterFile, LetterStatus,
};
pub use depths::{Depths, QueueDepth};
pub use error::StoreError;
pub use inbox::{
    Answer, Claim, Claimed, FailedAs, FailedRun, Failures, Inbox, InboxRecord, LeaseError, Run,
    RunKey, RunStatus,
};
pub use journal::{InRequest, Journal, JournalPart, JournalRecord};
pub use letter_head::LetterHead;
pub use mailer::{Mail, MailError, Mailer};
pub use objects::{ObjectError, Objects, Pieces, UploadId};
pub use outbox::{Destination, Outbox, OutboxKey, OutboxRow, SHARDS};
pub use payloads::Payloads;
pub use permits::{Download, Downloads, PermittedDownload, PermittedUpload, Upload, Uploads};
pub use queue::{Posted, Queue, QueueError};
pub use rate::{Rates, Slots, SlotsAsked};
pub use secrets::{SecretError, Secrets};
pub use store::{CommitError, Item, Listing, MAX_KEYS, Page, Store};
pub use topic::{Topic, TopicError};
