//! The projector: keeps read models up with the journal, woken by its stream.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use jiff::Timestamp;
use tracing::{Instrument, info_span, warn};

use crate::clock::{between, later};
use crate::envelope::DecodeError;
use crate::port::{DeadLetters, JournalRecord, StoreError};
use crate::projection::{AnyProjection, Projection};
use crate::reason_of;
use crate::runtime::Runtime;
use crate::verdict::{Classify, Verdict};
use crate::worker::application::Application;
use crate::worker::record::{RECORDING, TIME_WITHOUT_DEADLINE, Unread};
use crate::worker::{AGAIN, AT_ONCE, Disposition, Record, StreamRecord, WakeUp, Worker};

/// The most events that one invocation applies, to all its read models together. The next goes on behind them.
const MAX_EVENTS: usize = 1_000;
/// How long it waits where a record has to come again and nobody named a wait. A shard has no delays of its own: what is
/// answered at once comes again at once.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest that it waits: its shard waits with it.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// Applies the events of a journal to its read models.
///
/// A record of the stream is a wake-up and the journal is the truth: whatever it does not have yet it reads there and
/// applies in order. So records may come twice, late, out of order between shards, or not at all before the next of their
/// stream.
///
/// An event that cannot be applied after its attempts is parked. Of its stream nothing more is applied then, so that no
/// read model ever leaves out an event, while all other streams go on. Redriven, it is applied, and what waited behind it.
pub struct Projector {
    worker: Worker,
    projections: Vec<Box<dyn AnyProjection>>,
}

/// What one invocation knows by now.
#[derive(Default)]
struct Progress {
    /// How far streams were applied, by projection and stream. They were never applied less.
    applied: BTreeMap<(&'static str, String), u64>,
    events: usize,
}

/// What became of an event.
enum Applied {
    Yes,
    /// Nor is what follows it, before somebody has decided about its dead letter.
    Parked,
    NotYet(Disposition),
}

impl Progress {
    /// More than any version: a stream of which nothing is applied for now.
    const PARKED: u64 = u64::MAX;
}

impl Projector {
    /// A projector whose dead letters come from the queue of this name.
    pub fn new(name: &'static str, runtime: Runtime, dead_letters: Arc<dyn DeadLetters>) -> Self {
        Self { worker: Worker::new(name, runtime, dead_letters), projections: Vec::new() }
    }

    /// Keeps up a read model.
    ///
    /// # Panics
    /// When there is one of that name: both would move one position.
    #[must_use]
    #[track_caller]
    pub fn projection<P: Projection>(mut self, projection: P) -> Self {
        let taken = self.projections.iter().any(|other| other.name() == P::NAME);
        assert!(!taken, "{} is the name of two projections", P::NAME);
        self.projections.push(Box::new(projection));
        self
    }

    /// Applies what the records of one shard tell, in their order, and answers the place of the first that has to come
    /// again; none behind it was begun.
    ///
    /// Nothing is begun in the last second before the `deadline`. Where a record has to come again it waits a little, as
    /// long as there is time: the shard would bring it back at once.
    pub async fn process(
        &self,
        records: &[StreamRecord],
        deadline: Option<Timestamp>,
    ) -> Option<usize> {
        let stop = self.stop_before(deadline);
        let mut progress = Progress::default();
        for (index, record) in records.iter().enumerate() {
            let disposition = self.wake_until(record, stop, &mut progress).await;
            if let Disposition::Redeliver { after } = disposition {
                let pause = after.unwrap_or(PAUSE).min(LONGEST_PAUSE);
                let pause = pause.min(between(self.now(), stop));
                self.worker.runtime.ports().clock.sleep(pause).await;
                return Some(index);
            }
        }
        None
    }

    /// Applies an event that came back through a queue, and what waits behind it.
    ///
    /// A `deadline` is kept as by [`process`](Self::process); nobody waits for a pause, since a queue has its own.
    pub async fn redriven(
        &self,
        record: &StreamRecord,
        deadline: Option<Timestamp>,
    ) -> Disposition {
        let stop = self.stop_before(deadline);
        self.wake_until(record, stop, &mut Progress::default()).await
    }

    fn stop_before(&self, deadline: Option<Timestamp>) -> Timestamp {
        match deadline {
            Some(deadline) => deadline.saturating_sub(Worker::MARGIN).unwrap_or(Timestamp::MIN),
            None => later(self.now(), TIME_WITHOUT_DEADLINE),
        }
    }

    async fn wake_until(
        &self,
        record: &StreamRecord,
        stop: Timestamp,
        progress: &mut Progress,
    ) -> Disposition {
        let left = between(self.now(), stop);
        let clock = &self.worker.runtime.ports().clock;
        match select(pin!(self.wake(record, stop, progress)), clock.sleep(left + RECORDING)).await {
            Either::Left((disposition, _)) => disposition,
            Either::Right(_) => AT_ONCE,
        }
    }

