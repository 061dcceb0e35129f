//! Queued handlers: how their runs end, and listeners, whose effect is their transaction.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::milliseconds;
use crate::command::Origin;
use crate::envelope::{Envelope, RawEnvelope};
use crate::id::DedupKey;
use crate::listener::Listener;
use crate::message::Event;
use crate::outcome::Outcome;
use crate::port::{Run, RunKey, StoreError};
use crate::runtime::lease::Holder;
use crate::runtime::settle::{SettleError, Settled};
use crate::runtime::{MAX_RUNS, Runtime, expiry};
use crate::transaction::Fence;
use crate::tx::Tx;
use crate::tx::seal::Seal;
use crate::verdict::{Blame, Classify, Failure, Verdict};

/// How a run ended without failing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ran {
    /// It took effect, which is remembered.
    Done,
    /// It chose to do nothing, which is remembered as well.
    Skipped,
    /// It had taken effect before.
    Duplicate,
    /// Another worker is at it.
    InFlight { until: Timestamp },
    /// Its provider's gate sent it away before anything was claimed.
    Held { after: Duration },
    /// The time that was left when the lease was taken is too short: nothing was tried, and the lease given back.
    NoTime,
    /// It had failed for good before.
    Parked { reason: String },
}

impl Ran {
    /// How a run ended that came to an outcome.
    pub(super) fn of<T>(outcome: &Outcome<T>) -> Self {
        match outcome {
            Outcome::Done(_) => Self::Done,
            Outcome::Skipped { .. } => Self::Skipped,
        }
    }
}

/// Why a run failed; with what it takes to record the failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The handler, or a listener of what it emitted.
    #[error("the handler failed")]
    Handler {
        verdict: Verdict,
        blame: Blame,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It failed while its provider was known to be down: that is no attempt of the run.
    #[error("its provider is down")]
    ProviderDown {
        after: Duration,
        #[source]
        source: Box<RunError>,
    },
    /// Its time was over, and was too short from the beginning: that is no attempt of the run.
    #[error("it was cut short after {} ms", milliseconds(*had))]
    CutShort { had: Duration },
    /// An earlier attempt may have had its effect, which must not happen twice.
    #[error(
        "an earlier attempt ended without a trace: whether its effect happened is for a person to find out"
    )]
    UnknownOutcome,
    /// The effect may have happened, must not happen twice, and was not written down.
    #[error("its effect may have happened, and was not recorded: that is for a person to find out")]
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
            Self::ProviderDown { after, .. } => Verdict::Retry { after: *after },
            Self::UnknownOutcome | Self::NotRecorded { .. } => Verdict::Permanent,
            Self::Contended { .. } | Self::LeaseLost | Self::CutShort { .. } => Verdict::RETRY,
            Self::Inbox { source } => source.verdict(),
            Self::Settle { source } => source.verdict(),
        }
    }
}

impl RunError {
    /// What a failure after the effect means where the effect must not be repeated.
    pub(super) fn not_recorded(self) -> Self {
        match self {
            // Whoever holds the lease now knows that the outcome is unknown, and parks it.
            Self::LeaseLost => self,
            source => Self::NotRecorded { source: Box::new(source) },
        }
    }
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> Self {
        let (verdict, blame) = (failure.verdict, Blame::NotAsked);
        Self::Handler { verdict, blame, source: Box::new(failure) }
    }
}

/// What is known of a run before it is begun.
pub(crate) fn run_of(
    handler: &str,
    message: &RawEnvelope,
    key: DedupKey,
    now: Timestamp,
    kept: Duration,
) -> Run {
    Run {
        key: RunKey::of_dedup(handler, key).in_scope(message.scope()),
        handler: handler.to_owned(),
        message_id: message.id,
        tenant_id: message.tenant_id.clone(),
        actor_id: message.actor_id.clone(),
        correlation_id: message.correlation_id.clone(),
        started_at: now,
        expires_at: expiry(now, kept),
    }
}

impl Runtime {
    /// Runs a listener: the dedup key rides in its own transaction and costs no call.
    pub(crate) async fn react<E: Event, L: Listener<E>>(
        &self,
        listener: &L,
        event: &Envelope<E>,
        run: &Run,
        holder: Holder,
    ) -> Result<Ran, RunError> {
        let had = holder.left(self.now());
        for attempt in 1..=MAX_RUNS {
            let mut tx = self.tx_for(event, run, L::NAME);
            let reacted = self.in_time(&holder, async {
                let outcome = listener.on(event, &mut tx).await;
                let outcome = outcome.map_err(|error| Failure::of(L::NAME, error))?;
                tx.drain().await.map(|()| outcome)
            });
            let outcome = reacted
                .await
                .ok_or_else(|| RunError::out_of_time(had, Duration::ZERO, Blame::NotAsked))??;
            match self.complete(tx, run.clone(), Fence::NotDone, skipped(&outcome)).await? {
                Settled::Committed => return Ok(Ran::of(&outcome)),
                Settled::AlreadyDone(_) => return Ok(Ran::Duplicate),
                Settled::Parked { reason } => return Ok(Ran::Parked { reason }),
                // A listener needs no lease; somebody holds one under its key all the same, and will finish.
                Settled::LeaseLost => return Err(RunError::LeaseLost),
                Settled::LostRace => self.back_off(attempt).await,
            }
        }
        Err(RunError::Contended { runs: MAX_RUNS })
    }

    /// Commits a run and hands over what it emitted.
    pub(super) async fn complete(
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

    pub(super) fn tx_for<M>(&self, message: &Envelope<M>, run: &Run, handler: &'static str) -> Tx {
        self.begin(&Origin::of_message(message), run, handler, message.hops)
    }
}

pub(super) fn skipped<T>(outcome: &Outcome<T>) -> Option<String> {
    match outcome {
        Outcome::Done(_) => None,
        Outcome::Skipped { reason } => Some((*reason).to_owned()),
    }
}
