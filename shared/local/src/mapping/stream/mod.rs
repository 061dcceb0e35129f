//! Mappings of a table's stream: one poller a shard, which hands over one batch at a time.

mod backlog;
mod discarded;
mod event;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::event::FRAME_BYTES;
use super::response;
use crate::aws::{AwsError, Records, Shard, Streams};
use crate::lambda::{Invoke, InvokeError, PAYLOAD_BYTES, Response};
use crate::sqs::{Draft, Sqs};
use crate::template::StreamMapping;
use backlog::{Backlog, Discarded, Ended};

/// How long a shard rests that had nothing, as on AWS, which looks four times a second.
// <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>, read 2026-11-22.
const POLL: Duration = Duration::from_millis(250);
/// The most records of one reading, as of `GetRecords`.
const READ_MAX: usize = 1_000;
/// The pause after a batch failed for the first time; each time it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The pause after a stream could not be read.
const UNREADABLE: Duration = Duration::from_secs(1);

/// Carries the records of one shard to a function.
#[derive(Debug)]
pub(super) struct StreamPoller {
    pub(super) mapping: StreamMapping,
    pub(super) streams: Streams,
    pub(super) sqs: Sqs,
    pub(super) functions: Arc<dyn Invoke>,
}

/// Where a poller stands.
#[derive(Debug)]
struct Reading {
    shard: Shard,
    iterator: String,
    backlog: Backlog,
}

impl StreamPoller {
    /// Positions are kept by nobody: a system that is started again begins where its mapping says, and who consumes a
    /// stream has to know what it has done, as after a redelivery on AWS.
    pub(super) async fn run_forever(&self) {
        let table = &self.mapping.table;
        let mut reading = loop {
            match self.begin().await {
                Ok(reading) => break reading,
                Err(error) => tracing::warn!("cannot read the stream of {table}: {error}"),
            }
            sleep(UNREADABLE).await;
        };
        loop {
            if let Err(error) = self.gather(&mut reading).await {
                tracing::warn!("cannot read the stream of {table}: {error}");
                sleep(UNREADABLE).await;
            }
            while reading.backlog.next().is_some() {
                self.deliver(&mut reading).await;
            }
        }
    }

    async fn begin(&self) -> Result<Reading, AwsError> {
        let shard = self.streams.shard(&self.mapping.table).await?;
        let iterator = self.streams.start(&shard, self.mapping.starting_position.name()).await?;
        Ok(Reading { shard, iterator, backlog: Backlog::default() })
    }

    /// Reads a batch: what is there, or up to the batch size within the batching window, which begins with the first
    /// record and ends early when the batch has what one invocation can take. What no filter lets pass counts for none.
    async fn gather(&self, reading: &mut Reading) -> Result<(), AwsError> {
        let StreamMapping { batch_size, batching_window, filters, .. } = &self.mapping;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        let mut until = None;
        loop {
            let missing = batch_size.saturating_sub(batch.len()).min(READ_MAX);
            let read = self.streams.read(&reading.iterator, missing).await;
            let Ok(Records { records, next }) = read else {
                // Those that were read are delivered; the next reading tells the error.
                reading.backlog.push(batch);
                return read.map(drop);
            };
            reading.iterator = next;
            let rested = records.is_empty();
            let records = records.into_iter().filter_map(|one| event::record(one, &reading.shard));
            for record in records.filter(|record| filters.pass_record(record)) {
                let size = record.to_string().len() + 1;
                if bytes + size > PAYLOAD_BYTES - FRAME_BYTES && !batch.is_empty() {
                    reading.backlog.push(std::mem::take(&mut batch));
                    bytes = 0;
                }
                bytes += size;
                batch.push(record);
            }
            if !batch.is_empty() && until.is_none() {
                until = Some(Instant::now() + *batching_window);
            }
            let over = until.is_some_and(|until| until <= Instant::now());
            if over || batch.len() >= *batch_size || reading.backlog.next().is_some() {
                reading.backlog.push(batch);
                return Ok(());
            }
            if rested {
                let left = until.map(|until| until.saturating_duration_since(Instant::now()));
                sleep(left.unwrap_or(POLL).min(POLL)).await;
            }
        }
    }

    /// Hands over the next batch once.
    async fn deliver(&self, reading: &mut Reading) {
        let Reading { shard, backlog, .. } = reading;
        let patience = &self.mapping.patience;
        if let Some(expired) = backlog.expire(Timestamp::now(), patience) {
            return self.give_up(&expired, shard, None);
        }
        let Some(batch) = backlog.next() else { return };
        let event = event::build(&batch.records).to_string();
        let answer = self.functions.invoke(&self.mapping.function, Bytes::from(event)).await;
        let ids: BTreeSet<&str> = batch.records.iter().map(event::sequence_number).collect();
        let verdict = response::decide(&answer, &ids, self.mapping.report_batch_item_failures);
        if let response::Verdict::ReturnAll { reason } = &verdict {
            let (function, count) = (&self.mapping.function, ids.len());
            tracing::warn!(function, "{count} records return: {reason}");
        }
        match backlog.end(&verdict, patience) {
            Ended::GoesOn => {}
            Ended::Again { failures } => sleep(pause(failures)).await,
            Ended::Discarded(discarded) => self.give_up(&discarded, shard, Some(&answer)),
        }
    }

    /// Sends where the records were to the destination of failures, if the mapping has one.
    fn give_up(
        &self,
        discarded: &Discarded,
        shard: &Shard,
        last: Option<&Result<Response, InvokeError>>,
    ) {
        let function = &self.mapping.function;
        let count = discarded.batch.records.len();
        tracing::warn!(function, "{count} records are given up: {:?}", discarded.condition);
        let Some(queue) = &self.mapping.on_failure else { return };
        let message = discarded::message(discarded, function, shard, last, Timestamp::now());
        let draft = Draft { body: message.to_string(), ..Draft::default() };
        let sent = self.sqs.change(|queues, now| {
            queues.get_mut(queue)?.send(draft, Uuid::now_v7(), now).map(drop)
        });
        if let Err(error) = sent {
            tracing::warn!(function, "what was given up cannot be sent to {queue}: {error}");
        }
    }
}

fn pause(failures: u32) -> Duration {
    let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}
