//! Applying an event as a queued handler's run: with its attempts, its time, its panics and its dead letter.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::BoxFuture;
use crate::envelope::RawEnvelope;
use crate::id::DedupKey;
use crate::projection::Build;
use crate::runtime::Ran;
use crate::stored::StreamId;
use crate::tx::{Tx, TxError};
use crate::verdict::{Classify, Failure, Verdict};
use crate::worker::handler::{Prepared, QueuedRun, RecordError, Running, Started};

/// One event that is applied to one read model.
pub(super) struct Application<'a> {
    build: Build<'a>,
    applied: AtomicBool,
}

impl<'a> Application<'a> {
    pub(super) fn of(build: Build<'a>) -> Self {
        Self { build, applied: AtomicBool::new(false) }
    }

    /// Whether its run found it applied, or applied it.
    pub(super) fn is_applied(&self) -> bool {
        self.applied.load(Ordering::Relaxed)
    }
}

impl QueuedRun for Application<'_> {
    fn name(&self) -> &'static str {
        self.build.projection.name()
    }

    fn filed_under(&self) -> Cow<'_, str> {
        self.build.generation.handler(self.name())
    }

    fn is_waited_for(&self) -> bool {
        // What is being made is as late as its journal is old.
        self.build.is_read
    }

    fn leased(&self) -> bool {
        false
    }

    fn time_needed(&self) -> Duration {
        // Cut off, it has done nothing, and a commit takes milliseconds.
        Duration::ZERO
    }

    fn panicked(&self) -> Verdict {
        // What it staged went with it.
        Verdict::RETRY
    }

    fn kept(&self) -> Duration {
        Duration::ZERO
    }

    /// That nothing more of its stream is applied follows from its position. A build that is being made is not to be read
    /// so: it learns of it in the transaction that parks the event, so that it cannot be missed.
    fn with_letter<'a>(
        &'a self,
        event: &RawEnvelope,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        let stream = StreamId::from_stored(event.subject.clone()).key(&event.tenant_id);
        let (projection, generation) = (self.name(), self.build.generation);
        Box::pin(async move {
            let held_up = async {
                let mut builds = tx.load_builds(projection).await?;
                if builds.hold_up(generation, &stream) {
                    tx.save_builds(projection, &builds)?;
                }
                Ok(())
            };
            held_up.await.map_err(|source: TxError| {
                let (verdict, source) = (source.verdict(), Box::new(source));
                Failure { handler: projection, verdict, refusal: None, source }
            })
        })
    }

    fn prepare<'a>(&'a self, event: &RawEnvelope) -> Result<Prepared<'a>, RecordError> {
        let event = event.clone();
        let key = DedupKey::of(event.id);
        let run = move |Started { runtime, run, holder }: Started<'a>| -> Running<'a> {
            Box::pin(async move {
                let ran = runtime.project(self.build, &event, run, holder).await?;
                self.applied.store(matches!(ran, Ran::Done | Ran::Duplicate), Ordering::Relaxed);
                Ok(ran)
            })
        };
        Ok(Prepared { key, run: Box::new(run) })
    }
}
