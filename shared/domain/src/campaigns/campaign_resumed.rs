//! `campaign.resumed`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::campaigns::{Campaign, OfCampaign};
use crate::id::CampaignId;

/// A paused campaign goes on.
///
/// ```json
/// {"campaign_id":"0192…","name":"Summer sale"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignResumed {
    /// Which campaign.
    pub campaign_id: CampaignId,
    /// Its name then.
    pub name: String,
}

impl CampaignResumed {
    pub(super) fn of(campaign: &Campaign) -> Self {
        Self { campaign_id: campaign.id, name: campaign.name.clone() }
    }
}

impl Message for CampaignResumed {
    const TYPE: &'static str = "campaign.resumed";
}

impl Event for CampaignResumed {
    fn stream(&self) -> StreamId {
        Campaign::stream(self.campaign_id)
    }
}

impl OfCampaign for CampaignResumed {
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
        shipped::reads::<CampaignResumed>(include_str!(
            "../../../../events/versions/campaign.resumed.v1.json"
        ));
    }
}
