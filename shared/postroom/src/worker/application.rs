//! Applying an event as a queued handler's run: with its attempts, its time, its panics and its dead letter.

use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::BoxFuture;
use crate::envelope::RawEnvelope;
use crate::id::DedupKey;
use crate::port::DeadLetter;
use crate::projection::AnyProjection;
use crate::runtime::Ran;
use crate::tx::Tx;
use crate::verdict::{Failure, Verdict};
use crate::worker::handler::{Prepared, QueuedRun, RecordError, Running, Started};

/// One event that is applied to one read model.
pub(super) struct Application<'a> {
    projection: &'a dyn AnyProjection,
    applied: AtomicBool,
}

impl<'a> Application<'a> {
    pub(super) fn of(projection: &'a dyn AnyProjection) -> Self {
        Self { projection, applied: AtomicBool::new(false) }
    }

    /// Whether its run found it applied, or applied it.
    pub(super) fn is_applied(&self) -> bool {
        self.applied.load(Ordering::Relaxed)
    }
}

impl QueuedRun for Application<'_> {
    fn name(&self) -> &'static str {
        self.projection.name()
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

    /// That nothing more of its stream is applied follows from its position.
    fn give_up<'a>(
        &'a self,
        _: &RawEnvelope,
        _: &'a DeadLetter,
        _: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }

    fn prepare<'a>(&'a self, event: RawEnvelope) -> Result<Prepared<'a>, RecordError> {
        let key = DedupKey::of(event.id);
        let run = move |Started { runtime, run, holder }: Started<'a>| -> Running<'a> {
            Box::pin(async move {
                let ran = runtime.project(self.projection, &event, run, holder).await?;
                self.applied.store(matches!(ran, Ran::Done | Ran::Duplicate), Ordering::Relaxed);
                Ok(ran)
            })
        };
        Ok(Prepared { key, run: Box::new(run) })
    }
}
