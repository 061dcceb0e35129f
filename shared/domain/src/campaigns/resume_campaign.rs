//! Resuming a campaign: `POST /campaigns/{id}/resume`.

use postroom::{Command, Tx};

use crate::campaigns::{CampaignResumed, CampaignView, Transition, TransitionError};
use crate::id::CampaignId;

/// Lets a paused campaign go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumeCampaign {
    /// Which.
    pub campaign_id: CampaignId,
}

impl Command for ResumeCampaign {
    const NAME: &'static str = "resume-campaign";
    type Output = CampaignView;
    type Error = TransitionError;

    async fn handle(&self, tx: &mut Tx) -> Result<CampaignView, TransitionError> {
        Transition::Resume.take(self.campaign_id, tx, CampaignResumed::of).await
    }
}
