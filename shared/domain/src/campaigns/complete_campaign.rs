//! Completing a campaign: `POST /campaigns/{id}/complete`.

use postroom::{Command, Tx};

use crate::campaigns::{CampaignCompleted, CampaignView, Transition, TransitionError};
use crate::id::CampaignId;

/// Ends a published or paused campaign for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompleteCampaign {
    /// Which.
    pub campaign_id: CampaignId,
}

impl Command for CompleteCampaign {
    const NAME: &'static str = "complete-campaign";
    type Output = CampaignView;
    type Error = TransitionError;

    async fn handle(&self, tx: &mut Tx) -> Result<CampaignView, TransitionError> {
        Transition::Complete.take(self.campaign_id, tx, CampaignCompleted::of).await
    }
}
