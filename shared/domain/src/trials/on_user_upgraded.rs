//! A user upgraded: a trial that runs is over, and its time-outs are void.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use super::decide::upgrade;
use crate::trials::{Trial, Trials};
use crate::users::UserUpgraded;

impl Listener<UserUpgraded> for Trials {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(&self, event: &Envelope<UserUpgraded>, tx: &mut Tx) -> Result<Outcome, TxError> {
        let Some(trial) = tx.load(&Trial::at(event.data.user_id)).await? else {
            return Ok(Outcome::Skipped { reason: "the user has no trial" });
        };
        let Some((upgraded, void)) = upgrade(&trial) else {
            return Ok(Outcome::Skipped { reason: "the trial is over" });
        };
        tx.save(&upgraded)?;
        for timeout in void {
            // One that was sent by now finds that the trial is over.
            tx.cancel(&timeout, timeout.due)?;
        }
        Ok(Outcome::DONE)
    }
}
