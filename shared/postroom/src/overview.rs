//! The queues at a glance: what waits, what is being worked on, what was given up, and what has not been sent yet.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::clock::between;
use crate::office::{DeadLetterOffice, LetterFilter};
use crate::port::{Depths, Outbox, QueueError, SHARDS, StoreError};
use crate::verdict::{Classify, Refusal, Refuse, Verdict};

/// The most pages of a shard of the outbox that are counted. It is normally empty.
const MAX_PAGES: usize = 10;

/// How the queues stand, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Queues"))]
pub struct Overview {
    /// Every queue, and every name for which something is parked or waits in the outbox.
    pub queues: Vec<QueueOverview>,
    /// Whether there are more letters, or more messages in the outbox, than were counted: thousands.
    pub truncated: bool,
}

/// How one queue stands. Counts of the queue itself are approximate.
///
/// The age of its oldest message is not here: SQS tells it to CloudWatch alone, as `ApproximateAgeOfOldestMessage`.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Queue"))]
pub struct QueueOverview {
    /// The queue; `*` is the topic, for which there is the outbox alone.
    pub queue: String,
    /// Messages that may be taken.
    pub waiting: u64,
    /// Messages that a worker has, or that are hidden until they are tried again.
    pub in_flight: u64,
    /// Messages in its dead-letter queue, which are collected within moments.
    pub dead: u64,
    /// Open dead letters.
    pub parked: usize,
    /// Messages in the outbox that are due.
    pub outbox: usize,
    /// For how long the oldest of them is due.
    pub outbox_oldest_s: u64,
}

/// Why the queues cannot be told of.
#[derive(Debug, thiserror::Error)]
pub enum OverviewError {
    /// Queues could not be counted. The error says whether it passes.
    #[error("the queues could not be counted")]
    Queues {
        #[source]
        source: QueueError,
    },
    /// Letters or the outbox could not be read. The store knows whether that passes.
    #[error("what is parked or not sent could not be counted")]
    Store {
        #[source]
        source: StoreError,
    },
}

impl Classify for OverviewError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Queues { source } => source.verdict(),
            Self::Store { source } => source.verdict(),
        }
    }
}

impl Refuse for OverviewError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Queues { .. } | Self::Store { .. } => None,
        }
    }
}

impl Overview {
    /// Counts everything, in a bounded number of calls: of the outbox at most ten pages of each shard are read, and of
    /// letters as many as for [groups](DeadLetterOffice::groups).
    ///
    /// # Errors
    /// [`OverviewError`]; retryable as its source is.
    pub async fn read(
        depths: &dyn Depths,
        office: &DeadLetterOffice,
        outbox: &dyn Outbox,
        now: Timestamp,
    ) -> Result<Self, OverviewError> {
        let mut rows = Rows::default();
        let depths = depths.depths().await;
        for depth in depths.map_err(|source| OverviewError::Queues { source })? {
            let row = rows.of(&depth.queue);
            (row.waiting, row.in_flight, row.dead) = (depth.waiting, depth.in_flight, depth.dead);
        }
        let store = |source| OverviewError::Store { source };
        let letters = office.groups(&LetterFilter::default()).await.map_err(store)?;
        for group in letters.groups {
            rows.of(&group.queue).parked += group.letters;
        }
        let mut truncated = letters.truncated;
        for shard in 0..SHARDS {
            truncated |= rows.count_shard(outbox, shard, now).await.map_err(store)?;
        }
        Ok(Self { queues: rows.0.into_values().collect(), truncated })
    }
}

#[derive(Default)]
struct Rows(BTreeMap<String, QueueOverview>);

impl Rows {
    fn of(&mut self, queue: &str) -> &mut QueueOverview {
        let fresh = || QueueOverview { queue: queue.to_owned(), ..QueueOverview::default() };
        self.0.entry(queue.to_owned()).or_insert_with(fresh)
    }

    /// Counts what is due in a shard of the outbox, and answers whether there is more.
    async fn count_shard(
        &mut self,
        outbox: &dyn Outbox,
        shard: u8,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut after = None;
        for _ in 0..MAX_PAGES {
            let page = outbox.due(shard, now, after.as_deref()).await?;
            for found in page.items {
                let row = self.of(&found.to.to_string());
                row.outbox += 1;
                row.outbox_oldest_s = row.outbox_oldest_s.max(between(found.due, now).as_secs());
            }
            after = page.next;
            if after.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
