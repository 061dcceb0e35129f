//! Queued handlers: a listener's effect is its transaction; a job's is outside, under a lease.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::command::Origin;
use crate::envelope::Envelope;
use crate::id::OwnerToken;
use crate::job::{Effects, Job, OnUnknown};
use crate::listener::Listener;
use crate::message::{Event, Message};
use crate::outcome::Outcome;
use crate::port::{Claim, Claimed, Run, RunKey, StoreError};
use crate::runtime::settle::{SettleError, Settled};
use crate::runtime::{MAX_RUNS, Runtime, expiry};
use crate::transaction::Fence;
use crate::tx::Tx;
use crate::tx::seal::Seal;
use crate::verdict::{Classify, Failure, Verdict};

/// How a run ended without failing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ran {
    /// It took effect, or chose not to; either is remembered.
    Done,
    /// It had taken effect before.
    Duplicate,
    /// Another worker is at it.
    InFlight { until: Timestamp },
    /// It had failed for good before.
    Parked { reason: String },
}

/// Why a run failed; with what it takes to record the failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The handler, or a listener of what it emitted.
    #[error("the handler failed")]
    Handler {
        verdict: Verdict,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// An earlier attempt may have had its effect, which must not happen twice.
    #[error(
        "an earlier attempt ended without a trace: whether its effect happened is for a person to find out"
    )]
    UnknownOutcome,
    /// The effect happened, must not happen twice, and could not be written down.
    #[error("its effect happened, but could not be recorded")]
    NotRecorded {
        #[source]
        source: Box<RunError>,
    },
    /// Others were always faster.
    #[error("lost {runs} races in a row")]
    Contended { runs: u32 },
    /// Another worker holds the lease now and will finish.
    #[error("the lease ran out")]
    LeaseLost,
    /// The lease could not be taken.
    #[error("the inbox cannot be reached")]
    Inbox {
        #[source]
        source: StoreError,
    },
    /// What it did could not be committed.
    #[error("the run could not be committed")]
    Settle {
        #[source]
        source: SettleError,
    },
}

impl Classify for RunError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Handler { verdict, .. } => *verdict,
            Self::UnknownOutcome | Self::NotRecorded { .. } => Verdict::Permanent,
            Self::Contended { .. } | Self::LeaseLost => Verdict::RETRY,
            Self::Inbox { source } => source.verdict(),
            Self::Settle { source } => source.verdict(),
        }
    }
}

impl RunError {
    /// What a failure after the effect means where the effect must not be repeated.
    fn not_recorded(self) -> Self {
        match self {
            // Whoever holds the lease now knows that the outcome is unknown, and parks it.
            Self::LeaseLost => self,
            source => Self::NotRecorded { source: Box::new(source) },
        }
    }
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> Self {
        Self::Handler { verdict: failure.verdict, source: Box::new(failure) }
    }
}

/// What is known of a run from its message alone.
pub(crate) fn run_of<M>(handler: &str, message: &Envelope<M>, now: Timestamp) -> Run {
    Run {
        key: RunKey::of_handler(handler, message.id),
        handler: handler.to_owned(),
        message_id: message.id,
        tenant_id: message.tenant_id.clone(),
        actor_id: message.actor_id.clone(),
        correlation_id: message.correlation_id.clone(),
        started_at: now,
        expires_at: expiry(now),
    }
}

impl Runtime {
    /// Runs a listener: the dedup key rides in its own transaction and costs no call.
    pub(crate) async fn react<E: Event, L: Listener<E>>(
        &self,
        listener: &L,
        event: &Envelope<E>,
    ) -> Result<Ran, RunError> {
        let run = run_of(L::NAME, event, self.now());
        for attempt in 1..=MAX_RUNS {
            let mut tx = self.tx_for(event, &run, L::NAME);
            let outcome = listener.on(event, &mut tx).await;
            let outcome = outcome.map_err(|error| Failure::of(L::NAME, error))?;
            tx.drain().await?;
            match self.complete(tx, run.clone(), Fence::NotDone, skipped(&outcome)).await? {
                Settled::Committed => return Ok(Ran::Done),
                Settled::AlreadyDone(_) => return Ok(Ran::Duplicate),
                Settled::Parked { reason } => return Ok(Ran::Parked { reason }),
                // A listener needs no lease; somebody holds one under its key all the same, and will finish.
                Settled::LeaseLost => return Err(RunError::LeaseLost),
                Settled::LostRace => self.back_off(attempt).await,
            }
        }
        Err(RunError::Contended { runs: MAX_RUNS })
    }

