//! A campaign was resumed: the team is told.

use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use crate::campaigns::CampaignResumed;
use crate::notifications::{Notification, Notifications};

impl Listener<CampaignResumed> for Notifications {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(&self, event: &Envelope<CampaignResumed>, tx: &mut Tx) -> Result<Outcome, TxError> {
        let text = format!("{} is live again", event.data.name);
        tx.put_view(&Notification::new(event.data.campaign_id, event, text))?;
        Ok(Outcome::DONE)
    }
}
