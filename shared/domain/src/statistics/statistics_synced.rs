//! `statistics.synced`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::CampaignId;
use crate::money::Money;
use crate::statistics::Statistics;

/// The provider told us its figures.
///
/// ```json
/// {"campaign_id":"0192…","impressions":12000,"clicks":340,"spend":{"amount_minor":5120,"currency":"NZD"}}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatisticsSynced {
    /// Which campaign's.
    pub campaign_id: CampaignId,
    /// How often it was shown.
    pub impressions: u64,
    /// How often it was clicked.
    pub clicks: u64,
    /// What it has cost.
    pub spend: Money,
}

impl Message for StatisticsSynced {
    const TYPE: &'static str = "statistics.synced";
}

impl Event for StatisticsSynced {
    fn stream(&self) -> StreamId {
        Statistics::stream(self.campaign_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<StatisticsSynced>(include_str!(
            "../../../../events/versions/statistics.synced.v1.json"
        ));
    }
}
