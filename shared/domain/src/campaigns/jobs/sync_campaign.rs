//! Pushes a campaign's state to the ad provider.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use postroom::{
    Blame, Blames, Classify, Effects, Envelope, Event, Job, OnUnknown, Outcome, ReadError, Tx,
    Verdict, Versioned,
};

use crate::ad_provider::{AdProvider, CALL_TIME_OUT, CampaignState, ProviderError, Pushed};
use crate::campaigns::{Campaign, OfCampaign};
use crate::id::CampaignId;

/// Tells the provider the state of a campaign after each step, in the order of the steps.
///
/// It pushes the state its event led to, or nothing: where a later step was taken meanwhile, that step's own message
/// follows in the same group, with its own key. So one idempotency key never carries two states.
#[derive(Clone)]
pub struct SyncCampaign {
    provider: Arc<dyn AdProvider>,
}

/// Why the provider was not told.
#[derive(Debug, thiserror::Error)]
pub enum SyncCampaignError {
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
    /// The provider did not take it; it knows whether it will.
    #[error("cannot push the state of campaign {campaign_id}")]
    Provider {
        campaign_id: CampaignId,
        #[source]
        source: ProviderError,
    },
}

impl Classify for SyncCampaignError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::CampaignGone { .. } => Verdict::Permanent,
            Self::Read { source, .. } => source.verdict(),
            Self::Provider { source, .. } => source.verdict(),
        }
    }
}

impl Blames for SyncCampaignError {
    fn blame(&self) -> Blame {
        match self {
            Self::CampaignGone { .. } | Self::Read { .. } => Blame::NotAsked,
            Self::Provider { source, .. } => source.blame(),
        }
    }
}

impl SyncCampaign {
    /// The job's name, and its queue's.
    pub const NAME: &'static str = "sync-campaign";

    /// The job, telling this provider.
    pub fn new(provider: Arc<dyn AdProvider>) -> Self {
        Self { provider }
    }
}

impl<E: Event + OfCampaign> Job<E> for SyncCampaign {
    const NAME: &'static str = Self::NAME;
    /// The provider knows the key again, and an older version too.
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    const TIME_NEEDED: Duration = CALL_TIME_OUT;
    /// The provider has each version once, however often it is told; and may have lost it.
    const REPLAYABLE: bool = true;
    type Done = ();
    type Error = SyncCampaignError;

    async fn perform(
        &self,
        event: &Envelope<E>,
        effects: &Effects,
    ) -> Result<Outcome, SyncCampaignError> {
        let campaign_id = event.data.campaign_id();
        let found = effects.reader().get(&Campaign::at(campaign_id)).await;
        let Versioned { version, stream_version, value: campaign } = found
            .map_err(|source| SyncCampaignError::Read { campaign_id, source })?
            .ok_or(SyncCampaignError::CampaignGone { campaign_id })?;
        if event.stream_version != Some(stream_version) {
            return Ok(Outcome::Skipped { reason: "a later change is on its way" });
        }
        let idempotency_key = effects.idempotency_key();
        let state = CampaignState { campaign: &campaign, version, idempotency_key };
        let pushed = self.provider.push(&state).await;
        match pushed.map_err(|source| SyncCampaignError::Provider { campaign_id, source })? {
            Pushed::Taken => Ok(Outcome::DONE),
            Pushed::Overtaken => {
                Ok(Outcome::Skipped { reason: "the provider knows a later change" })
            }
        }
    }

    async fn record(
        &self,
        _event: &Envelope<E>,
        (): &(),
        _tx: &mut Tx,
    ) -> Result<(), SyncCampaignError> {
        // That it was pushed is in the run's own record, and nobody asks for it elsewhere.
        Ok(())
    }
}

impl fmt::Debug for SyncCampaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncCampaign").finish_non_exhaustive()
    }
}
