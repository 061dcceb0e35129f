//! The latest figures of a campaign: `GET /campaigns/{id}/statistics`.

use postroom::{Classify, ReadError, Reader, Refusal, RefusalKind, Refuse, Verdict};

use crate::campaigns::{GetCampaignError, get_campaign};
use crate::id::CampaignId;
use crate::statistics::{Statistics, StatisticsView};

/// Why statistics are not shown.
#[derive(Debug, thiserror::Error)]
pub enum GetStatisticsError {
    /// The campaign is there, but nothing was synced yet.
    #[error("campaign {campaign_id} has no statistics yet")]
    NotSynced { campaign_id: CampaignId },
    /// The campaign itself is not shown.
    #[error("the statistics of campaign {campaign_id} are not shown")]
    Campaign {
        campaign_id: CampaignId,
        #[source]
        source: GetCampaignError,
    },
    /// They could not be read; retryable as the store says.
    #[error("cannot show the statistics of campaign {campaign_id}")]
    Read {
        campaign_id: CampaignId,
        #[source]
        source: ReadError,
    },
}

impl Classify for GetStatisticsError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotSynced { .. } => Verdict::Permanent,
            Self::Campaign { source, .. } => source.verdict(),
            Self::Read { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for GetStatisticsError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotSynced { .. } => {
                Some(Refusal { code: "statistics-not-synced", kind: RefusalKind::NotFound })
            }
            Self::Campaign { source, .. } => source.refusal(),
            Self::Read { .. } => None,
        }
    }
}

/// The figures of the last sync.
///
/// # Errors
/// See [`GetStatisticsError`].
pub async fn get_statistics(
    reader: &Reader,
    campaign_id: CampaignId,
) -> Result<StatisticsView, GetStatisticsError> {
    let found = reader.get(&Statistics::at(campaign_id)).await;
    let found = found.map_err(|source| GetStatisticsError::Read { campaign_id, source })?;
    if let Some(statistics) = found {
        return Ok(statistics.value.view);
    }
    // Only a caller who gets nothing pays for being told which of the two is missing.
    let campaign = get_campaign(reader, campaign_id).await;
    campaign.map_err(|source| GetStatisticsError::Campaign { campaign_id, source })?;
    Err(GetStatisticsError::NotSynced { campaign_id })
}
