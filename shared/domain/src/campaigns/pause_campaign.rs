//! Pausing a campaign: `POST /campaigns/{id}/pause`.

use postroom::{Command, Tx};

use crate::campaigns::{CampaignPaused, CampaignView, Transition, TransitionError};
use crate::id::CampaignId;

/// Stops a published campaign for a while; it keeps its place in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PauseCampaign {
    /// Which.
    pub campaign_id: CampaignId,
}

impl Command for PauseCampaign {
    const NAME: &'static str = "pause-campaign";
    type Output = CampaignView;
    type Error = TransitionError;

    async fn handle(&self, tx: &mut Tx) -> Result<CampaignView, TransitionError> {
        Transition::Pause.take(self.campaign_id, tx, CampaignPaused::of).await
    }
}
