//! A campaign was published: its timeline says so.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::campaigns::CampaignPublished;
use crate::timeline::{Timeline, TimelineEntry};

impl Listener<CampaignPublished> for Timeline {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(
        &self,
        event: &Envelope<CampaignPublished>,
        tx: &mut Tx,
    ) -> Result<Outcome, TxError> {
        let text = format!("{} was published", event.data.name);
        tx.put_view(&TimelineEntry::new(event.data.campaign_id, event, text))?;
        Ok(Outcome::DONE)
    }
}
