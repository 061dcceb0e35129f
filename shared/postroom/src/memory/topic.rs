//! A topic that passes on what is published to queues in memory, and fails when it is told to.

use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::BoxFuture;
use crate::memory::MemoryQueue;
use crate::message::Family;
use crate::port::{Destination, OutboxRow, Posted, Topic, TopicError};
use crate::reactions::Reactions;

/// The topic of some queues, in memory. Clones share what they hold.
///
/// ```
/// use postroom::memory::{MemoryQueue, MemoryTopic};
///
/// let queue = MemoryQueue::new(["send-notifications"]);
/// let topic = MemoryTopic::of(queue).subscribed("send-notifications", "user.*");
/// assert!(topic.published().is_empty());
/// ```
#[derive(Debug, Clone)]
pub struct MemoryTopic {
    queue: MemoryQueue,
    /// Who wants what.
    subscriptions: Vec<(String, Family)>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    published: Vec<OutboxRow>,
    batches_to_fail: usize,
    rows_to_refuse: usize,
}

impl MemoryTopic {
    /// A topic to which none of these queues is subscribed yet.
    pub fn of(queue: MemoryQueue) -> Self {
        Self { queue, subscriptions: Vec::new(), state: Arc::default() }
    }

    /// A topic to which every handler is subscribed that a table publishes anything to, for just that.
    pub fn of_table(queue: MemoryQueue, reactions: &Reactions) -> Self {
        let types = reactions.types().into_iter();
        let pairs = types
            .flat_map(|r#type| reactions.published(r#type).iter().map(move |to| (*to, r#type)));
        pairs.fold(Self::of(queue), |topic, (handler, r#type)| topic.subscribed(handler, r#type))
    }

    /// The same with the queue of a handler subscribed to a type, or to a family such as `user.*`.
    #[must_use]
    pub fn subscribed(mut self, handler: &str, types: &'static str) -> Self {
        self.subscriptions.push((handler.to_owned(), Family::named(types)));
        self
    }

    /// What it has accepted, in order.
    pub fn published(&self) -> Vec<OutboxRow> {
        self.lock().published.clone()
    }

    /// Makes the next batches fail as a whole, retryably.
    pub fn fail_batches(&self, times: usize) {
        self.lock().batches_to_fail = times;
    }

    /// Makes the topic refuse the next rows, while it accepts what else is in their batch.
    pub fn refuse_rows(&self, rows: usize) {
        self.lock().rows_to_refuse = rows;
    }

    fn accept(&self, rows: &[OutboxRow]) -> Result<Posted, TopicError> {
        let bytes: usize = rows.iter().map(|row| row.body.len()).sum();
        if rows.len() > <dyn Topic>::BATCH || bytes > <dyn Topic>::BATCH_BYTES {
            let source = format!("a batch of {} rows and {bytes} bytes", rows.len()).into();
            return Err(TopicError::Refused { source });
        }
        let mut state = self.lock();
        if state.batches_to_fail > 0 {
            state.batches_to_fail -= 1;
            return Err(TopicError::Unavailable { source: "told to fail".into() });
        }
        let refused = state.rows_to_refuse.min(rows.len());
        state.rows_to_refuse -= refused;
        for row in &rows[refused..] {
            state.published.push(row.clone());
            self.deliver(row);
        }
        let refused = (0..refused).map(|index| (index, "told to refuse".to_owned())).collect();
        Ok(Posted { refused })
    }

    /// Each queue gets it once, whatever number of its subscriptions want it.
    fn deliver(&self, row: &OutboxRow) {
        let mut wanting: Vec<&String> = self
            .subscriptions
            .iter()
            .filter(|(_, family)| family.has(&row.r#type))
            .map(|(handler, _)| handler)
            .collect();
        wanting.dedup();
        for handler in wanting {
            self.queue.put(OutboxRow { to: Destination::Queue(handler.clone()), ..row.clone() });
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Topic for MemoryTopic {
    fn publish<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<Posted, TopicError>> {
        let posted = self.accept(rows);
        Box::pin(ready(posted))
    }
}
