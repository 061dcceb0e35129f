//! The walker: applies to a build that is being made what the journal held before it was begun.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tracing::{Instrument, info, info_span};

use crate::clock::between;
use crate::envelope::DecodeError;
use crate::port::{JournalPart, JournalRecord, StoreError};
use crate::projection::{AnyProjection, Build};
use crate::reader::ReadError;
use crate::rebuild::{AdvanceWalk, Advanced, BuildState, Building, Builds};
use crate::runtime::ExecuteError;
use crate::tx::TxError;
use crate::verdict::{Classify, Verdict};
use crate::worker::WakeUp;
use crate::worker::catch_up::{CaughtUp, Progress};
use crate::worker::projector::{Projector, is_read_by};

/// What a run of the walk came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Walked {
    /// How many events of streams that are read it has come by.
    pub events: u64,
}

/// Why a walk did not go on. The next run begins where it stood.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// What there is to walk could not be found out.
    #[error("the builds of {projection} could not be read")]
    Builds {
        projection: &'static str,
        #[source]
        source: ReadError,
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
    /// Where it stands could not be written down.
    #[error("the walk of {projection} could not be written down")]
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
            Self::Journal { source, .. } => source.verdict(),
            Self::Stream { .. } => Verdict::Permanent,
            Self::Advance { source, .. } => source.verdict(),
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
    /// # Errors
    /// [`WalkError`]: what was applied is, and the next run goes on.
    pub async fn walk(&self, deadline: Option<Timestamp>) -> Result<Walked, WalkError> {
        let stop = self.stop_before(deadline);
        let store = &*self.worker.runtime.ports().store;
        let mut walked = Walked::default();
        for projection in self.projections.iter() {
            let name = projection.name();
            let builds = Builds::of(store, name).await;
            let builds = builds.map_err(|source| WalkError::Builds { projection: name, source })?;
            let building = builds.building.filter(|one| one.state == BuildState::Walking);
            if let Some(building) = building {
                let span = info_span!("walk", handler = &*building.generation.handler(name));
                let walk = self.walk_one(projection, building, stop);
                walked.events += walk.instrument(span).await?;
            }
        }
        Ok(walked)
    }

    /// Walks page by page, and answers how many events it came by.
    async fn walk_one(
        &self,
        projection: &dyn AnyProjection,
        mut building: Building,
        stop: Timestamp,
    ) -> Result<u64, WalkError> {
        let (runtime, name) = (&self.worker.runtime, projection.name());
        let build = Build { projection, generation: building.generation };
        let mut events = 0;
        while !between(self.now(), stop).is_zero() {
            let page = runtime.ports().journal.all(JournalPart::WHOLE, building.after.as_deref());
            let page =
                page.await.map_err(|source| WalkError::Journal { projection: name, source })?;
            let Some(applied) = self.walk_page(build, &page.items, stop).await? else { break };
            events += applied.events;
            let taken = building.step(page.next, applied.events, applied.held_up);
            let command = AdvanceWalk { projection: name, step: &taken };
            let origin = building.origin(runtime.ports().ids.fresh().into());
            let advanced = runtime.execute(&command, &origin).await.map_err(|source| {
                WalkError::Advance { projection: name, source: Box::new(source) }
            })?;
            info!(events, advanced = ?advanced.output, "walked a page");
            if advanced.output != Advanced::GoesOn {
                break;
            }
            building.after = taken.next;
        }
        Ok(events)
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
