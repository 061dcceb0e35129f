//! Campaigns: created as drafts, then published.

mod campaign;
mod campaign_created;
mod campaign_published;
mod create_campaign;
mod publish_campaign;
mod get_campaign;
mod list_campaigns;

pub use campaign::{Campaign, CampaignStatus, CampaignView, Channel};
pub use campaign_created::CampaignCreated;
pub use campaign_published::CampaignPublished;
pub use create_campaign::{CampaignInput, CreateCampaign};
pub use get_campaign::{GetCampaignError, get_campaign};
pub use list_campaigns::list_campaigns;
pub use publish_campaign::{PublishCampaign, PublishCampaignError};
