//! Giving a run up: its dead letter and the memory of it, in one transaction.

use crate::command::Origin;
use crate::envelope::RawEnvelope;
use crate::port::{DeadLetter, Run};
use crate::runtime::settle::{SettleError, Settled};
use crate::runtime::{MAX_RUNS, Runtime};
use crate::transaction::Fence;
use crate::tx::Tx;

/// A run that failed for good.
#[derive(Debug)]
pub(crate) struct LostCause<'a> {
    pub(crate) run: &'a Run,
    pub(crate) handler: &'static str,
    pub(crate) message: &'a RawEnvelope,
    /// Whose failure it has to be still.
    pub(crate) fence: Fence,
    pub(crate) letter: DeadLetter,
}

/// How giving a run up ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GaveUp {
    /// Its dead letter is written, and it is remembered as parked.
    Parked,
    /// It took effect before.
    Done,
    /// It was given up before.
    ParkedBefore,
    /// The failure is not the run's any more: somebody else is at it, or decided about its letter. Nothing was written.
    NotOurs,
}

impl Runtime {
    /// Parks a run: all of it is written, or nothing.
    ///
    /// # Errors
    /// It was not written, or nobody knows; a repeat finds out.
    pub(crate) async fn give_up(&self, lost: &LostCause<'_>) -> Result<GaveUp, SettleError> {
        for attempt in 1..=MAX_RUNS {
            let (token, run) = (self.ports.ids.fresh().into(), lost.run.clone());
            let transaction = self.tx_of(lost).give_up(token, run, lost.fence, lost.letter.clone());
            match self.settle(&transaction).await? {
                Settled::Committed => return Ok(GaveUp::Parked),
                Settled::AlreadyDone(_) => return Ok(GaveUp::Done),
                Settled::Parked { .. } => return Ok(GaveUp::ParkedBefore),
                Settled::LeaseLost => return Ok(GaveUp::NotOurs),
                Settled::LostRace => self.back_off(attempt).await,
            }
        }
        Ok(GaveUp::NotOurs)
    }

    fn tx_of(&self, lost: &LostCause<'_>) -> Tx {
        let LostCause { handler, message, letter, .. } = lost;
        let origin = Origin::of_message(message);
        let run = Run { started_at: letter.last_failed_at, ..lost.run.clone() };
        self.begin(&origin, &run, handler, message.hops)
    }
}
