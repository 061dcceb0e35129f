//! Event-source mappings: pollers that carry messages from a queue, and records from a stream, to a function.

mod event;
mod response;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::aws::Streams;
use crate::lambda::{Invoke, PAYLOAD_BYTES};
use crate::sqs::{Received, Sqs, SqsError};
use crate::template::{Mapping, Stack};
use response::Verdict;
use stream::StreamPoller;

/// The longest wait of one receive, as on SQS.
const LONG_POLL: Duration = Duration::from_secs(20);
/// The most messages of one receive, as on SQS.
const RECEIVE_MAX: usize = 10;
/// The most batches of a mapping at the same time. Lambda begins with as many and adds more, up to hundreds; one machine
/// would only be crowded by them.
const MOST_BATCHES: usize = 5;
/// The pause after a queue could not be read, or a function could not be reached.
const PAUSE: Duration = Duration::from_secs(1);

/// How many batches of a mapping may be in flight at the same time.
pub(crate) fn concurrency(mapping: &Mapping) -> usize {
    mapping.maximum_concurrency.unwrap_or(MOST_BATCHES).min(MOST_BATCHES)
}

/// The running mappings; dropping them stops them.
///
/// A message that was received and not yet handed over when they stop is not lost: its visibility
/// times out.
#[derive(Debug, Default)]
pub(crate) struct Mappings {
    pollers: JoinSet<()>,
}

impl Mappings {
    pub(crate) fn start(
        stack: &Stack,
        sqs: &Sqs,
        streams: &Streams,
        functions: &Arc<dyn Invoke>,
    ) -> Self {
        let mut pollers = JoinSet::new();
        for mapping in &stack.stream_mappings {
            let poller = StreamPoller {
                mapping: mapping.clone(),
                streams: streams.clone(),
                sqs: sqs.clone(),
                functions: Arc::clone(functions),
            };
            pollers.spawn(async move { poller.run_forever().await });
        }
        Self::add_queues(&mut pollers, &stack.mappings, sqs, functions);
        Self { pollers }
    }

    fn add_queues(
        pollers: &mut JoinSet<()>,
        mappings: &[Mapping],
        sqs: &Sqs,
        functions: &Arc<dyn Invoke>,
    ) {
        for mapping in mappings {
            for _ in 0..concurrency(mapping) {
                let poller = Poller {
                    mapping: mapping.clone(),
                    sqs: sqs.clone(),
                    functions: Arc::clone(functions),
                };
                pollers.spawn(async move { poller.run_forever().await });
            }
        }
    }

    pub(crate) async fn stop(mut self) {
        self.pollers.shutdown().await;
    }
}

/// Takes one batch after the other.
#[derive(Debug)]
struct Poller {
    mapping: Mapping,
    sqs: Sqs,
    functions: Arc<dyn Invoke>,
}

impl Poller {
    async fn run_forever(&self) {
        loop {
            match self.gather().await {
                Ok(messages) => {
                    let arn = &self.mapping.queue_arn;
                    for batch in event::split(&messages, arn, PAYLOAD_BYTES) {
                        self.deliver(&batch).await;
                    }
                }
                Err(error) => {
                    tracing::warn!("cannot receive from {}: {error}", self.mapping.queue);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Receives a batch: what is there, or up to the batch size within the batching window. The window begins with the
    /// first message, and ends early when the batch has what one invocation can take.
    async fn gather(&self) -> Result<Vec<Received>, SqsError> {
        let size = self.mapping.batch_size;
        let mut batch = self.receive(size, LONG_POLL).await?;
        if batch.is_empty() {
            return Ok(batch);
        }
        let until = Instant::now() + self.mapping.batching_window;
        loop {
            let missing = size.saturating_sub(batch.len());
            let bytes: usize = batch.iter().map(|message| message.body.len()).sum();
            let wait = until.saturating_duration_since(Instant::now()).min(LONG_POLL);
            if missing == 0 || bytes >= PAYLOAD_BYTES || wait.is_zero() {
                return Ok(batch);
            }
            match self.receive(missing, wait).await {
                Ok(more) => batch.extend(more),
                // Those that were received are delivered; the next receive tells the error.
                Err(_) => return Ok(batch),
            }
        }
    }

    /// One receive. What no filter lets pass is deleted and counts for no batch.
    async fn receive(&self, most: usize, wait: Duration) -> Result<Vec<Received>, SqsError> {
        let Mapping { queue, filters, .. } = &self.mapping;
        let received = self.sqs.receive(queue, most.min(RECEIVE_MAX), wait).await?;
        let (passed, filtered): (Vec<_>, Vec<_>) =
            received.into_iter().partition(|message| filters.pass(&message.body));
        for message in &filtered {
            self.delete(message);
        }
        Ok(passed)
    }

    async fn deliver(&self, batch: &[Received]) {
        let function = &self.mapping.function;
        let event = event::build(batch, &self.mapping.queue_arn);
        let answer = self.functions.invoke(function, Bytes::from(event.to_string())).await;
        let ids: BTreeSet<&str> = batch.iter().map(|m| m.message_id.as_str()).collect();
        let returned =
            match response::decide(&answer, &ids, self.mapping.report_batch_item_failures) {
                Verdict::DeleteAll => BTreeSet::new(),
                Verdict::Return(returned) => returned,
                Verdict::ReturnAll { reason } => {
                    tracing::warn!(function, "{} messages return: {reason}", batch.len());
                    if answer.is_err() {
                        // A function that does not start must not empty the queue into it.
                        sleep(PAUSE).await;
                    }
                    return;
                }
            };
        for message in batch.iter().filter(|message| !returned.contains(&message.message_id)) {
            self.delete(message);
        }
    }

    fn delete(&self, message: &Received) {
        if let Err(error) = self.sqs.delete(&self.mapping.queue, &message.receipt_handle) {
            // It returns, and is a duplicate then, as can happen on AWS.
            tracing::debug!("cannot delete message {}: {error}", message.message_id);
        }
    }
}
