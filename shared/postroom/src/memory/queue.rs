//! Queues that keep what was sent to them, and fail when they are told to.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::BoxFuture;
use crate::port::{Depths, OutboxRow, Posted, Queue, QueueDepth, QueueError};

/// The queues of some handlers, in memory. Clones share what they hold.
///
/// ```
/// let queue = postroom::memory::MemoryQueue::new(["charge-card"]);
/// assert!(queue.sent("charge-card").is_empty());
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryQueue {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    sent: BTreeMap<String, Vec<OutboxRow>>,
    sends_to_fail: usize,
    rows_to_refuse: usize,
}

impl MemoryQueue {
    /// One queue for each handler; there is none for any other.
    pub fn new<H: Into<String>>(handlers: impl IntoIterator<Item = H>) -> Self {
        let sent = handlers.into_iter().map(|handler| (handler.into(), Vec::new())).collect();
        Self { state: Arc::new(Mutex::new(State { sent, ..State::default() })) }
    }

    /// What the queue of a handler has accepted, in order.
    pub fn sent(&self, handler: &str) -> Vec<OutboxRow> {
        self.lock().sent.get(handler).cloned().unwrap_or_default()
    }

    /// Makes the next sends fail as a whole, retryably.
    pub fn fail_sends(&self, times: usize) {
        self.lock().sends_to_fail = times;
    }

    /// Makes the queue refuse the next rows, while it accepts what else is in their batch.
    pub fn refuse_rows(&self, rows: usize) {
        self.lock().rows_to_refuse = rows;
    }

    /// Takes what comes another way than by [`send`](Queue::send); lost, as there, where the handler has no queue.
    pub(crate) fn put(&self, row: OutboxRow) {
        if let Some(sent) = row.to.handler().map(str::to_owned)
            && let Some(sent) = self.lock().sent.get_mut(&sent)
        {
            sent.push(row);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue for MemoryQueue {
    fn send<'a>(
        &'a self,
        handler: &'a str,
        rows: &'a [OutboxRow],
    ) -> BoxFuture<'a, Result<Posted, QueueError>> {
        let posted = self.lock().send(handler, rows);
        Box::pin(ready(posted))
    }
}

impl Depths for MemoryQueue {
    fn depths(&self) -> BoxFuture<'_, Result<Vec<QueueDepth>, QueueError>> {
        let depth = |(queue, sent): (&String, &Vec<OutboxRow>)| QueueDepth {
            queue: queue.clone(),
            waiting: u64::try_from(sent.len()).unwrap_or(u64::MAX),
            ..QueueDepth::default()
        };
        let depths = self.lock().sent.iter().map(depth).collect();
        Box::pin(ready(Ok(depths)))
    }
}

impl State {
    fn send(&mut self, handler: &str, rows: &[OutboxRow]) -> Result<Posted, QueueError> {
        let handler = handler.to_owned();
        let Some(sent) = self.sent.get_mut(&handler) else {
            return Err(QueueError::Unknown { handler });
        };
        if rows.len() > <dyn Queue>::BATCH {
            let source = format!("a batch of {} rows", rows.len()).into();
            return Err(QueueError::Refused { handler, source });
        }
        if self.sends_to_fail > 0 {
            self.sends_to_fail -= 1;
            return Err(QueueError::Unavailable { handler, source: "told to fail".into() });
        }
        let refused = self.rows_to_refuse.min(rows.len());
        self.rows_to_refuse -= refused;
        sent.extend_from_slice(&rows[refused..]);
        let refused = (0..refused).map(|index| (index, "told to refuse".to_owned())).collect();
        Ok(Posted { refused })
    }
}
