//! What campaigns need done outside.

mod sync_campaign;

pub use sync_campaign::{SyncCampaign, SyncCampaignError};
