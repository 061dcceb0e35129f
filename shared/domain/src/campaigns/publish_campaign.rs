//! Publishing a campaign: `POST /campaigns/{id}/publish`.

use jiff::Timestamp;
use postroom::{Classify, Command, Refusal, RefusalKind, Refuse, Tx, TxError, Verdict};

use crate::campaigns::{Campaign, CampaignPublished, CampaignStatus, CampaignView};
use crate::id::CampaignId;

/// Takes a draft live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishCampaign {
    /// Which.
    pub campaign_id: CampaignId,
}

/// Why a campaign was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishCampaignError {
    /// The tenant has no such campaign.
    #[error("there is no campaign {campaign_id}")]
    NotFound { campaign_id: CampaignId },
    /// Only a draft can be published.
    #[error("campaign {campaign_id} is {status}, not draft")]
    NotDraft { campaign_id: CampaignId, status: CampaignStatus },
    /// It could not be read or staged; retryable as the store says.
    #[error("cannot publish campaign {campaign_id}")]
    Tx {
        campaign_id: CampaignId,
        #[source]
        source: TxError,
    },
}

impl Classify for PublishCampaignError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } | Self::NotDraft { .. } => Verdict::Permanent,
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for PublishCampaignError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "campaign-not-found", kind: RefusalKind::NotFound })
            }
            Self::NotDraft { .. } => {
                Some(Refusal { code: "campaign-not-draft", kind: RefusalKind::Conflict })
            }
            Self::Tx { source, .. } => source.refusal(),
        }
    }
}

impl Command for PublishCampaign {
    const NAME: &'static str = "publish-campaign";
    type Output = CampaignView;
    type Error = PublishCampaignError;

    async fn handle(&self, tx: &mut Tx) -> Result<CampaignView, PublishCampaignError> {
        let campaign_id = self.campaign_id;
        let failed = |source| PublishCampaignError::Tx { campaign_id, source };
        let found = tx.load(&Campaign::at(campaign_id)).await.map_err(failed)?;
        let draft = found.ok_or(PublishCampaignError::NotFound { campaign_id })?;

        let (campaign, published) = draft.publish(tx.now())?;

        let version = tx.save(&campaign).map_err(failed)?;
        tx.emit(published).map_err(failed)?;
        Ok(CampaignView { campaign, version })
    }
}

impl Campaign {
    /// The campaign once it is live, and the fact that it went live.
    fn publish(self, at: Timestamp) -> Result<(Self, CampaignPublished), PublishCampaignError> {
        match self.status {
            CampaignStatus::Draft => {}
            status @ CampaignStatus::Published => {
                return Err(PublishCampaignError::NotDraft { campaign_id: self.id, status });
            }
        }
        let published = CampaignPublished {
            campaign_id: self.id,
            name: self.name.clone(),
            channel: self.channel,
            budget: self.budget,
            account_id: self.account_id,
        };
        let status = CampaignStatus::Published;
        Ok((Self { status, updated_at: at, published_at: Some(at), ..self }, published))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    const LATER: Timestamp = Timestamp::constant(1_000, 0);

    #[test]
    fn a_draft_goes_live() {
        let draft = samples::draft();

        let (campaign, published) = draft.clone().publish(LATER).unwrap();

        assert_eq!(campaign.status, CampaignStatus::Published);
        assert_eq!((campaign.updated_at, campaign.published_at), (LATER, Some(LATER)));
        assert_eq!(campaign.created_at, draft.created_at);
        assert_eq!((published.campaign_id, published.budget), (draft.id, draft.budget));
    }

    #[test]
    fn what_is_live_already_is_not_published_again() {
        let campaign = samples::published();

        let refused = campaign.publish(LATER).unwrap_err();

        let conflict = Refusal { code: "campaign-not-draft", kind: RefusalKind::Conflict };
        assert_eq!(refused.refusal(), Some(conflict));
        assert_eq!(refused.verdict(), Verdict::Permanent);
    }
}
