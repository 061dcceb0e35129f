//! The outbox: messages committed with the change that caused them, kept until their queue or the topic accepted them.

use std::fmt;

use jiff::Timestamp;

use crate::BoxFuture;
use crate::id::{CorrelationId, MessageId};
use crate::port::{Page, StoreError};

/// Over how many partitions rows are spread, so that no single one bounds the write rate.
pub const SHARDS: u8 = 8;

/// Rows that transactions put; read and removed here.
pub trait Outbox: Send + Sync {
    /// Rows of one shard that are due by `by`, the earliest first; a page at a time.
    fn due<'a>(
        &'a self,
        shard: u8,
        by: Timestamp,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<OutboxRow>, StoreError>>;

    /// Forgets rows that were accepted; one that is gone already is no error.
    fn remove<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<(), StoreError>>;
}

impl dyn Outbox {
    /// How many rows are worth removing at once: what one DynamoDB call deletes.
    // The documentation of `aws-sdk-dynamodb` 1.136, read 2026-11-21.
    pub const BATCH: usize = 25;
}

/// Where a message is sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// To the queue of a handler, which is called as the handler is.
    Queue(String),
    /// To the [topic](crate::port::Topic): whoever is subscribed gets it.
    Topic,
}

impl Destination {
    /// The handler to whose queue it is; none of the topic's.
    pub fn handler(&self) -> Option<&str> {
        match self {
            Self::Queue(handler) => Some(handler),
            Self::Topic => None,
        }
    }
}

impl fmt::Display for Destination {
    /// The handler, or `*`, which no handler is called.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.handler().unwrap_or("*"))
    }
}

/// One message to one queued handler, or to the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The event or task.
    pub message_id: MessageId,
    /// Where it is sent.
    pub to: Destination,
    /// When it may be sent; later than its commit means a delay.
    pub due: Timestamp,
    /// The envelope as it travels.
    pub body: String,
    /// The message's wire name, sent as an attribute.
    pub r#type: String,
    /// The chain, sent as an attribute.
    pub correlation_id: CorrelationId,
    /// Of a handler that is `queued_in_order`: what it must not be given at the same time with others of this group, made
    /// of the tenant and the envelope's subject. Of any other: whose messages these are, made of the tenant alone, so that
    /// one with many does not hold up the rest. Opaque, 36 characters of `0-9a-f-`; what was written before there were the
    /// latter has none.
    pub group: Option<String>,
    /// The command by which a person, or the replay by which somebody, had its message sent once more, which a FIFO queue
    /// then takes for another one than it had before.
    pub decision: Option<MessageId>,
}

impl OutboxRow {
    /// Where it lies.
    pub fn key(&self) -> OutboxKey {
        OutboxKey::of(self.message_id, &self.to, self.due)
    }

    /// The partition.
    pub fn shard(&self) -> u8 {
        shard_of(self.message_id)
    }

    /// Where it lies in its shard.
    pub fn position(&self) -> String {
        self.key().position
    }
}

/// Where a row lies, which is known of one that was not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutboxKey {
    /// The partition, by a hash that spreads evenly and never changes (the message's id is one already).
    pub shard: u8,
    /// Within it: `2026-11-21T09:30:00.000000Z#message-id#handler`, of the topic `…#*`.
    pub position: String,
}

impl OutboxKey {
    pub(crate) fn of(message_id: MessageId, to: &Destination, due: Timestamp) -> Self {
        let position = format!("{}#{message_id}#{to}", crate::sortable(due));
        Self { shard: shard_of(message_id), position }
    }
}

fn shard_of(message_id: MessageId) -> u8 {
    message_id.uuid().as_bytes()[15] % SHARDS
}
