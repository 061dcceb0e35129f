//! Publishing a campaign: `POST /campaigns/{id}/publish`.

use postroom::{Command, Tx};

use crate::campaigns::{CampaignPublished, CampaignView, Transition, TransitionError};
use crate::id::CampaignId;

/// Takes a draft live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishCampaign {
    /// Which.
    pub campaign_id: CampaignId,
}

impl Command for PublishCampaign {
    const NAME: &'static str = "publish-campaign";
    type Output = CampaignView;
    type Error = TransitionError;

    async fn handle(&self, tx: &mut Tx) -> Result<CampaignView, TransitionError> {
        Transition::Publish.take(self.campaign_id, tx, CampaignPublished::of).await
    }
}
