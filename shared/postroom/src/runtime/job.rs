//! Running a job: its effect is outside, under a lease; what came of it is recorded in the transaction that completes it.

use std::error::Error;

use tracing::{Span, warn};

use crate::envelope::Envelope;
use crate::job::{Effects, Job, OnUnknown};
use crate::message::Message;
use crate::outcome::Outcome;
use crate::port::{Claim, Claimed, Run};
use crate::reason_of;
use crate::runtime::lease::{Dropped, Holder};
use crate::runtime::queued::{Ran, RunError, skipped};
use crate::runtime::settle::Settled;
use crate::runtime::{MAX_RUNS, Runtime};
use crate::transaction::Fence;
use crate::verdict::{Blame, Classify};

impl Runtime {
    /// Runs a job: claim, perform, then record and complete in one transaction. `blame` says whom an error of performing
    /// blames.
    pub(crate) async fn perform<M: Message, J: Job<M>>(
        &self,
        job: &J,
        message: &Envelope<M>,
        run: &Run,
        holder: Holder,
        blame: fn(&J::Error) -> Blame,
    ) -> Result<Ran, RunError> {
        let failed = |error: J::Error| RunError::Handler {
            verdict: error.verdict(),
            blame: blame(&error),
            source: Box::new(error),
        };
        let until = holder.until(self.now());
        let claim = Claim { run: run.clone(), owner: holder.owner, until };
        let claimed = self.ports.inbox.claim(&claim).await;
        let attempts = match claimed.map_err(|source| RunError::Inbox { source })? {
            Claimed::Granted { unknown: true, .. } if J::ON_UNKNOWN == OnUnknown::Park => {
                return Err(RunError::UnknownOutcome);
            }
            Claimed::Granted { attempts, .. } => {
                Span::current().record("attempt", attempts + 1);
                attempts
            }
            Claimed::InFlight { until } => return Ok(Ran::InFlight { until }),
            Claimed::Done => return Ok(Ran::Duplicate),
            Claimed::Parked { reason } => return Ok(Ran::Parked { reason }),
        };
        // Taking the lease may have been what the time went into.
        let left = holder.left(self.now());
        if left.is_zero() || left < J::TIME_NEEDED {
            self.give_back(run, &holder).await;
            return Ok(Ran::NoTime);
        }
        let effects = Effects {
            idempotency_key: run.key.to_string(),
            attempt: attempts + 1,
            reader: self.reader(&message.tenant_id),
        };
        let effect = job.perform(message, &effects);
        let outcome = match self.under_lease(&run.key, &holder, until, effect).await {
            Ok(outcome) => outcome.map_err(failed)?,
            Err(Dropped::LeaseLost) => return Err(RunError::LeaseLost),
            Err(Dropped::OutOfTime) => {
                let error = RunError::out_of_time(left, J::TIME_NEEDED, Blame::Provider);
                return Err(match J::ON_UNKNOWN {
                    OnUnknown::Repeat => error,
                    OnUnknown::Park => error.not_recorded(),
                });
            }
        };
        let recorded = self.record(job, message, run, &holder, outcome).await;
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
        holder: &Holder,
        outcome: Outcome<J::Done>,
    ) -> Result<Ran, RunError> {
        let fence = Fence::Held(holder.owner);
        for attempt in 1..=MAX_RUNS {
            let mut tx = self.tx_for(message, run, J::NAME);
            if let Outcome::Done(done) = &outcome {
                job.record(message, done, &mut tx).await.map_err(not_recorded)?;
                tx.drain().await?;
            }
            match self.complete(tx, run.clone(), fence, skipped(&outcome)).await? {
                Settled::Committed => return Ok(Ran::of(&outcome)),
                Settled::AlreadyDone(_) => return Ok(Ran::Duplicate),
                Settled::Parked { reason } => return Ok(Ran::Parked { reason }),
                Settled::LeaseLost => return Err(RunError::LeaseLost),
                Settled::LostRace => self.back_off(attempt).await,
            }
        }
        Err(RunError::Contended { runs: MAX_RUNS })
    }

    /// Gives back a lease under which nothing was tried. Where that fails, it runs out by itself.
    async fn give_back(&self, run: &Run, holder: &Holder) {
        let released = self.ports.inbox.release(&run.key, holder.owner, self.now()).await;
        if let Err(error) = released {
            warn!(reason = reason_of(&error), "a lease could not be given back; it will run out");
        }
    }
}

/// Whoever performed it was answered; whom an error of recording blames, it cannot be the one that was asked.
fn not_recorded<E: Error + Classify + Send + Sync + 'static>(error: E) -> RunError {
    let (verdict, blame) = (error.verdict(), Blame::Message);
    RunError::Handler { verdict, blame, source: Box::new(error) }
}
