//! State: items with versions, read consistently, written only by whole transactions.

use serde_json::Value;

use crate::BoxFuture;
use crate::live::{LiveItem, LiveShard};
use crate::port::StoreError;
use crate::stored::{Key, Partition};
use crate::transaction::Transaction;
use crate::verdict::{Classify, Verdict};

/// Items by key, and the one way to write: a transaction.
pub trait Store: Send + Sync {
    /// The item at `key`, as of now (a consistent read).
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>>;

    /// The items at up to [`MAX_KEYS`] keys, none of them there twice, in the order of the keys. Each is as of now (a
    /// consistent read), and not all are as of one moment.
    fn get_many<'a>(
        &'a self,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Item>>, StoreError>>;

    /// One page of a partition, in the order of ids, as of now (a consistent read).
    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>>;

    /// One page of what is live in a shard, that of each tenant together; it may lag behind the last writes.
    fn live<'a>(
        &'a self,
        shard: &'a LiveShard,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LiveItem>, StoreError>>;

    /// Writes all of it, or nothing.
    ///
    /// Sent again with the same token it commits once and answers `Ok` both times (DynamoDB: for 10 minutes).
    // `ClientRequestToken`: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>,
    // as in the documentation of `aws-sdk-dynamodb` 1.136.0, read 2026-11-21.
    fn commit<'a>(&'a self, tx: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>>;
}

/// The most items that are read at once.
// `BatchGetItem`: the documentation of `aws-sdk-dynamodb` 1.136, read 2026-11-22.
pub const MAX_KEYS: usize = 100;

/// A stored item.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Where it lives.
    pub key: Key,
    /// Grows by one with every write.
    pub version: u64,
    /// The version of the last event on the item's stream; 0 before the first.
    pub head: u64,
    /// Where schedules find it, while it is live.
    pub live: Option<LiveShard>,
    /// The thing itself, as JSON.
    pub data: Value,
}

/// Which part of a partition to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// What is listed.
    pub partition: Partition,
    /// Only ids that begin so, byte for byte; empty: all.
    pub prefix: String,
    /// From the last id to the first.
    pub descending: bool,
    /// At most so many, 1-100.
    pub limit: usize,
    /// Start behind this id, which need not be there, nor begin so.
    pub after: Option<String>,
}

/// Some of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// In the order asked for.
    pub items: Vec<T>,
    /// Give it back as the next listing's start; `None`: this was the end.
    pub next: Option<String>,
}

/// Why a transaction was not, or perhaps not, committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Something read or claimed has changed: nothing was written. Decide again from fresh reads.
    #[error("lost a race for {}", if *.record { "the inbox record" } else { "an item" })]
    Condition {
        /// Whether the inbox record was among what had changed: it is there already, or the lease is lost.
        record: bool,
    },
    /// Nobody knows whether it was written. Send the identical transaction again.
    #[error("the outcome of the transaction is unknown")]
    Unknown {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nothing was written, and the store says why.
    #[error("the transaction was not written")]
    Store {
        #[source]
        source: StoreError,
    },
}

impl Classify for CommitError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Condition { .. } | Self::Unknown { .. } => Verdict::RETRY,
            Self::Store { source } => source.verdict(),
        }
    }
}
