//! The plan limit: how many campaigns a tenant may have live at one time.

mod live_campaigns;
mod on_campaign_published;
mod on_campaign_completed;

pub use live_campaigns::LiveCampaigns;
pub use on_campaign_published::PlanLimitError;

/// Counts live campaigns and refuses the one too many. A paused campaign keeps its place, a completed one frees it.
#[derive(Debug, Clone, Copy)]
pub struct PlanLimit {
    /// How many may be live at one time.
    pub live_campaigns: u32,
}

impl PlanLimit {
    /// The listener's name, for every event it listens to.
    const NAME: &'static str = "plan-limit";
}
