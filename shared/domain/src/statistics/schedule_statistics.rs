//! The schedule that keeps statistics fresh.

use std::time::Duration;

use jiff::Timestamp;
use postroom::Schedule;

use crate::campaigns::Campaign;
use crate::id::CampaignId;
use crate::statistics::StatisticsDue;

/// Orders the statistics of every live campaign of every tenant, once a slot.
#[derive(Debug, Clone, Copy)]
pub struct ScheduleStatistics;

impl ScheduleStatistics {
    /// A slot is a quarter of an hour; the template's schedule fires as often.
    pub const EVERY: Duration = Duration::from_mins(15);
}

impl Schedule for ScheduleStatistics {
    const NAME: &'static str = "schedule-statistics";
    type Of = Campaign;
    type Id = CampaignId;
    type Task = StatisticsDue;

    fn task(&self, campaign_id: &CampaignId, slot: Timestamp) -> StatisticsDue {
        StatisticsDue { campaign_id: *campaign_id, slot }
    }
}
