//! A campaign was published: its budget is held in the account it names, or it is refused.

use postroom::{Envelope, Listener, Outcome, Tx};

use crate::campaigns::CampaignPublished;
use crate::ledger::{Account, HoldBudget, LedgerError};

impl Listener<CampaignPublished> for HoldBudget {
    const NAME: &'static str = Self::NAME;
    type Error = LedgerError;

    async fn on(
        &self,
        event: &Envelope<CampaignPublished>,
        tx: &mut Tx,
    ) -> Result<Outcome, LedgerError> {
        let CampaignPublished { campaign_id, budget, account_id, .. } = &event.data;
        let Some(account_id) = *account_id else {
            return Ok(Outcome::Skipped { reason: "the campaign names no account" });
        };
        let account = Account::load(account_id, tx).await?;

        let held = account.state.hold(*campaign_id, *budget)?;

        tx.emit(held).map_err(|source| LedgerError::Tx { account_id, source })?;
        Ok(Outcome::DONE)
    }
}
