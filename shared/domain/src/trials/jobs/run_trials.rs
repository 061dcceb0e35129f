//! A time-out of a trial came: the user is reminded, or the trial ends.

use jiff::Timestamp;
use postroom::{
    Classify, Effects, Envelope, Job, OnUnknown, Outcome, ReadError, Tx, TxError, Verdict, between,
};

use crate::id::UserId;
use crate::trials::decide::{Decision, time_out};
use crate::trials::{Trial, TrialEnding, TrialExpired, TrialTimeout};
use crate::users::Plan;

/// Moves a trial on whose time has come. Late, or a second time, it changes nothing.
#[derive(Debug, Clone, Copy)]
pub struct RunTrials;

/// Why a time-out did not take effect.
#[derive(Debug, thiserror::Error)]
pub enum RunTrialsError {
    /// It is not yet time. Retryable, when it is: were it skipped, the one that comes in time would be its duplicate.
    ///
    /// The outbox sends nothing before its time; so a clock is wrong, or somebody sent it by hand.
    #[error("the time-out of user {user_id} is due at {due}, which is in {}", wait(*due, *now))]
    TooEarly { user_id: UserId, due: Timestamp, now: Timestamp },
    /// The trial could not be read; retryable as the store says.
    #[error("cannot read the trial of user {user_id}")]
    Read {
        user_id: UserId,
        #[source]
        source: ReadError,
    },
    /// What came of it could not be staged; retryable as the store says.
    #[error("cannot move on the trial of user {user_id}")]
    Tx {
        user_id: UserId,
        #[source]
        source: TxError,
    },
}

impl Classify for RunTrialsError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::TooEarly { due, now, .. } => Verdict::Retry { after: between(*now, *due) },
            Self::Read { source, .. } => source.verdict(),
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl RunTrials {
    /// The job's name, its queue's and its function's.
    pub const NAME: &'static str = "run-trials";
}

impl Job<TrialTimeout> for RunTrials {
    const NAME: &'static str = Self::NAME;
    /// Nothing is outside.
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = RunTrialsError;

    /// Acts nowhere: it only sees whether there is anything to do, so that the chain says why not.
    async fn perform(
        &self,
        message: &Envelope<TrialTimeout>,
        effects: &Effects,
    ) -> Result<Outcome, RunTrialsError> {
        let timeout = &message.data;
        let user_id = timeout.user_id;
        let found = effects.reader().get(&Trial::at(user_id)).await;
        let found = found.map_err(|source| RunTrialsError::Read { user_id, source })?;
        match time_out(found.map(|found| found.value).as_ref(), timeout) {
            Decision::Remind(_) | Decision::Expire(_) => Ok(Outcome::DONE),
            Decision::Nothing { reason } => Ok(Outcome::Skipped { reason }),
        }
    }

    /// Decides once more, by what the commit is guarded by: an upgrade may have come in between.
    async fn record(
        &self,
        message: &Envelope<TrialTimeout>,
        (): &(),
        tx: &mut Tx,
    ) -> Result<(), RunTrialsError> {
        let timeout = &message.data;
        let (user_id, due, now) = (timeout.user_id, timeout.due, tx.now());
        let failed = |source| RunTrialsError::Tx { user_id, source };
        let trial = tx.load(&Trial::at(user_id)).await.map_err(failed)?;
        let decision = time_out(trial.as_ref(), timeout);
        if matches!(decision, Decision::Nothing { .. }) {
            return Ok(());
        }
        if now < due {
            return Err(RunTrialsError::TooEarly { user_id, due, now });
        }
        apply(decision, tx).map_err(failed)
    }
}

fn apply(decision: Decision, tx: &mut Tx) -> Result<(), TxError> {
    match decision {
        Decision::Remind(trial) => {
            tx.save(&trial)?;
            tx.emit(TrialEnding { user_id: trial.user_id, ends_at: trial.ends_at })?;
        }
        Decision::Expire(trial) => {
            tx.save(&trial)?;
            tx.emit(TrialExpired { user_id: trial.user_id, plan: Plan::free() })?;
        }
        Decision::Nothing { .. } => {}
    }
    Ok(())
}

/// How long it is until then, for people: to the second.
fn wait(due: Timestamp, now: Timestamp) -> String {
    format!("{} s", between(now, due).as_secs())
}