    /// Runs a job: claim, perform, then record and complete in one transaction.
    pub(crate) async fn perform<M: Message, J: Job<M>>(
        &self,
        job: &J,
        message: &Envelope<M>,
        lease: Duration,
        owner: OwnerToken,
    ) -> Result<Ran, RunError> {
        let now = self.now();
        let run = run_of(J::NAME, message, now);
        let claim = Claim { run: run.clone(), owner, until: later(now, lease) };
        let claimed = self.ports.inbox.claim(&claim).await;
        let attempts = match claimed.map_err(|source| RunError::Inbox { source })? {
            Claimed::Granted { unknown: true, .. } if J::ON_UNKNOWN == OnUnknown::Park => {
                return Err(RunError::UnknownOutcome);
            }
            Claimed::Granted { attempts, .. } => attempts,
            Claimed::InFlight { until } => return Ok(Ran::InFlight { until }),
            Claimed::Done => return Ok(Ran::Duplicate),
            Claimed::Parked { reason } => return Ok(Ran::Parked { reason }),
        };
        let effects = Effects {
            idempotency_key: run.key.to_string(),
            attempt: attempts + 1,
            reader: self.reader(&message.tenant_id),
        };
        let outcome = job.perform(message, &effects).await.map_err(handler_error)?;
        let recorded = self.record(job, message, &run, owner, outcome).await;
        match J::ON_UNKNOWN {
            OnUnknown::Repeat => recorded,
            OnUnknown::Park => recorded.map_err(RunError::not_recorded),
        }
    }

    /// Writes what a job did; a lost race re-runs only this, never the effect.
    async fn record<M: Message, J: Job<M>>(
        &self,
        job: &J,
        message: &Envelope<M>,
        run: &Run,
        owner: OwnerToken,
        outcome: Outcome<J::Done>,
    ) -> Result<Ran, RunError> {
        for attempt in 1..=MAX_RUNS {
            let mut tx = self.tx_for(message, run, J::NAME);
            if let Outcome::Done(done) = &outcome {
                job.record(message, done, &mut tx).await.map_err(handler_error)?;
                tx.drain().await?;
            }
            match self.complete(tx, run.clone(), Fence::Held(owner), skipped(&outcome)).await? {
                Settled::Committed => return Ok(Ran::Done),
                Settled::AlreadyDone(_) => return Ok(Ran::Duplicate),
                Settled::Parked { reason } => return Ok(Ran::Parked { reason }),
                Settled::LeaseLost => return Err(RunError::LeaseLost),
                Settled::LostRace => self.back_off(attempt).await,
            }
        }
        Err(RunError::Contended { runs: MAX_RUNS })
    }

    /// Commits a run and hands over what it emitted.
    async fn complete(
        &self,
        tx: Tx,
        run: Run,
        fence: Fence,
        skipped: Option<String>,
    ) -> Result<Settled, RunError> {
        let transaction = tx.seal(Seal {
            token: self.ports.ids.fresh().into(),
            run,
            fence,
            finished_at: self.now(),
            skipped,
            output: None,
            fingerprint: None,
        });
        let settled = self.settle(&transaction).await;
        let settled = settled.map_err(|source| RunError::Settle { source })?;
        if matches!(settled, Settled::Committed) {
            self.ports.courier.hand_over(transaction.outbox()).await;
        }
        Ok(settled)
    }

    fn tx_for<M>(&self, message: &Envelope<M>, run: &Run, handler: &'static str) -> Tx {
        let origin = Origin {
            command_id: message.id,
            tenant_id: message.tenant_id.clone(),
            actor_id: message.actor_id.clone(),
            correlation_id: message.correlation_id.clone(),
            traceparent: message.traceparent.clone(),
            idempotency: None,
        };
        self.begin(&origin, run, handler, message.hops)
    }
}

fn skipped<T>(outcome: &Outcome<T>) -> Option<String> {
    match outcome {
        Outcome::Done(_) => None,
        Outcome::Skipped { reason } => Some((*reason).to_owned()),
    }
}

fn handler_error<E: Error + Classify + Send + Sync + 'static>(error: E) -> RunError {
    RunError::Handler { verdict: error.verdict(), source: Box::new(error) }
}
