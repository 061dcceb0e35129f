//! A campaign was completed: what it spent leaves the account it names, and the rest of its budget is free.

use postroom::{Envelope, Listener, Outcome, Tx};

use crate::campaigns::{Campaign, CampaignCompleted};
use crate::ledger::{Account, HoldBudget, LedgerError};
use crate::statistics::Statistics;

impl Listener<CampaignCompleted> for HoldBudget {
    const NAME: &'static str = Self::NAME;
    type Error = LedgerError;

    /// What it spent is what its statistics say now. What the provider counts later is not asked for any more.
    async fn on(
        &self,
        event: &Envelope<CampaignCompleted>,
        tx: &mut Tx,
    ) -> Result<Outcome, LedgerError> {
        let CampaignCompleted { campaign_id, name } = &event.data;
        // Its command has loaded it: no call.
        let campaign = tx.load(&Campaign::at(*campaign_id)).await;
        let campaign = campaign
            .map_err(|source| LedgerError::Campaign { campaign_id: *campaign_id, source })?;
        let Some(account_id) = campaign.and_then(|campaign| campaign.account_id) else {
            return Ok(Outcome::Skipped { reason: "the campaign names no account" });
        };
        let failed = |source| LedgerError::Tx { account_id, source };
        let Some(account) = tx.aggregate::<Account>(account_id).await.map_err(failed)? else {
            return Ok(Outcome::Skipped { reason: "nothing is held for the campaign" });
        };
        let statistics = tx.load(&Statistics::at(*campaign_id)).await.map_err(failed)?;
        let spend = statistics.map_or(0, |statistics| statistics.view.spend.amount_minor);

        let Some((released, withdrawn)) = account.state.settle(*campaign_id, name, spend) else {
            return Ok(Outcome::Skipped { reason: "nothing is held for the campaign" });
        };

        tx.emit(released).map_err(failed)?;
        if let Some(withdrawn) = withdrawn {
            tx.emit(withdrawn).map_err(failed)?;
        }
        Ok(Outcome::DONE)
    }
}
