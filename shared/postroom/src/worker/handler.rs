//! A queued handler with its message type erased.

use std::borrow::Cow;
use std::future::ready;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use crate::BoxFuture;
use crate::claim::ClaimError;
use crate::envelope::{DecodeError, Envelope, RawEnvelope};
use crate::gate::{Admission, Gate};
use crate::id::DedupKey;
use crate::job::{Job, OnUnknown};
use crate::listener::Listener;
use crate::message::{Event, Message};
use crate::port::{DeadLetter, Run};
use crate::queued_handler::{IsJob, IsListener, QueuedHandler};
use crate::runtime::{Holder, Ran, RunError, Runtime};
use crate::tx::Tx;
use crate::verdict::{Blame, Classify, Failure, Verdict};

/// Why a record's run failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error("the body is no message for this handler")]
    Decode {
        #[source]
        source: DecodeError,
    },
    #[error("the message is not whole")]
    Claim {
        #[source]
        source: ClaimError,
    },
    /// It would be run as often as it is delivered.
    #[error("{handler} knows the message by no key")]
    NoKey { handler: &'static str },
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

    /// What its runs are filed under.
    fn filed_under(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.name())
    }

    /// Whether anybody waits for what it makes: how late that is is measured.
    fn is_waited_for(&self) -> bool {
        true
    }

    /// Whether its runs hold a lease, which a failure then ends.
    fn leased(&self) -> bool;

    /// How much time has to be left for a run to be started.
    fn time_needed(&self) -> Duration;

    /// What a panic means: it may pass, unless an effect that must not be repeated may have happened before it.
    fn panicked(&self) -> Verdict;

    /// How long a run is remembered, unless that is too short.
    fn kept(&self) -> Duration;

    /// Whether it may be run once more in a replay's own run.
    fn replayable(&self) -> bool {
        false
    }

    /// Stages what it does about having given a message up; nothing where it cannot read it.
    fn give_up<'a>(
        &'a self,
        _message: &RawEnvelope,
        _letter: &'a DeadLetter,
        _tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }

    /// Stages what has to be true as soon as a message of its is parked: where that fails, it is not.
    fn with_letter<'a>(
        &'a self,
        _message: &RawEnvelope,
        _tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }

    /// Reads a message. Nothing is claimed yet: what fails here is no failure of a run.
    fn prepare(&self, message: &RawEnvelope) -> Result<Prepared<'_>, RecordError>;
}

/// A message that its handler has read, and what running it takes.
pub(super) struct Prepared<'a> {
    /// What the handler knows it by.
    pub(super) key: DedupKey,
    pub(super) run: Box<dyn FnOnce(Started<'a>) -> Running<'a> + Send + 'a>,
}

/// A run of a handler.
pub(super) type Running<'a> = BoxFuture<'a, Result<Ran, RunError>>;

/// What a run is given.
#[derive(Clone, Copy)]
pub(super) struct Started<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) run: &'a Run,
    pub(super) holder: Holder,
}

pub(super) struct JobHandler<M: Message, J: Job<M>> {
    job: J,
    gated: Option<Gated<J::Error>>,
    of: PhantomData<fn() -> M>,
}

/// What a gated job has besides.
pub(super) struct Gated<E> {
    pub(super) gate: Arc<Gate>,
    pub(super) blame: fn(&E) -> Blame,
}

impl<M: Message, J: Job<M>> JobHandler<M, J> {
    pub(super) fn new(job: J, gated: Option<Gated<J::Error>>) -> Self {
        Self { job, gated, of: PhantomData }
    }

    async fn run(&self, message: &Envelope<M>, started: Started<'_>) -> Result<Ran, RunError> {
        let Started { runtime, run, holder } = started;
        let Some(Gated { gate, blame }) = &self.gated else {
            return runtime.perform(&self.job, message, run, holder, |_| Blame::NotAsked).await;
        };
        let pass = match gate.admit(runtime, &holder, J::TIME_NEEDED).await {
            Admission::Go(pass) => pass,
            Admission::Wait(after) => return Ok(Ran::Held { after }),
        };
        let performed = runtime.perform(&self.job, message, run, holder, *blame);
        match AssertUnwindSafe(performed).catch_unwind().await {
            Ok(ran) => gate.settle(runtime, pass, ran).await,
            Err(panic) => {
                // Nobody else probes while whoever was elected seems to be at it.
                gate.leave(runtime, pass).await;
                resume_unwind(panic)
            }
        }
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

    fn kept(&self) -> Duration {
        J::KEPT
    }

    fn replayable(&self) -> bool {
        J::REPLAYABLE
    }

    fn give_up<'a>(
        &'a self,
        message: &RawEnvelope,
        letter: &'a DeadLetter,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        let Some(message) = reread::<M>(message, J::NAME) else { return Box::pin(ready(Ok(()))) };
        Box::pin(async move {
            let reacted = self.job.on_give_up(&message, letter, tx).await;
            reacted.map_err(|error| {
                let verdict = error.verdict();
                Failure { handler: J::NAME, verdict, refusal: None, source: Box::new(error) }
            })
        })
    }

    fn prepare<'a>(&'a self, message: &RawEnvelope) -> Result<Prepared<'a>, RecordError> {
        let (message, key) = read(message, J::NAME, J::key)?;
        let run = move |started: Started<'a>| -> Running<'a> {
            Box::pin(async move { self.run(&message, started).await })
        };
        Ok(Prepared { key, run: Box::new(run) })
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

    fn kept(&self) -> Duration {
        L::KEPT
    }

    fn replayable(&self) -> bool {
        L::REPLAYABLE
    }

    fn give_up<'a>(
        &'a self,
        message: &RawEnvelope,
        letter: &'a DeadLetter,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        let Some(event) = reread::<E>(message, L::NAME) else { return Box::pin(ready(Ok(()))) };
        Box::pin(async move {
            let reacted = self.listener.on_give_up(&event, letter, tx).await;
            reacted.map_err(|error| Failure::of(L::NAME, error))
        })
    }

    fn prepare<'a>(&'a self, message: &RawEnvelope) -> Result<Prepared<'a>, RecordError> {
        let (event, key) = read(message, L::NAME, L::key)?;
        let run = move |Started { runtime, run, holder }: Started<'a>| -> Running<'a> {
            Box::pin(async move { runtime.react(&self.listener, &event, run, holder).await })
        };
        Ok(Prepared { key, run: Box::new(run) })
    }
}

/// A message and its key.
fn read<M: Message>(
    message: &RawEnvelope,
    handler: &'static str,
    key: impl FnOnce(&Envelope<M>) -> Option<DedupKey>,
) -> Result<(Envelope<M>, DedupKey), RecordError> {
    let read = message.decode_and(key).map_err(|source| RecordError::Decode { source })?;
    let (message, key) = read;
    Ok((message, key.ok_or(RecordError::NoKey { handler })?))
}

/// A message that may be one that nobody can read.
fn reread<M: Message>(message: &RawEnvelope, handler: &'static str) -> Option<Envelope<M>> {
    let key = |message: &Envelope<M>| Some(DedupKey::of(message.id));
    read(message, handler, key).ok().map(|(message, _)| message)
}
