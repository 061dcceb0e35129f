//! A campaign was paused: the team is told.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::campaigns::CampaignPaused;
use crate::notifications::{Notification, Notifications};

impl Listener<CampaignPaused> for Notifications {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(&self, event: &Envelope<CampaignPaused>, tx: &mut Tx) -> Result<Outcome, TxError> {
        let text = format!("{} is paused", event.data.name);
        tx.put_view(&Notification::new(event.data.campaign_id, event, text))?;
        Ok(Outcome::DONE)
    }
}
