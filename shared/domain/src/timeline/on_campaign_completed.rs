//! A campaign was completed: its timeline says so.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::campaigns::CampaignCompleted;
use crate::timeline::{Timeline, TimelineEntry};

impl Listener<CampaignCompleted> for Timeline {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(
        &self,
        event: &Envelope<CampaignCompleted>,
        tx: &mut Tx,
    ) -> Result<Outcome, TxError> {
        let text = format!("{} was completed", event.data.name);
        tx.put_view(&TimelineEntry::new(event.data.campaign_id, event, text))?;
        Ok(Outcome::DONE)
    }
}
