//! The plan limit: how many campaigns a tenant may have live at one time.

mod live_campaigns;
mod on_campaign_published;

pub use live_campaigns::LiveCampaigns;
pub use on_campaign_published::PlanLimitError;

/// Counts live campaigns and refuses the one too many.
#[derive(Debug, Clone, Copy)]
pub struct PlanLimit {
    /// How many may be live at one time.
    pub live_campaigns: u32,
}
