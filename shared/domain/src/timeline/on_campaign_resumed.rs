//! A campaign was resumed: its timeline says so.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::campaigns::CampaignResumed;
use crate::timeline::{Timeline, TimelineEntry};

impl Listener<CampaignResumed> for Timeline {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(&self, event: &Envelope<CampaignResumed>, tx: &mut Tx) -> Result<Outcome, TxError> {
        let text = format!("{} was resumed", event.data.name);
        tx.put_view(&TimelineEntry::new(event.data.campaign_id, event, text))?;
        Ok(Outcome::DONE)
    }
}