    /// The time by the clock it runs by.
    pub fn now(&self) -> Timestamp {
        self.worker.now()
    }

    async fn wake(
        &self,
        record: &StreamRecord,
        stop: Timestamp,
        progress: &mut Progress,
    ) -> Disposition {
        let wake_up = match &record.wake_up {
            Ok(wake_up) => wake_up,
            Err(error) => return self.park_unread(record, error.clone()).await,
        };
        let family = wake_up.stream.collection();
        let mut worst = Disposition::Acknowledge;
        // One that fails does not keep this event from the others.
        for projection in self.projections.iter().filter(|one| one.reads().contains(&&*family)) {
            let ended = self.catch_up(&**projection, record, wake_up, stop, progress).await;
            if worst == Disposition::Acknowledge {
                worst = ended;
            }
        }
        worst
    }

    /// Applies what there is of a stream by now, if not even the event that was told of is.
    async fn catch_up(
        &self,
        projection: &dyn AnyProjection,
        record: &StreamRecord,
        wake_up: &WakeUp,
        stop: Timestamp,
        progress: &mut Progress,
    ) -> Disposition {
        let name = projection.name();
        let key = (name, wake_up.stream.key(&wake_up.tenant_id));
        let mut applied = match progress.applied.get(&key) {
            Some(applied) => *applied,
            None => match self.worker.runtime.applied(name, wake_up).await {
                Ok(applied) => applied,
                Err(error) => return not_read(name, &error),
            },
        };
        let mut more = applied < wake_up.version;
        while more {
            let journal = &self.worker.runtime.ports().journal;
            let events = journal.stream(&wake_up.tenant_id, &wake_up.stream, applied);
            let page = match events.await {
                Ok(page) => page,
                Err(error) if error.verdict() == Verdict::Permanent => {
                    return self.park_unread(record, unreadable(&error)).await;
                }
                Err(error) => return not_read(name, &error),
            };
            for event in &page.items {
                match self.apply(projection, event, stop, progress).await {
                    Applied::Yes => applied = event.version(),
                    Applied::Parked => {
                        progress.applied.insert(key, Progress::PARKED);
                        return Disposition::Acknowledge;
                    }
                    Applied::NotYet(again) => return again,
                }
            }
            more = page.next.is_some();
        }
        if applied < wake_up.version {
            // The journal is the truth: who told of it was told wrong.
            warn!(handler = name, version = wake_up.version, "woken by an event that there is not");
        }
        progress.applied.insert(key, applied);
        Disposition::Acknowledge
    }

    /// Runs one event as any queued handler is run.
    async fn apply(
        &self,
        projection: &dyn AnyProjection,
        event: &JournalRecord,
        stop: Timestamp,
        progress: &mut Progress,
    ) -> Applied {
        if progress.events == MAX_EVENTS {
            return Applied::NotYet(AT_ONCE);
        }
        progress.events += 1;
        let envelope = event.envelope.clone();
        let (message_id, body) = (envelope.id.to_string(), envelope.to_body());
        let record = Record { message_id, body, group: None, receives: 1 };
        let application = Application::of(projection);
        let ran = self.worker.run_until(&record, Ok((envelope, &application)), Some(stop)).await;
        if ran != Disposition::Acknowledge {
            return Applied::NotYet(ran);
        }
        if application.is_applied() {
            return Applied::Yes;
        }
        // Parked, or done by somebody else after it had failed here: the position knows.
        let Some(wake_up) = WakeUp::of_event(&event.envelope) else { return Applied::Parked };
        match self.worker.runtime.applied(projection.name(), &wake_up).await {
            Ok(applied) if applied >= event.version() => Applied::Yes,
            Ok(_) => Applied::Parked,
            Err(error) => Applied::NotYet(not_read(projection.name(), &error)),
        }
    }

    async fn park_unread(&self, record: &StreamRecord, error: DecodeError) -> Disposition {
        let span = info_span!("record", message_id = record.sequence_number);
        let unread = Unread { envelope: None, error };
        let record = Record {
            message_id: record.sequence_number.clone(),
            body: record.body.clone(),
            group: None,
            receives: 1,
        };
        self.worker.park_unread(&record, &unread).instrument(span).await
    }
}

fn not_read(projection: &'static str, error: &(dyn std::error::Error + 'static)) -> Disposition {
    let reason = reason_of(error);
    warn!(reason, handler = projection, metric.failed = 1, "a stream could not be read");
    AGAIN
}

fn unreadable(error: &StoreError) -> DecodeError {
    DecodeError::Envelope { path: "envelope".to_owned(), message: reason_of(error) }
}

impl fmt::Debug for Projector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.projections.iter().map(|projection| projection.name());
        f.debug_list().entries(names).finish()
    }
}
