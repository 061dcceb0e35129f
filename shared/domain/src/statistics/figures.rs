//! A campaign's statistics as they are stored, and as callers see them.

use jiff::Timestamp;
use postroom::{Place, Stored, StreamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::CampaignId;
use crate::money::Money;

/// The latest figures of one campaign, with a stream of their own: syncing never races the campaign's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Whose figures.
    pub campaign_id: CampaignId,
    /// What callers see of them.
    #[serde(flatten)]
    pub view: StatisticsView,
}

/// What the provider counted since the campaign went live: `{impressions, clicks, spend, synced_at, stale_since?}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Statistics")]
pub struct StatisticsView {
    /// How often it was shown.
    pub impressions: u64,
    /// How often it was clicked.
    pub clicks: u64,
    /// What it has cost.
    pub spend: Money,
    /// When we asked. It never goes back.
    pub synced_at: Timestamp,
    /// Since when we have asked in vain; absent while the last answer is the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_since: Option<Timestamp>,
}

impl Statistics {
    /// Where the statistics of a campaign live.
    pub fn at(campaign_id: CampaignId) -> Place<Self> {
        Place::new(campaign_id)
    }

    /// The stream of what happened to the statistics of a campaign.
    pub fn stream(campaign_id: CampaignId) -> StreamId {
        Self::at(campaign_id).stream()
    }
}

impl Stored for Statistics {
    const COLLECTION: &'static str = "statistics";

    fn place(&self) -> Place<Self> {
        Self::at(self.campaign_id)
    }
}
