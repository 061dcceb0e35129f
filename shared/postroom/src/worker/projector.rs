//! The projector: keeps read models up with the journal, woken by its stream.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::try_join_all;
use jiff::Timestamp;

use crate::CODE_VERSION;
use crate::clock::{between, later};
use crate::port::DeadLetters;
use crate::projection::{AnyProjection, Build, Projection, Projections};
use crate::reader::ReadError;
use crate::rebuild::{AdoptBuild, Builds};
use crate::runtime::{ExecuteError, Runtime};
use crate::tx::TxError;
use crate::verdict::{Classify, Verdict};
use crate::worker::catch_up::{CaughtUp, Progress, not_read};
use crate::worker::record::RECORDING;
use crate::worker::{AT_ONCE, Disposition, StreamRecord, WakeUp, Worker};

/// Applies the events of a journal to its read models.
///
/// A record of the stream is a wake-up and the journal is the truth: whatever it does not have yet it reads there and
/// applies in order. So records may come twice, late, out of order between shards, or not at all before the next of their
/// stream.
///
/// An event that cannot be applied after its attempts is parked. Of its stream nothing more is applied then, so that no
/// read model ever leaves out an event, while all other streams go on. Redriven, it is applied, and what waited behind it.
///
/// While a read model is [rebuilt](crate::Rebuilds), events are applied to both builds, and [`walk`](Self::walk) applies
/// to the new one what was there before.
pub struct Projector {
    pub(super) worker: Worker,
    pub(super) projections: Projections,
}

/// Why it is not known which builds there are.
#[derive(Debug, thiserror::Error)]
pub enum BuildsError {
    /// They could not be read.
    #[error("the builds of {projection} could not be read")]
    Read {
        projection: &'static str,
        #[source]
        source: ReadError,
    },
    /// That this code makes one could not be written down.
    #[error("the build of {projection} could not be taken over")]
    Adopt {
        projection: &'static str,
        #[source]
        source: Box<ExecuteError<TxError>>,
    },
}

impl Classify for BuildsError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Read { source, .. } => source.verdict(),
            Self::Adopt { source, .. } => source.verdict(),
        }
    }
}

/// The builds that what is told is applied to, as they stood after it had been told.
struct Targets<'a> {
    live: Vec<Build<'a>>,
    being_made: Vec<Build<'a>>,
}

/// Where a pass over records has stopped: at which, and what has to happen to it.
type Stopped = Option<(usize, Disposition)>;

impl Projector {
    /// A projector whose dead letters come from the queue of this name.
    pub fn new(name: &'static str, runtime: Runtime, dead_letters: Arc<dyn DeadLetters>) -> Self {
        Self {
            worker: Worker::new(name, runtime, dead_letters),
            projections: Projections::default(),
        }
    }

    /// Keeps up a read model.
    ///
    /// # Panics
    /// As [`Projections::with`].
    #[must_use]
    #[track_caller]
    pub fn projection<P: Projection>(mut self, projection: P) -> Self {
        self.projections = self.projections.with(projection);
        self
    }

    /// Keeps up these read models, and no others.
    #[must_use]
    pub fn projections(self, projections: Projections) -> Self {
        Self { projections, ..self }
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
        let (index, disposition) = self.apply(records, stop).await?;
        let Disposition::Redeliver { after } = disposition else { return None };
        self.worker.pause(after, stop).await;
        Some(index)
    }

    /// Applies an event that came back through a queue, and what waits behind it.
    ///
    /// A `deadline` is kept as by [`process`](Self::process); nobody waits for a pause, since a queue has its own.
    pub async fn redriven(
        &self,
        record: &StreamRecord,
        deadline: Option<Timestamp>,
    ) -> Disposition {
        let stopped = self.apply(std::slice::from_ref(record), self.stop_before(deadline)).await;
        stopped.map_or(Disposition::Acknowledge, |(_, disposition)| disposition)
    }

