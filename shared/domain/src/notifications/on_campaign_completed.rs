//! A campaign was completed: the team is told.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::campaigns::CampaignCompleted;
use crate::notifications::{Notification, Notifications};

impl Listener<CampaignCompleted> for Notifications {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(
        &self,
        event: &Envelope<CampaignCompleted>,
        tx: &mut Tx,
    ) -> Result<Outcome, TxError> {
        let text = format!("{} is completed", event.data.name);
        tx.put_view(&Notification::new(event.data.campaign_id, event, text))?;
        Ok(Outcome::DONE)
    }
}
