//! A campaign was published: the team is told.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::campaigns::CampaignPublished;
use crate::notifications::{Notification, Notifications};

impl Listener<CampaignPublished> for Notifications {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(
        &self,
        event: &Envelope<CampaignPublished>,
        tx: &mut Tx,
    ) -> Result<Outcome, TxError> {
        let text = format!("{} is live", event.data.name);
        tx.put_view(&Notification::new(event.data.campaign_id, event, text))?;
        Ok(Outcome::DONE)
    }
}
