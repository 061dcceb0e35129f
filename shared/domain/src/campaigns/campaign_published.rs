//! `campaign.published`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::campaigns::{Campaign, Channel, OfCampaign};
use crate::id::{AccountId, CampaignId};
use crate::money::Money;

/// A campaign went live, with all that its reactions need to know of it.
///
/// ```json
/// {"campaign_id":"0192…","name":"Summer sale","channel":"facebook",
///  "budget":{"amount_minor":150000,"currency":"NZD"},"account_id":"0192…"}
/// ```
/// `account_id` may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignPublished {
    /// Which campaign.
    pub campaign_id: CampaignId,
    /// Its name then.
    pub name: String,
    /// Where it runs.
    pub channel: Channel,
    /// The most that may be spent.
    pub budget: Money,
    /// Where the budget comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
}

impl CampaignPublished {
    pub(super) fn of(campaign: &Campaign) -> Self {
        Self {
            campaign_id: campaign.id,
            name: campaign.name.clone(),
            channel: campaign.channel,
            budget: campaign.budget,
            account_id: campaign.account_id,
        }
    }
}

impl Message for CampaignPublished {
    const TYPE: &'static str = "campaign.published";
}

impl Event for CampaignPublished {
    fn stream(&self) -> StreamId {
        Campaign::stream(self.campaign_id)
    }
}

impl OfCampaign for CampaignPublished {
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
        shipped::reads::<CampaignPublished>(include_str!(
            "../../../../events/versions/campaign.published.v1.json"
        ));
    }
}