    /// What its read models are called, and the collections that each makes.
    #[cfg(feature = "simulation")]
    pub(crate) fn makes(&self) -> Vec<(&'static str, &'static [&'static str])> {
        self.projections.iter().map(|one| (one.name(), one.makes())).collect()
    }

    pub(super) fn stop_before(&self, deadline: Option<Timestamp>) -> Timestamp {
        self.worker.stop_before(deadline)
    }

    /// The time by the clock it runs by.
    pub fn now(&self) -> Timestamp {
        self.worker.now()
    }

    /// Applies what records tell to all builds that there are.
    ///
    /// Which there are is asked after the records have come, each time. A build that is begun later than that walks a
    /// journal in which their events are; to one that was begun before they are applied here. What was believed from an
    /// earlier batch would leave a gap between the two.
    async fn apply(&self, records: &[StreamRecord], stop: Timestamp) -> Stopped {
        if !records.iter().any(|record| self.concerns(record)) {
            return None;
        }
        let targets = match self.until(stop, self.targets()).await {
            Some(Ok(targets)) => targets,
            Some(Err(error)) => return Some((0, not_read(self.worker.queue, &error))),
            None => return Some((0, AT_ONCE)),
        };
        let mut progress = Progress::of_invocation();
        // What is read comes first: what is being made may have a long way to go.
        let all = records.iter().enumerate();
        let live = self.pass(all.clone(), &targets.live, stop, &mut progress).await;
        let reached = live.map_or(records.len(), |(index, _)| index);
        // What tells nothing is parked by now.
        let told = all.take(reached).filter(|(_, record)| record.wake_up.is_ok());
        self.pass(told, &targets.being_made, stop, &mut progress).await.or(live)
    }

    /// Whether a record tells anything to anybody here; what cannot be read, nobody knows.
    fn concerns(&self, record: &StreamRecord) -> bool {
        let Ok(wake_up) = &record.wake_up else { return true };
        self.projections.iter().any(|projection| is_read_by(projection, wake_up))
    }

    /// The builds of a projection, of which one that is walked is made by the code that is running.
    pub(super) async fn builds(&self, projection: &'static str) -> Result<Builds, BuildsError> {
        let runtime = &self.worker.runtime;
        let found = Builds::of(&*runtime.ports().store, projection).await;
        let found = found.map_err(|source| BuildsError::Read { projection, source })?;
        let building = found.building.as_ref().filter(|_| !found.is_adopted(CODE_VERSION));
        let Some(building) = building else { return Ok(found) };
        let origin = building.asked_by.origin(runtime.ports().ids.fresh().into());
        let command = AdoptBuild { projection, code: CODE_VERSION };
        let adopted = runtime.execute(&command, &origin).await;
        let adopted = adopted
            .map_err(|source| BuildsError::Adopt { projection, source: Box::new(source) })?;
        Ok(adopted.output)
    }

    async fn targets(&self) -> Result<Targets<'_>, BuildsError> {
        let builds = self.projections.iter().map(|one| self.builds(one.name()));
        let builds = try_join_all(builds).await?;
        let mut targets = Targets { live: Vec::new(), being_made: Vec::new() };
        for (projection, builds) in self.projections.iter().zip(builds) {
            targets.live.push(Build { projection, generation: builds.live, is_read: true });
            // What other code was making is held up, or it would be ours by now.
            let ours = builds.building.filter(|building| building.is_made_by(CODE_VERSION));
            let being_made = ours.map(|building| building.generation);
            let being_made =
                being_made.map(|generation| Build { projection, generation, is_read: false });
            targets.being_made.extend(being_made);
        }
        Ok(targets)
    }

    /// Applies records to some builds, up to the first that has to come again.
    async fn pass<'a>(
        &self,
        records: impl Iterator<Item = (usize, &'a StreamRecord)>,
        builds: &[Build<'_>],
        stop: Timestamp,
        progress: &mut Progress,
    ) -> Stopped {
        for (index, record) in records {
            let woken = self.until(stop, self.wake(record, builds, stop, progress)).await;
            let disposition = woken.unwrap_or(AT_ONCE);
            if disposition != Disposition::Acknowledge {
                return Some((index, disposition));
            }
        }
        None
    }

    /// What `work` comes to, unless it is time to answer first. That is one moment for all that an invocation does.
    async fn until<T>(&self, stop: Timestamp, work: impl Future<Output = T>) -> Option<T> {
        self.worker.run_within(between(self.now(), later(stop, RECORDING)), pin!(work)).await
    }

    async fn wake(
        &self,
        record: &StreamRecord,
        builds: &[Build<'_>],
        stop: Timestamp,
        progress: &mut Progress,
    ) -> Disposition {
        let wake_up = match &record.wake_up {
            Ok(wake_up) => wake_up,
            Err(error) => return self.park_unread(record, error.clone()).await,
        };
        let mut worst = Disposition::Acknowledge;
        // One that fails does not keep this event from the others.
        for build in builds.iter().filter(|build| is_read_by(build.projection, wake_up)) {
            let ended = match self.catch_up(*build, wake_up, stop, progress).await {
                CaughtUp::Yes | CaughtUp::Parked => Disposition::Acknowledge,
                CaughtUp::Unreadable(error) => self.park_unread(record, error).await,
                CaughtUp::NotYet(again) => again,
            };
            if worst == Disposition::Acknowledge {
                worst = ended;
            }
        }
        worst
    }
}

/// Whether a projection reads the stream that is told of.
pub(crate) fn is_read_by(projection: &dyn AnyProjection, wake_up: &WakeUp) -> bool {
    projection.reads().has(&wake_up.stream.collection())
}

impl fmt::Debug for Projector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.projections.fmt(f)
    }
}
