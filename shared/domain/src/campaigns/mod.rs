//! Campaigns: created as drafts, published, paused and resumed, completed.

mod campaign;
mod of_campaign;
mod campaign_created;
mod campaign_published;
mod campaign_paused;
mod campaign_resumed;
mod campaign_completed;
mod create_campaign;
mod transition;
mod publish_campaign;
mod pause_campaign;
mod resume_campaign;
mod complete_campaign;
mod get_campaign;
mod list_campaigns;

pub mod jobs;

pub use campaign::{Campaign, CampaignStatus, CampaignView, Channel};
pub use campaign_completed::CampaignCompleted;
pub use campaign_created::CampaignCreated;
pub use campaign_paused::CampaignPaused;
pub use campaign_published::CampaignPublished;
pub use campaign_resumed::CampaignResumed;
pub use complete_campaign::CompleteCampaign;
pub use create_campaign::{CampaignInput, CreateCampaign};
pub use get_campaign::{GetCampaignError, get_campaign};
pub use list_campaigns::{CampaignFilter, list_campaigns};
pub use of_campaign::OfCampaign;
pub use pause_campaign::PauseCampaign;
pub use publish_campaign::PublishCampaign;
pub use resume_campaign::ResumeCampaign;
pub use transition::{Transition, TransitionError};
