//! One campaign: `GET /campaigns/{id}`.

use postroom::{Classify, ReadError, Reader, Refusal, RefusalKind, Refuse, Verdict};

use crate::campaigns::{Campaign, CampaignView};
use crate::id::CampaignId;

/// Why a campaign, or something of it, is not shown.
#[derive(Debug, thiserror::Error)]
pub enum GetCampaignError {
    /// The tenant has no such campaign.
    #[error("there is no campaign {campaign_id}")]
    NotFound { campaign_id: CampaignId },
    /// It could not be read; retryable as the store says.
    #[error("cannot show campaign {campaign_id}")]
    Read {
        campaign_id: CampaignId,
        #[source]
        source: ReadError,
    },
}

impl Classify for GetCampaignError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } => Verdict::Permanent,
            Self::Read { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for GetCampaignError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "campaign-not-found", kind: RefusalKind::NotFound })
            }
            Self::Read { .. } => None,
        }
    }
}

/// The campaign as of now.
///
/// # Errors
/// See [`GetCampaignError`].
pub async fn get_campaign(
    reader: &Reader,
    campaign_id: CampaignId,
) -> Result<CampaignView, GetCampaignError> {
    let found = reader.get(&Campaign::at(campaign_id)).await;
    let found = found.map_err(|source| GetCampaignError::Read { campaign_id, source })?;
    found.map(CampaignView::from).ok_or(GetCampaignError::NotFound { campaign_id })
}
