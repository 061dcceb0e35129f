//! `campaign.completed`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::campaigns::{Campaign, OfCampaign};
use crate::id::CampaignId;

/// A campaign ended for good.
///
/// ```json
/// {"campaign_id":"0192…","name":"Summer sale"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignCompleted {
    /// Which campaign.
    pub campaign_id: CampaignId,
    /// Its name then.
    pub name: String,
}

impl CampaignCompleted {
    pub(super) fn of(campaign: &Campaign) -> Self {
        Self { campaign_id: campaign.id, name: campaign.name.clone() }
    }
}

impl Message for CampaignCompleted {
    const TYPE: &'static str = "campaign.completed";
}

impl Event for CampaignCompleted {
    fn stream(&self) -> StreamId {
        Campaign::stream(self.campaign_id)
    }
}

impl OfCampaign for CampaignCompleted {
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
        shipped::reads::<CampaignCompleted>(include_str!(
            "../../../../events/versions/campaign.completed.v1.json"
        ));
    }
}
