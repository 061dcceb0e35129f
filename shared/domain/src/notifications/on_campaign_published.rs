//! A campaign was published: the team is told.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::campaigns::CampaignPublished;
use crate::notifications::{Notification, Notifications};

impl Listener<CampaignPublished> for Notifications {
    const NAME: &'static str = "notifications";
    type Error = TxError;

    async fn on(
        &self,
        event: &Envelope<CampaignPublished>,
        tx: &mut Tx,
    ) -> Result<Outcome, TxError> {
        tx.put_view(&Notification {
            event_id: event.id,
            event_type: event.r#type.clone(),
            at: event.time,
            text: format!("{} is live", event.data.name),
            campaign_id: event.data.campaign_id,
            actor_id: event.actor_id.clone(),
        })?;
        Ok(Outcome::DONE)
    }
}
