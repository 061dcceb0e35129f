//! The worker: takes the batch of one queue, runs its handler on each record, says what became of each.

mod handler;
mod lanes;
mod shards;
mod fetching;
mod record;
mod failure;
mod pace;
mod parking;
mod collector;
mod projector;
mod catch_up;
mod walker;
mod sweeper;
mod application;
mod wake_up;
mod fingerprint;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::lock::Mutex;
use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;

use crate::envelope::{DecodeError, RawEnvelope};
use crate::gate::Gate;
use crate::job::Job;
use crate::listener::Listener;
use crate::message::{Event, Message};
use crate::port::DeadLetters;
use crate::runtime::Runtime;
use crate::verdict::Blames;
use crate::worker::handler::{Gated, JobHandler, ListenerHandler, QueuedRun};
use crate::worker::lanes::Plan;

pub use collector::Collector;
#[cfg(feature = "simulation")]
pub(crate) use collector::GIVEN_UP;
#[cfg(feature = "simulation")]
pub(crate) use pace::ITS_OWN;
pub(crate) use projector::is_read_by;
pub use projector::{BuildsError, Projector};
pub use sweeper::Swept;
pub use wake_up::{StreamRecord, WakeUp};
pub use walker::{WalkError, Walked};

/// How many records of a batch run at the same time, at most one of each group.
const CONCURRENCY: usize = 10;
/// How often a record's handler may fail before its message is parked.
pub(crate) const MAX_ATTEMPTS: u32 = 5;
/// Not done, and nobody knows when it will be better.
const AGAIN: Disposition = Disposition::Redeliver { after: None };
/// Not tried for lack of time: another invocation has it.
const AT_ONCE: Disposition = Disposition::Redeliver { after: Some(Duration::ZERO) };

/// One message of a batch, as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The queue's id of the message: what is reported back. Not the event's id.
    pub message_id: String,
    /// The body, as received.
    pub body: String,
    /// Where the queue is a FIFO queue, its group: no two of it run at the same time, and a failed one stops the rest.
    pub group: Option<String>,
    /// How often the queue has given it out, this time included: a pace to come back at, and no count of attempts. It
    /// grows as well when nothing was tried.
    pub receives: u32,
    /// Why the body is no message of ours, where whoever received it had to read it and knows. It is parked with this reason.
    pub refused: Option<String>,
}

impl Record {
    /// The message that it brings.
    fn message(&self) -> Result<RawEnvelope, DecodeError> {
        match &self.refused {
            Some(reason) => Err(DecodeError::Refused { reason: reason.clone() }),
            None => RawEnvelope::parse(&self.body),
        }
    }
}

/// What has to happen to a record's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It is done, a duplicate, skipped, or parked as a dead letter: it may be deleted.
    Acknowledge,
    /// It is not: it has to be delivered again, not before `after` where somebody named a wait.
    Redeliver { after: Option<Duration> },
}

/// A worker lacks handlers of what its queue is sent. Permanent: its function was wired so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the table queues {} for {queue}, whose worker has no handler of it", types.join(", "))]
pub struct MissingHandlers {
    /// Whose queue.
    pub queue: &'static str,
    /// What nobody takes.
    pub types: Vec<&'static str>,
}

/// The handlers of one queue, by message type.
pub struct Worker {
    runtime: Runtime,
    dead_letters: Arc<dyn DeadLetters>,
    queue: &'static str,
    handlers: BTreeMap<&'static str, Box<dyn QueuedRun>>,
    /// Whether messages of other types than those are none of its business.
    ignores_unknown: bool,
    /// Whoever has it has a payload that was fetched.
    fetching: Mutex<()>,
}

impl Worker {
    /// What is left of an invocation's time when its last records are cancelled: for that to be recorded, and for the
    /// answer to leave.
    pub const MARGIN: Duration = Duration::from_secs(1);

    /// A worker for the queue of `handler`, that is of the listener or job of that name.
    pub fn new(
        handler: &'static str,
        runtime: Runtime,
        dead_letters: Arc<dyn DeadLetters>,
    ) -> Self {
        let (handlers, fetching) = (BTreeMap::new(), Mutex::new(()));
        let ignores_unknown = false;
        Self { runtime, dead_letters, queue: handler, handlers, ignores_unknown, fetching }
    }

