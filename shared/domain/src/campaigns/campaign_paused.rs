//! `campaign.paused`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::campaigns::{Campaign, OfCampaign};
use crate::id::CampaignId;

/// A published campaign was stopped for a while.
///
/// ```json
/// {"campaign_id":"0192…","name":"Summer sale"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignPaused {
    /// Which campaign.
    pub campaign_id: CampaignId,
    /// Its name then.
    pub name: String,
}

impl CampaignPaused {
    pub(super) fn of(campaign: &Campaign) -> Self {
        Self { campaign_id: campaign.id, name: campaign.name.clone() }
    }
}

impl Message for CampaignPaused {
    const TYPE: &'static str = "campaign.paused";
}

impl Event for CampaignPaused {
    fn stream(&self) -> StreamId {
        Campaign::stream(self.campaign_id)
    }
}

impl OfCampaign for CampaignPaused {
    fn campaign_id(&self) -> CampaignId {
        self.campaign_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<CampaignPaused>(include_str!(
            "../../../../events/versions/campaign.paused.v1.json"
        ));
    }
}
