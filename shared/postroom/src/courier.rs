//! From the outbox to the queues: right after a commit, and later for what was left behind.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tracing::warn;

use crate::clock::Clock;
use crate::port::{Outbox, OutboxRow, Queue, SHARDS, StoreError};
use crate::reason_of;

/// Takes messages from the outbox to their queues.
#[derive(Clone)]
pub struct Courier {
    outbox: Arc<dyn Outbox>,
    queue: Arc<dyn Queue>,
    clock: Arc<dyn Clock>,
}

/// What a relay run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Relayed {
    /// Rows whose queue accepted them.
    pub sent: usize,
    /// Rows that stay for the next run.
    pub left: usize,
}

impl Courier {
    /// A courier between one outbox and its queues.
    pub fn new(outbox: Arc<dyn Outbox>, queue: Arc<dyn Queue>, clock: Arc<dyn Clock>) -> Self {
        Self { outbox, queue, clock }
    }

    /// Sends what was just committed and is due; never fails: what is not sent stays in the outbox.
    pub(crate) async fn hand_over(&self, rows: &[OutboxRow]) {
        let now = self.clock.now();
        let due: Vec<OutboxRow> = rows.iter().filter(|row| row.due <= now).cloned().collect();
        self.deliver(due).await;
    }

    /// Sends every row that was due by `by`, until `deadline`.
    ///
    /// `by` lies a little in the past, so that rows whose own sender is still at work are left to it; a row sent by
    /// both is a duplicate, which its handler's inbox absorbs. A message that no queue accepts stays and is tried again
    /// in every run: the age of the outbox shows it.
    ///
    /// # Errors
    /// The outbox could not be read; retryable as the store says. Rows sent until then are sent.
    pub async fn relay(&self, by: Timestamp, deadline: Timestamp) -> Result<Relayed, StoreError> {
        let mut relayed = Relayed::default();
        for shard in 0..SHARDS {
            let mut after = None;
            // Bounded by the rows that were due when the run began, and by the deadline.
            loop {
                if self.clock.now() >= deadline {
                    return Ok(relayed);
                }
                let page = self.outbox.due(shard, by, after.as_deref()).await?;
                let count = page.items.len();
                let sent = self.deliver(page.items).await;
                relayed.sent += sent;
                relayed.left += count - sent;
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(relayed)
    }

    /// Sends rows batch by batch and forgets those that were accepted. Answers how many those are.
    async fn deliver(&self, rows: Vec<OutboxRow>) -> usize {
        let mut accepted = Vec::with_capacity(rows.len());
        for batch in batches(rows) {
            let handler = batch[0].handler.clone();
            match self.queue.send(&handler, &batch).await {
                Ok(posted) => {
                    for (index, reason) in &posted.refused {
                        let id = batch.get(*index).map(|row| row.message_id.to_string());
                        warn!(
                            handler,
                            message_id = id,
                            reason,
                            "the queue refused a message; it stays in the outbox"
                        );
                    }
                    let refused = |index| posted.refused.iter().any(|(other, _)| *other == index);
                    let kept = batch.into_iter().enumerate();
                    accepted.extend(kept.filter(|(index, _)| !refused(*index)).map(|(_, row)| row));
                }
                Err(error) => {
                    warn!(
                        handler,
                        reason = reason_of(&error),
                        rows = batch.len(),
                        "messages stay in the outbox"
                    );
                }
            }
        }
        if !accepted.is_empty()
            && let Err(error) = self.outbox.remove(&accepted).await
        {
            // They will be sent once more; the inbox makes that harmless.
            warn!(
                reason = reason_of(&error),
                rows = accepted.len(),
                "sent messages stay in the outbox"
            );
        }
        accepted.len()
    }
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").finish_non_exhaustive()
    }
}

/// Rows of one handler each, within what a queue takes at once.
fn batches(rows: Vec<OutboxRow>) -> Vec<Vec<OutboxRow>> {
    let mut open: BTreeMap<String, Vec<OutboxRow>> = BTreeMap::new();
    let mut full = Vec::new();
    for row in rows {
        let batch = open.entry(row.handler.clone()).or_default();
        let bytes: usize = batch.iter().map(|row| row.body.len()).sum();
        let fits =
            batch.len() < <dyn Queue>::BATCH && bytes + row.body.len() <= <dyn Queue>::BATCH_BYTES;
        if !fits {
            full.push(std::mem::take(batch));
        }
        batch.push(row);
    }
    full.extend(open.into_values());
    full.retain(|batch| !batch.is_empty());
    full
}
