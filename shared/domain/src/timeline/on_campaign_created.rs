//! A campaign was created: its timeline says so.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::campaigns::CampaignCreated;
use crate::timeline::{Timeline, TimelineEntry};

impl Listener<CampaignCreated> for Timeline {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(&self, event: &Envelope<CampaignCreated>, tx: &mut Tx) -> Result<Outcome, TxError> {
        let text = format!("{} was created as a draft", event.data.name);
        tx.put_view(&TimelineEntry::new(event.data.campaign_id, event, text))?;
        Ok(Outcome::DONE)
    }
}
