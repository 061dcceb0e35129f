//! A trial is over, and nobody had upgraded: the user goes on with another plan.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::trials::TrialExpired;
use crate::users::{User, UserPlans};

impl Listener<TrialExpired> for UserPlans {
    const NAME: &'static str = "user-plans";
    type Error = TxError;

    /// What compensates for the sign-up, in the transaction that ends the trial: nobody is without a trial and on its plan.
    async fn on(&self, event: &Envelope<TrialExpired>, tx: &mut Tx) -> Result<Outcome, TxError> {
        let TrialExpired { user_id, plan } = event.data.clone();
        let found = tx.load(&User::at(user_id)).await?;
        let Some(user) = found.filter(|user| user.plan.is_trial()) else {
            return Ok(Outcome::Skipped { reason: "the user is on another plan" });
        };
        tx.save(&User { plan, ..user })?;
        Ok(Outcome::DONE)
    }
}
