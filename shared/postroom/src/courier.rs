//! From the outbox to the queues and the topic: right after a commit, and later for what was left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{Either, select};
use jiff::Timestamp;
use tracing::{debug, info, warn};

use crate::clock::{Clock, between, milliseconds};
use crate::port::{
    Destination, Outbox, OutboxRow, Posted, Queue, SHARDS, StoreError, Topic, TopicError,
};
use crate::reason_of;

/// How long a request waits for the queues; they answer in milliseconds, or the relay is the better sender.
const HAND_OVER: Duration = Duration::from_secs(1);

/// Takes messages from the outbox to their queues, and events to the topic.
#[derive(Clone)]
pub struct Courier {
    outbox: Arc<dyn Outbox>,
    queue: Arc<dyn Queue>,
    topic: Option<Arc<dyn Topic>>,
    clock: Arc<dyn Clock>,
    /// Set once the queues took too long, where that was for many commands.
    given_up: Option<Arc<AtomicBool>>,
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
        Self { outbox, queue, topic: None, clock, given_up: None }
    }

    /// The same that also publishes. Without a topic, what is to be published stays in the outbox.
    #[must_use]
    pub fn with_topic(self, topic: Arc<dyn Topic>) -> Self {
        Self { topic: Some(topic), ..self }
    }

    /// The same for many commands of one run: it waits for queues that take too long once, and leaves the rest to the relay.
    pub(crate) fn for_one_run(&self) -> Self {
        Self { given_up: Some(Arc::default()), ..self.clone() }
    }

    /// Sends what was just committed and is due; never fails: what is not sent in time stays for the relay.
    pub(crate) async fn hand_over(&self, rows: &[OutboxRow]) {
        if self.given_up.as_ref().is_some_and(|given_up| given_up.load(Ordering::Relaxed)) {
            return;
        }
        let now = self.clock.now();
        let due: Vec<OutboxRow> = rows.iter().filter(|row| row.due <= now).cloned().collect();
        let mut round = Round::default();
        let delivered = pin!(self.deliver(due, Timestamp::MAX, &mut round));
        if let Either::Right(_) = select(delivered, self.clock.sleep(HAND_OVER)).await {
            warn!(rows = rows.len(), "messages stay in the outbox: their queue takes too long");
            if let Some(given_up) = &self.given_up {
                given_up.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Sends every row that was due by `by`, until `deadline`.
    ///
    /// `by` lies a little in the past, so that rows whose own sender is still at work are left to it; a row sent by
    /// both is a duplicate, which its handler's inbox absorbs. A message that no queue accepts stays and is tried again
    /// in every run. A queue that cannot be reached is left alone for the rest of the run, and so is a shard that cannot
    /// be read: neither holds up the others.
    ///
    /// # Errors
    /// A shard could not be read; retryable as the store says. What the others held is sent.
    pub async fn relay(&self, by: Timestamp, deadline: Timestamp) -> Result<Relayed, StoreError> {
        let mut round = Round::default();
        let mut failed = None;
        // Not always the same shard first: a run that does not get to the last ones is followed by one that does.
        let first = u8::try_from(by.as_second().rem_euclid(SHARDS.into())).unwrap_or(0);
        for shard in (first..SHARDS).chain(0..first) {
            if let Err(error) = self.relay_shard(shard, by, deadline, &mut round).await {
                failed.get_or_insert(error);
            }
        }
        if round.out_of_time {
            // Said aloud: a relay that cannot keep up fails at nothing, and is later with every run.
            warn!(sent = round.relayed.sent, "there was no time for all messages in the outbox");
        }
        let Relayed { sent, left } = round.relayed;
        info!(sent, left, "relayed the outbox");
        match failed {
            None => Ok(round.relayed),
            Some(error) => Err(error),
        }
    }

    async fn relay_shard(
        &self,
        shard: u8,
        by: Timestamp,
        deadline: Timestamp,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        let mut after = None;
        // Bounded by the rows that were due when the run began, and by the deadline.
        while self.clock.now() < deadline {
            let page = self.outbox.due(shard, by, after.as_deref()).await?;
            if after.is_none() {
                self.tell_age(shard, page.items.first());
            }
            self.deliver(page.items, deadline, round).await;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
        round.out_of_time = true;
        Ok(())
    }

    /// Tells how long the oldest row of a shard has been due, the first since they come in that order. At once: a run whose
    /// queues do not answer is cut off, and is the one whose age matters.
    fn tell_age(&self, shard: u8, oldest: Option<&OutboxRow>) {
        let age = oldest.map(|row| between(row.due, self.clock.now()));
        let age_ms = milliseconds(age.unwrap_or_default());
        debug!(
            shard,
            metric.outbox_age_ms = age_ms,
            "the messages of a shard are {age_ms} ms late at most"
        );
    }

    /// Sends rows batch by batch until `deadline`, and forgets those that were accepted.
    async fn deliver(&self, rows: Vec<OutboxRow>, deadline: Timestamp, round: &mut Round) {
        let mut accepted = Vec::new();
        for batch in batches(rows) {
            let out_of_time = self.clock.now() >= deadline;
            if out_of_time || round.unreachable.contains(&batch[0].to) {
                round.relayed.left += batch.len();
                round.out_of_time |= out_of_time;
                continue;
            }
            let refused = self.send(&batch, round).await;
            round.relayed.left += refused.len();
            let sent = batch.into_iter().enumerate();
            accepted.extend(sent.filter(|(index, _)| !refused.contains(index)).map(|(_, row)| row));
            while accepted.len() >= <dyn Outbox>::BATCH {
                let rest = accepted.split_off(<dyn Outbox>::BATCH);
                self.forget(std::mem::replace(&mut accepted, rest), round).await;
            }
        }
        self.forget(accepted, round).await;
    }

    /// Sends one batch and answers which of its rows were not accepted.
    async fn send(&self, batch: &[OutboxRow], round: &mut Round) -> BTreeSet<usize> {
        let to = &batch[0].to;
        let handler = to.handler();
        let posted = match to {
            Destination::Queue(handler) => {
                self.queue.send(handler, batch).await.map_err(|error| reason_of(&error))
            }
            Destination::Topic => self.publish(batch).await.map_err(|error| reason_of(&error)),
        };
        match posted {
            Ok(posted) => {
                for (index, reason) in &posted.refused {
                    let Some(row) = batch.get(*index) else { continue };
                    warn!(
                        handler,
                        event.id = %row.message_id,
                        correlation_id = %row.correlation_id,
                        reason,
                        "a message was refused; it stays in the outbox"
                    );
                }
                let published = batch.len() - posted.refused.len();
                debug!(handler, metric.published = published, "handed {published} messages over");
                posted.refused.into_iter().map(|(index, _)| index).collect()
            }
            Err(reason) => {
                warn!(handler, reason, rows = batch.len(), "messages stay in the outbox");
                round.unreachable.insert(to.clone());
                (0..batch.len()).collect()
            }
        }
    }

    async fn publish(&self, batch: &[OutboxRow]) -> Result<Posted, TopicError> {
        let topic = self.topic.as_ref().ok_or(TopicError::Unknown)?;
        topic.publish(batch).await
    }

    async fn forget(&self, rows: Vec<OutboxRow>, round: &mut Round) {
        if rows.is_empty() {
            return;
        }
        round.relayed.sent += rows.len();
        if let Err(error) = self.outbox.remove(&rows).await {
            // They will be sent once more; the inbox makes that harmless.
            warn!(
                reason = reason_of(&error),
                rows = rows.len(),
                "sent messages stay in the outbox"
            );
        }
    }
}

/// One run over the outbox.
#[derive(Debug, Default)]
struct Round {
    relayed: Relayed,
    /// What did not answer in this run.
    unreachable: BTreeSet<Destination>,
    /// Whether rows were left for want of time.
    out_of_time: bool,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").finish_non_exhaustive()
    }
}

/// Rows to one destination each, within what that takes at once.
fn batches(rows: Vec<OutboxRow>) -> Vec<Vec<OutboxRow>> {
    let mut open: BTreeMap<Destination, Vec<OutboxRow>> = BTreeMap::new();
    let mut full = Vec::new();
    for row in rows {
        let (most, most_bytes) = match row.to {
            Destination::Queue(_) => (<dyn Queue>::BATCH, <dyn Queue>::BATCH_BYTES),
            Destination::Topic => (<dyn Topic>::BATCH, <dyn Topic>::BATCH_BYTES),
        };
        let batch = open.entry(row.to.clone()).or_default();
        let bytes: usize = batch.iter().map(|row| row.body.len()).sum();
        let fits = batch.len() < most && bytes + row.body.len() <= most_bytes;
        if !fits {
            full.push(std::mem::take(batch));
        }
        batch.push(row);
    }
    full.extend(open.into_values());
    full.retain(|batch| !batch.is_empty());
    full
}
