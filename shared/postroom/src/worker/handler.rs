//! A queued handler with its message type erased.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::BoxFuture;
use crate::envelope::{DecodeError, Envelope, RawEnvelope};
use crate::job::{Job, OnUnknown};
use crate::listener::Listener;
use crate::message::{Event, Message};
use crate::reactions::{IsJob, IsListener, QueuedHandler};
use crate::runtime::{Holder, Ran, RunError, Runtime};
use crate::verdict::{Verdict, panic_text};

/// Why a record's run failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error("the body is no message for this handler")]
    Decode {
        #[source]
        source: DecodeError,
    },
    #[error("the run failed")]
    Run {
        #[source]
        source: RunError,
    },
    #[error("the handler panicked: {message}")]
    Panic { message: String, verdict: Verdict },
}

pub(super) trait QueuedRun: Send + Sync {
    /// The handler's name.
    fn name(&self) -> &'static str;

    /// Whether its runs hold a lease, which a failure then ends.
    fn leased(&self) -> bool;

    /// How much time has to be left for a run to be started.
    fn time_needed(&self) -> Duration;

    /// What a panic means: it may pass, unless an effect that must not be repeated may have happened before it.
    fn panicked(&self) -> Verdict;

    fn run<'a>(
        &'a self,
        runtime: &'a Runtime,
        message: RawEnvelope,
        holder: Holder,
    ) -> BoxFuture<'a, Result<Ran, RecordError>>;
}

pub(super) struct JobHandler<M, J> {
    job: J,
    of: PhantomData<fn() -> M>,
}

impl<M, J> JobHandler<M, J> {
    pub(super) fn new(job: J) -> Self {
        Self { job, of: PhantomData }
    }
}

impl<M: Message, J: Job<M>> QueuedRun for JobHandler<M, J> {
    fn name(&self) -> &'static str {
        J::NAME
    }

    fn leased(&self) -> bool {
        true
    }

    fn time_needed(&self) -> Duration {
        <J as QueuedHandler<M, IsJob>>::TIME_NEEDED
    }

    fn panicked(&self) -> Verdict {
        match J::ON_UNKNOWN {
            OnUnknown::Repeat => Verdict::RETRY,
            OnUnknown::Park => Verdict::Permanent,
        }
    }

    fn run<'a>(
        &'a self,
        runtime: &'a Runtime,
        message: RawEnvelope,
        holder: Holder,
    ) -> BoxFuture<'a, Result<Ran, RecordError>> {
        Box::pin(async move {
            let message: Envelope<M> = decode(message)?;
            let ran = runtime.perform(&self.job, &message, holder).await;
            ran.map_err(|source| RecordError::Run { source })
        })
    }
}

pub(super) struct ListenerHandler<E, L> {
    listener: L,
    of: PhantomData<fn() -> E>,
}

impl<E, L> ListenerHandler<E, L> {
    pub(super) fn new(listener: L) -> Self {
        Self { listener, of: PhantomData }
    }
}

impl<E: Event, L: Listener<E>> QueuedRun for ListenerHandler<E, L> {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn leased(&self) -> bool {
        false
    }

    fn time_needed(&self) -> Duration {
        <L as QueuedHandler<E, IsListener>>::TIME_NEEDED
    }

    fn panicked(&self) -> Verdict {
        // What it staged went with it.
        Verdict::RETRY
    }

    fn run<'a>(
        &'a self,
        runtime: &'a Runtime,
        message: RawEnvelope,
        _holder: Holder,
    ) -> BoxFuture<'a, Result<Ran, RecordError>> {
        Box::pin(async move {
            let event: Envelope<E> = decode(message)?;
            let ran = runtime.react(&self.listener, &event).await;
            ran.map_err(|source| RecordError::Run { source })
        })
    }
}

/// Caught here and not with the run: nothing is claimed yet, and the same bytes panic every time.
fn decode<M: Message>(message: RawEnvelope) -> Result<Envelope<M>, RecordError> {
    let decoded = catch_unwind(AssertUnwindSafe(|| message.decode())).unwrap_or_else(|panic| {
        Err(DecodeError::Panicked { r#type: M::TYPE, message: panic_text(&*panic).to_owned() })
    });
    decoded.map_err(|source| RecordError::Decode { source })
}
