//! Giving a run up: its dead letter, the memory of it and what follows from it, in one transaction.

use std::error::Error;
use std::future::ready;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tracing::warn;

use crate::BoxFuture;
use crate::command::Origin;
use crate::envelope::RawEnvelope;
use crate::port::{DeadLetter, Run, StoreError};
use crate::reason_of;
use crate::runtime::settle::{SettleError, Settled};
use crate::runtime::{MAX_RUNS, Runtime};
use crate::transaction::Fence;
use crate::tx::Tx;
use crate::verdict::{Classify, Failure, Verdict, panic_text};

/// A run that failed for good.
pub(crate) struct LostCause<'a> {
    pub(crate) run: &'a Run,
    pub(crate) handler: &'static str,
    pub(crate) message: &'a RawEnvelope,
    /// Whose failure it has to be still.
    pub(crate) fence: Fence,
    pub(crate) letter: DeadLetter,
    /// Its handler.
    pub(crate) reacts: &'a dyn OnGiveUp,
}

/// Whoever reacts to giving up.
pub(crate) trait OnGiveUp: Send + Sync {
    /// Stages what is to follow from it.
    fn react<'a>(
        &'a self,
        letter: &'a DeadLetter,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Failure>>;

    /// Stages what has to be true as soon as its letter is there: where that fails, nothing is given up.
    fn with_letter<'a>(&'a self, _tx: &'a mut Tx) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }
}

/// How giving a run up ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GaveUp {
    /// Its dead letter is written, and it is remembered as parked.
    Parked,
    /// It took effect or was given up before; or the failure is not the run's any more, as somebody else is at it or has
    /// decided about its letter. Nothing was written.
    NotOurs,
}

/// Why a run was not given up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GiveUpError {
    /// What its letter may not be without could not be staged. Nothing was written.
    #[error("what belongs to its letter could not be staged")]
    Stage {
        #[source]
        source: Failure,
    },
    /// It was not written, or nobody knows; a repeat finds out.
    #[error("its letter could not be written")]
    Settle {
        #[source]
        source: SettleError,
    },
}

/// How a letter says that nothing followed from giving its run up.
pub(crate) const LEFT_OUT: &str = "what was to follow from it was left out";

/// Why a run was given up without what was to follow from it.
#[derive(Debug, thiserror::Error)]
enum LeftOut {
    #[error("{LEFT_OUT}")]
    Failed {
        verdict: Verdict,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("{LEFT_OUT}: it panicked: {message}")]
    Panicked { message: String },
    #[error("{LEFT_OUT}: it lost {runs} races in a row")]
    Contended { runs: u32 },
    #[error("{LEFT_OUT}")]
    Refused {
        #[source]
        source: StoreError,
    },
}

impl Classify for LeftOut {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Failed { verdict, .. } => *verdict,
            Self::Panicked { .. } | Self::Contended { .. } | Self::Refused { .. } => {
                Verdict::Permanent
            }
        }
    }
}

impl Runtime {
    /// Parks a run: all of it is written, or nothing.
    ///
    /// What follows from it, the reaction of its handler and those to `task.failed`, is left out where it fails for good,
    /// and the letter then says so: a message that failed has to be a dead letter whatever else fails.
    ///
    /// # Errors
    /// [`GiveUpError`]: its message has to come back.
    pub(crate) async fn give_up(&self, lost: &mut LostCause<'_>) -> Result<GaveUp, GiveUpError> {
        let left_out = match self.give_up_and_react(lost).await {
            Ok(ended) => return ended.map_err(|source| GiveUpError::Settle { source }),
            Err(left_out) => reason_of(&left_out),
        };
        warn!(reason = left_out, "given up without a reaction");
        lost.letter.causes.push(left_out);
        for attempt in 1..=MAX_RUNS {
            let mut tx = self.tx_beside(lost);
            let staged = lost.reacts.with_letter(&mut tx).await;
            staged.map_err(|source| GiveUpError::Stage { source })?;
            match self.park(lost, tx).await.map_err(|source| GiveUpError::Settle { source })? {
                Settled::LostRace => self.back_off(attempt).await,
                settled => return Ok(settled.into()),
            }
        }
        Ok(GaveUp::NotOurs)
    }

    /// A race that is lost, and a failure that passes, are tried again; within bounds.
    async fn give_up_and_react(
        &self,
        lost: &LostCause<'_>,
    ) -> Result<Result<GaveUp, SettleError>, LeftOut> {
        for attempt in 1..=MAX_RUNS {
            let mut tx = self.tx_beside(lost);
            let staged = AssertUnwindSafe(stage(lost, &mut tx)).catch_unwind().await;
            let staged = staged.unwrap_or_else(|panic| {
                Err(LeftOut::Panicked { message: panic_text(&*panic).to_owned() })
            });
            match staged {
                Ok(()) => {}
                Err(error) if error.verdict() == Verdict::Permanent || attempt == MAX_RUNS => {
                    return Err(error);
                }
                Err(_) => {
                    self.back_off(attempt).await;
                    continue;
                }
            }
            match self.park(lost, tx).await {
                Ok(Settled::LostRace) => self.back_off(attempt).await,
                Err(SettleError::Store { source }) if source.verdict() == Verdict::Permanent => {
                    return Err(LeftOut::Refused { source });
                }
                // A letter by itself has no payload that has to be put.
                Err(error @ SettleError::Payload { .. })
                    if error.verdict() == Verdict::Permanent =>
                {
                    let (verdict, source) = (Verdict::Permanent, Box::new(error));
                    return Err(LeftOut::Failed { verdict, source });
                }
                ended => return Ok(ended.map(GaveUp::from)),
            }
        }
        Err(LeftOut::Contended { runs: MAX_RUNS })
    }

    async fn park(&self, lost: &LostCause<'_>, tx: Tx) -> Result<Settled, SettleError> {
        let (token, run) = (self.ports.ids.fresh().into(), lost.run.clone());
        let transaction = tx.give_up(token, run, lost.fence, lost.letter.clone());
        let settled = self.settle(&transaction).await?;
        if matches!(settled, Settled::Committed) {
            self.ports.courier.hand_over(transaction.outbox()).await;
        }
        Ok(settled)
    }

    fn tx_beside(&self, lost: &LostCause<'_>) -> Tx {
        let LostCause { handler, message, letter, .. } = lost;
        // Its time is that of the failure.
        let run = Run { started_at: letter.last_failed_at, ..lost.run.clone() };
        self.begin(&Origin::of_message(message), &run, handler, message.hops).beside(letter)
    }
}

/// First what the handler does about it, so that whoever is told finds it done.
async fn stage(lost: &LostCause<'_>, tx: &mut Tx) -> Result<(), LeftOut> {
    lost.reacts.with_letter(tx).await?;
    lost.reacts.react(&lost.letter, tx).await?;
    let told = tx.tell(&lost.letter, lost.message);
    told.map_err(|error| LeftOut::Failed { verdict: error.verdict(), source: Box::new(error) })?;
    tx.drain().await?;
    Ok(())
}

impl From<Failure> for LeftOut {
    fn from(failure: Failure) -> Self {
        Self::Failed { verdict: failure.verdict, source: Box::new(failure) }
    }
}

impl From<Settled> for GaveUp {
    fn from(settled: Settled) -> Self {
        match settled {
            Settled::Committed => Self::Parked,
            Settled::AlreadyDone(_)
            | Settled::Parked { .. }
            | Settled::LeaseLost
            | Settled::LostRace => Self::NotOurs,
        }
    }
}
