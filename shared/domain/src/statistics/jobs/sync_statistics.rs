//! Pulls a campaign's figures from the ad provider.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postroom::port::DeadLetter;
use postroom::{
    Blame, Blames, Classify, Effects, Envelope, Job, OnUnknown, Outcome, ReadError, Tx, TxError,
    Verdict,
};

use crate::ad_provider::{AdProvider, CALL_TIME_OUT, InsightsRequest, ProviderError};
use crate::campaigns::{Campaign, OfCampaign};
use crate::id::CampaignId;
use crate::money::Money;
use crate::statistics::{Statistics, StatisticsSynced, StatisticsView};

/// Asks the provider for a campaign's figures and records them: once it is published, and whenever they are due.
#[derive(Clone)]
pub struct SyncStatistics {
    provider: Arc<dyn AdProvider>,
}

/// What the provider counted, as money where it is money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    impressions: u64,
    clicks: u64,
    spend: Money,
}

/// Why statistics were not synced.
#[derive(Debug, thiserror::Error)]
pub enum SyncStatisticsError {
    /// The campaign was there when the message was sent, and is not any more. Permanent.
    #[error("campaign {campaign_id} no longer exists")]
    CampaignGone { campaign_id: CampaignId },
    /// The campaign could not be read; retryable as the store says.
    #[error("cannot load campaign {campaign_id}")]
    Read {
        campaign_id: CampaignId,
        #[source]
        source: ReadError,
    },
    /// The provider gave no figures; it knows whether it will.
    #[error("cannot get insights of campaign {campaign_id}")]
    Provider {
        campaign_id: CampaignId,
        #[source]
        source: ProviderError,
    },
    /// The figures could not be recorded; retryable as the store says.
    #[error("cannot record statistics of campaign {campaign_id}")]
    Tx {
        campaign_id: CampaignId,
        #[source]
        source: TxError,
    },
}

impl Classify for SyncStatisticsError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::CampaignGone { .. } => Verdict::Permanent,
            Self::Read { source, .. } => source.verdict(),
            Self::Provider { source, .. } => source.verdict(),
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl Blames for SyncStatisticsError {
    fn blame(&self) -> Blame {
        match self {
            Self::CampaignGone { .. } | Self::Read { .. } | Self::Tx { .. } => Blame::NotAsked,
            Self::Provider { source, .. } => source.blame(),
        }
    }
}

impl SyncStatistics {
    /// The job's name, and its queue's.
    pub const NAME: &'static str = "sync-statistics";

    /// The job, asking this provider.
    pub fn new(provider: Arc<dyn AdProvider>) -> Self {
        Self { provider }
    }
}

impl<M: OfCampaign> Job<M> for SyncStatistics {
    const NAME: &'static str = Self::NAME;
    /// Asking again changes nothing at the provider.
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    const TIME_NEEDED: Duration = CALL_TIME_OUT;
    /// It reads at the provider, and overwrites what it read before.
    const REPLAYABLE: bool = true;
    type Done = Figures;
    type Error = SyncStatisticsError;

    async fn perform(
        &self,
        message: &Envelope<M>,
        effects: &Effects,
    ) -> Result<Outcome<Figures>, SyncStatisticsError> {
        let campaign_id = message.data.campaign_id();
        let found = effects.reader().get(&Campaign::at(campaign_id)).await;
        let campaign = found
            .map_err(|source| SyncStatisticsError::Read { campaign_id, source })?
            .ok_or(SyncStatisticsError::CampaignGone { campaign_id })?;
        if !campaign.value.status.is_live() {
            return Ok(Outcome::Skipped { reason: "the campaign is not live" });
        }
        let request = InsightsRequest {
            campaign_id,
            campaign_version: campaign.version,
            idempotency_key: effects.idempotency_key(),
        };
        let insights = self.provider.insights(&request).await;
        let insights =
            insights.map_err(|source| SyncStatisticsError::Provider { campaign_id, source })?;
        Ok(Outcome::Done(Figures {
            impressions: insights.impressions,
            clicks: insights.clicks,
            spend: Money {
                amount_minor: insights.spend_minor,
                currency: campaign.value.budget.currency,
            },
        }))
    }

    async fn record(
        &self,
        message: &Envelope<M>,
        figures: &Figures,
        tx: &mut Tx,
    ) -> Result<(), SyncStatisticsError> {
        let campaign_id = message.data.campaign_id();
        figures
            .stage(campaign_id, tx)
            .await
            .map_err(|source| SyncStatisticsError::Tx { campaign_id, source })
    }

    /// What callers are shown is not what the provider counts any more, and says so.
    async fn on_give_up(
        &self,
        message: &Envelope<M>,
        _letter: &DeadLetter,
        tx: &mut Tx,
    ) -> Result<(), SyncStatisticsError> {
        let campaign_id = message.data.campaign_id();
        mark_stale(campaign_id, message.time, tx)
            .await
            .map_err(|source| SyncStatisticsError::Tx { campaign_id, source })
    }
}

/// Marks figures that are older than the order to sync them, unless they are marked already.
async fn mark_stale(
    campaign_id: CampaignId,
    ordered_at: Timestamp,
    tx: &mut Tx,
) -> Result<(), TxError> {
    let Some(Statistics { view, .. }) = tx.load(&Statistics::at(campaign_id)).await? else {
        return Ok(());
    };
    if view.stale_since.is_none() && view.synced_at <= ordered_at {
        let view = StatisticsView { stale_since: Some(tx.now()), ..view };
        tx.save(&Statistics { campaign_id, view })?;
    }
    Ok(())
}

impl Figures {
    /// The figures become the campaign's latest, and that is a fact; unless later ones are there already.
    async fn stage(self, campaign_id: CampaignId, tx: &mut Tx) -> Result<(), TxError> {
        let Self { impressions, clicks, spend } = self;
        let before = tx.load(&Statistics::at(campaign_id)).await?;
        // Runs of one campaign do not wait for each other. This one asked first, and was answered last.
        if before.is_some_and(|statistics| statistics.view.synced_at > tx.now()) {
            return Ok(());
        }
        let synced_at = tx.now();
        let view = StatisticsView { impressions, clicks, spend, synced_at, stale_since: None };
        tx.save(&Statistics { campaign_id, view })?;
        tx.emit(StatisticsSynced { campaign_id, impressions, clicks, spend })?;
        Ok(())
    }
}

impl fmt::Debug for SyncStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncStatistics").finish_non_exhaustive()
    }
}
