//! SNS on this machine: standard and FIFO topics that pass on what is published to queues.
//!
//! `topics` is all of them as a pure state machine, `message` what is published and how a queue gets it, [`Sns`] the
//! shared handle, `protocol` the AWS query wire. Everything is in memory: topics of the template are there again at the
//! next start, and messages are the queues'.
//!
//! What is published is delivered before the publisher is answered, in the order in which it came. It goes to SQS alone, and
//! whoever may call this endpoint may do everything. A queue that does not take a message is not tried again: the message goes
//! to the subscription's dead-letter queue, or it is lost with a warning, as it would be on AWS after its retries. A FIFO topic
//! leaves it to its FIFO queues to drop what is published twice.
//!
//! Rules of a filter policy are those of an event source mapping ([`crate::filter`]); what SNS has beyond them, as `cidr` and
//! `wildcard`, is refused when it is set.

mod error;
mod filter_policy;
mod handle;
mod message;
mod subscription;
mod topics;
pub(crate) mod protocol;

pub use self::error::SnsError;
pub use self::handle::Sns;
pub(crate) use self::topics::topic_arn;
