//! A user signed up: on the plan `trial`, a trial begins.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::trials::{Trial, TrialStep, Trials};
use crate::users::UserSignedUp;

impl Listener<UserSignedUp> for Trials {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    /// Both time-outs are ordered now, and not the second by the first: an expiry waits for no reminder, and what an upgrade
    /// has to take back is known from the trial alone.
    async fn on(&self, event: &Envelope<UserSignedUp>, tx: &mut Tx) -> Result<Outcome, TxError> {
        if !event.data.plan.is_trial() {
            return Ok(Outcome::Skipped { reason: "the plan is no trial" });
        }
        let trial = Trial::begin(event.data.user_id, tx.now(), &self.terms);
        tx.save(&trial)?;
        tx.enqueue(trial.timeout(TrialStep::Reminder), self.terms.until_reminder())?;
        tx.enqueue(trial.timeout(TrialStep::Expiry), self.terms.length())?;
        Ok(Outcome::DONE)
    }
}
