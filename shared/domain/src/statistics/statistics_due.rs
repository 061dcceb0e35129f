//! `statistics.due`, version 1.

use jiff::Timestamp;
use postroom::{Message, Task};
use serde::{Deserialize, Serialize};

use crate::campaigns::OfCampaign;
use crate::id::CampaignId;

/// A schedule's order to sync the statistics of one live campaign.
///
/// ```json
/// {"campaign_id":"0192…","slot":"2026-11-21T09:45:00Z"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatisticsDue {
    /// Which campaign's.
    pub campaign_id: CampaignId,
    /// The quarter of an hour it is for.
    pub slot: Timestamp,
}

impl Message for StatisticsDue {
    const TYPE: &'static str = "statistics.due";
}

impl Task for StatisticsDue {
    fn subject(&self) -> String {
        self.campaign_id.to_string()
    }

    /// A campaign is asked for once a slot, however often the schedule fires.
    fn key(&self) -> Option<String> {
        Some(format!("{}#{}", self.campaign_id, self.slot))
    }
}

impl OfCampaign for StatisticsDue {
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
        shipped::reads::<StatisticsDue>(include_str!(
            "../../../../events/versions/statistics.due.v1.json"
        ));
    }
}
