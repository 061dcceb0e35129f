//! What all messages about a campaign have in common.

use postroom::Message;

use crate::id::CampaignId;

/// A message about one campaign. A job that loads the campaign anyway takes any of them.
pub trait OfCampaign: Message {
    /// Which.
    fn campaign_id(&self) -> CampaignId;
}
