//! A campaign was completed: its place in the plan is free.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::campaigns::CampaignCompleted;
use crate::plan_limit::{LiveCampaigns, PlanLimit};

impl Listener<CampaignCompleted> for PlanLimit {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(
        &self,
        _event: &Envelope<CampaignCompleted>,
        tx: &mut Tx,
    ) -> Result<Outcome, TxError> {
        let live = tx.load(&LiveCampaigns::place()).await?.unwrap_or_default();
        tx.save(&live.one_less())?;
        Ok(Outcome::DONE)
    }
}
