//! SQS on this machine: standard and FIFO queues that behave as AWS documents.
//!
//! `queue` is one queue as a pure state machine, `queues` all of them together, [`Sqs`] the shared
//! handle that knows the time and waits, `protocol` the AWS JSON 1.0 wire. Everything is in memory;
//! `kept` is what may be written down, `disk` where. Where AWS is vague this server is strict: order in
//! a standard queue is kept, and a receipt that was overtaken by another deletes nothing.

mod error;
mod arn;
mod redrive;
mod settings;
mod message;
mod digest;
mod receipt;
mod deduplication;
mod turns;
mod entries;
mod queue;
mod queues;
mod moves;
mod kept;
mod disk;
mod handle;
pub(crate) mod protocol;

pub(crate) use self::arn::{FIFO_SUFFIX, queue_arn, queue_of_arn};
pub(crate) use self::digest::sha256_of_body;
pub use self::error::SqsError;
pub use self::handle::{Clock, Sqs};
pub use self::message::{AttributeValue, MessageAttribute, Received};
pub(crate) use self::message::{Draft, MOST_ATTRIBUTES};