    /// The same that acknowledges messages of types for which it has no handler, where they would be parked: its queue is
    /// subscribed to a family of events, of which it takes some.
    #[must_use]
    pub fn ignoring_unknown_types(self) -> Self {
        Self { ignores_unknown: true, ..self }
    }

    /// Runs `job` on messages of type `M`.
    ///
    /// # Panics
    /// When such messages have a handler here already, or the queue is not the job's.
    #[must_use]
    #[track_caller]
    pub fn job<M: Message, J: Job<M>>(self, job: J) -> Self {
        self.with(M::TYPE, Box::new(JobHandler::<M, J>::new(job, None)))
    }

    /// Runs `job` on messages of type `M`, as far as the gate of the service that it calls lets it.
    ///
    /// # Panics
    /// As [`job`](Self::job).
    #[must_use]
    #[track_caller]
    pub fn gated_job<M: Message, J: Job<M, Error: Blames>>(self, job: J, gate: Arc<Gate>) -> Self {
        let gated = Gated { gate, blame: J::Error::blame };
        self.with(M::TYPE, Box::new(JobHandler::<M, J>::new(job, Some(gated))))
    }

    /// Runs `listener` on events of type `E`.
    ///
    /// # Panics
    /// As [`job`](Self::job).
    #[must_use]
    #[track_caller]
    pub fn listener<E: Event, L: Listener<E>>(self, listener: L) -> Self {
        self.with(E::TYPE, Box::new(ListenerHandler::<E, L>::new(listener)))
    }

    #[track_caller]
    fn with(mut self, r#type: &'static str, handler: Box<dyn QueuedRun>) -> Self {
        let (queue, name) = (self.queue, handler.name());
        assert!(name == queue, "{name} is given messages of the queue of {queue}");
        let first = self.handlers.insert(r#type, handler);
        assert!(first.is_none(), "{queue} is given two handlers of {type}");
        self
    }

    /// Whether it takes whatever the table sends to its queue; a type it does not take would be parked, one message
    /// after the other.
    ///
    /// A type that it takes and no row sends any more is none of its mistakes: such messages may still be on their way.
    ///
    /// # Errors
    /// [`MissingHandlers`], naming what it does not take. A function that is wired so should not start.
    pub fn check(&self) -> Result<(), MissingHandlers> {
        let types = self.runtime.reactions().queued_for(self.queue);
        let missing: Vec<_> =
            types.into_iter().filter(|r#type| !self.handlers.contains_key(r#type)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(MissingHandlers { queue: self.queue, types: missing })
    }

    /// Processes a batch and answers, in its order, what has to happen to each record.
    ///
    /// Records run side by side, those of one group in their order: one that has to be delivered again stops the rest of
    /// its group, one that is parked does not. A record's failure, panic or malformed body is otherwise its own. A
    /// message that is in the batch twice runs once, and what becomes of it becomes of both.
    ///
    /// With a `deadline` no record starts that has less time than [it needs](Job::TIME_NEEDED) before the last second:
    /// it is redelivered at once. One that still runs in the last second is cancelled. If it had the time that it needs,
    /// or 5 s where it names none, that is a failed attempt; otherwise it is nobody's.
    pub async fn process(
        &self,
        records: &[Record],
        deadline: Option<Timestamp>,
    ) -> Vec<Disposition> {
        let stop = deadline
            .map(|deadline| deadline.saturating_sub(Self::MARGIN).unwrap_or(Timestamp::MIN));
        let Plan { lanes, run_by } = Plan::of(self, records);
        let mut lanes = lanes.into_iter();
        let mut running = FuturesUnordered::new();
        let mut ran = BTreeMap::new();
        loop {
            // A lane's future is made when it starts: those of a whole batch would not fit into a processor's cache.
            let starting = lanes.by_ref().take(CONCURRENCY - running.len());
            running.extend(starting.map(|lane| self.run_lane(lane, stop).boxed()));
            let Some(lane) = running.next().await else { break };
            ran.extend(lane);
        }
        run_by.iter().map(|index| ran[index]).collect()
    }

    /// The time by the clock its handlers run by.
    pub fn now(&self) -> Timestamp {
        self.runtime.ports().clock.now()
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("queue", &self.queue)
            .field("types", &self.handlers.keys())
            .finish_non_exhaustive()
    }
}
