//! The walker: applies to a build that is being made what the journal held before it was begun.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tracing::{Instrument, info, info_span, warn};

use crate::clock::between;
use crate::command::Command;
use crate::envelope::DecodeError;
use crate::port::{JournalPart, JournalRecord, StoreError};
use crate::projection::{AnyProjection, Build};
use crate::reason_of;
use crate::rebuild::{AdvanceWalk, Advanced, AskedBy, BuildState, Building, GiveUpWalk};
use crate::runtime::ExecuteError;
use crate::tx::TxError;
use crate::verdict::{Classify, Verdict};
use crate::worker::WakeUp;
use crate::worker::catch_up::{CaughtUp, Progress};
use crate::worker::projector::{BuildsError, Projector, is_read_by};

/// What a run of the walk came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Walked {
    /// How many events of streams that are read it has come by.
    pub events: u64,
}

/// Why a walk, or a sweep, did not go on. The next run begins where it stood.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// What there is to do could not be found out.
    #[error("it is not known what there is to walk, or to remove")]
    Builds {
        #[source]
        source: BuildsError,
    },
    /// The journal could not be read; the store knows whether that passes.
    #[error("the journal could not be read for {projection}")]
    Journal {
        projection: &'static str,
        #[source]
        source: StoreError,
    },
    /// A stream of the journal holds what is no event. Permanent.
    #[error("stream {stream} could not be read for {projection}")]
    Stream {
        projection: &'static str,
        stream: String,
        #[source]
        source: DecodeError,
    },
    /// What is left of earlier builds could not be found or removed; the store knows whether that passes.
    #[error("what is left of earlier builds of {projection} could not be removed")]
    Rows {
        projection: &'static str,
        #[source]
        source: StoreError,
    },
    /// Where it stands could not be written down.
    #[error("how far the builds of {projection} have come could not be written down")]
    Advance {
        projection: &'static str,
        #[source]
        source: Box<ExecuteError<TxError>>,
    },
}

impl Classify for WalkError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Builds { source, .. } => source.verdict(),
            Self::Journal { source, .. } | Self::Rows { source, .. } => source.verdict(),
            Self::Stream { .. } => Verdict::Permanent,
            Self::Advance { source, .. } => source.verdict(),
        }
    }
}

impl WalkError {
    /// Whether the journal holds what the next run would come to a stop at too. A right that is missing comes back with
    /// the next deployment.
    fn ends_walk(&self) -> bool {
        match self {
            Self::Journal { source, .. } => matches!(source, StoreError::Corrupt { .. }),
            Self::Stream { .. } => true,
            Self::Builds { .. } | Self::Rows { .. } | Self::Advance { .. } => false,
        }
    }
}

impl Projector {
    /// Goes on with every build that is being made, from where it stands, until nothing is left or a second before the
    /// `deadline`.
    ///
    /// Of two that walk at the same time one loses the step and stops. Whatever interrupts it, the next goes on behind the
    /// last page that was applied whole. An event that fails and may be tried again ends this run, and the next tries it.
    ///
    /// What is stored and cannot be read ends its walk: it is told once, and then held up with its reason.
    ///
    /// # Errors
    /// [`WalkError`], of the first that failed: what was applied is, all others have gone on, and so does the next run.
    pub async fn walk(&self, deadline: Option<Timestamp>) -> Result<Walked, WalkError> {
        let stop = self.stop_before(deadline);
        let (mut walked, mut failed) = (Walked::default(), None);
        for projection in self.projections.iter() {
            match self.walk_projection(projection, stop).await {
                Ok(events) => walked.events += events,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(walked), Err)
    }

    async fn walk_projection(
        &self,
        projection: &dyn AnyProjection,
        stop: Timestamp,
    ) -> Result<u64, WalkError> {
        let name = projection.name();
        let builds = self.builds(name).await;
        let building = builds.map_err(|source| WalkError::Builds { source })?.building;
        let Some(mut building) = building.filter(|one| one.state == BuildState::Walking) else {
            return Ok(0);
        };
        let span = info_span!("walk", handler = &*building.generation.handler(name));
        let walk = async {
            let walked = self.walk_one(projection, &mut building, stop).await;
            if let Err(error) = &walked
                && error.ends_walk()
            {
                let (projection, reason) = (name, &*reason_of(error));
                warn!(reason, metric.failed = 1, "a walk is given up");
                let command = GiveUpWalk { projection, walked: &building, reason };
                self.step(&command, name, &building.asked_by).await?;
            }
            walked
        };
        walk.instrument(span).await
    }

    /// Walks page by page, and answers how many events it came by.
    async fn walk_one(
        &self,
        projection: &dyn AnyProjection,
        building: &mut Building,
        stop: Timestamp,
    ) -> Result<u64, WalkError> {
        let (runtime, name) = (&self.worker.runtime, projection.name());
        let build = Build { projection, generation: building.generation, is_read: false };
        let mut events = 0;
        while !between(self.now(), stop).is_zero() {
            let page = runtime.ports().journal.all(JournalPart::WHOLE, building.after.as_deref());
            let page =
                page.await.map_err(|source| WalkError::Journal { projection: name, source })?;
            let Some(applied) = self.walk_page(build, &page.items, stop).await? else { break };
            events += applied.events;
            let taken = building.step(page.next, applied.events, applied.held_up);
            let command = AdvanceWalk { projection: name, step: &taken };
            let advanced = self.step(&command, name, &building.asked_by).await?;
            info!(events, ?advanced, "walked a page");
            if advanced != Advanced::GoesOn {
                break;
            }
            building.after = taken.next;
        }
        Ok(events)
    }

    /// A command about the builds of a projection, in the chain of the request for them.
    pub(super) async fn step<C: Command<Error = TxError>>(
        &self,
        command: &C,
        projection: &'static str,
        asked_by: &AskedBy,
    ) -> Result<C::Output, WalkError> {
        let runtime = &self.worker.runtime;
        let origin = asked_by.origin(runtime.ports().ids.fresh().into());
        let executed = runtime.execute(command, &origin).await;
        let executed = executed
            .map_err(|source| WalkError::Advance { projection, source: Box::new(source) })?;
        Ok(executed.output)
    }

    /// Applies what each stream of a page has by now. `None`: something of it has to be tried again.
    async fn walk_page(
        &self,
        build: Build<'_>,
        page: &[JournalRecord],
        stop: Timestamp,
    ) -> Result<Option<Page>, WalkError> {
        let wake_ups = page.iter().filter_map(|event| WakeUp::of_event(&event.envelope));
        let wake_ups: Vec<_> = wake_ups.filter(|told| is_read_by(build.projection, told)).collect();
        let events = u64::try_from(wake_ups.len()).unwrap_or(u64::MAX);
        let streams: BTreeMap<_, _> =
            wake_ups.into_iter().map(|told| (told.stream.key(&told.tenant_id), told)).collect();
        let (mut held_up, mut progress) = (Vec::new(), Progress::of_page());
        for (stream, told) in streams {
            match self.catch_up(build, &told, stop, &mut progress).await {
                CaughtUp::Yes => {}
                CaughtUp::Parked => held_up.push(stream),
                CaughtUp::NotYet(_) => return Ok(None),
                CaughtUp::Unreadable(source) => {
                    let projection = build.projection.name();
                    return Err(WalkError::Stream { projection, stream, source });
                }
            }
        }
        Ok(Some(Page { events, held_up }))
    }
}

/// What a page came to.
struct Page {
    events: u64,
    /// The streams of which an event is parked.
    held_up: Vec<String>,
}
