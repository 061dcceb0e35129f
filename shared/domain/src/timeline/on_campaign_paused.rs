//! A campaign was paused: its timeline says so.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::campaigns::CampaignPaused;
use crate::timeline::{Timeline, TimelineEntry};

impl Listener<CampaignPaused> for Timeline {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(&self, event: &Envelope<CampaignPaused>, tx: &mut Tx) -> Result<Outcome, TxError> {
        let text = format!("{} was paused", event.data.name);
        tx.put_view(&TimelineEntry::new(event.data.campaign_id, event, text))?;
        Ok(Outcome::DONE)
    }
}
