//! What we need from the ad provider.

use std::error::Error;
use std::time::Duration;

use postroom::{Blame, Blames, BoxFuture, Classify, Verdict};

use crate::campaigns::Campaign;
use crate::id::CampaignId;

/// Its name among the services that jobs call: by it all workers share one gate.
pub const NAME: &str = "ad-provider";
/// How long a call to the provider may take, from its start to the last byte of its answer. A longer one has failed.
pub const CALL_TIME_OUT: Duration = Duration::from_secs(10);

/// The ad provider, as far as we need it. The crate `ad-provider` is its client.
pub trait AdProvider: Send + Sync {
    /// Tells it the state of a campaign. The same state under the same key changes nothing more there.
    fn push<'a>(
        &'a self,
        state: &'a CampaignState<'a>,
    ) -> BoxFuture<'a, Result<Pushed, ProviderError>>;

    /// What it has counted for a campaign so far. Asking changes nothing there.
    fn insights<'a>(
        &'a self,
        request: &'a InsightsRequest<'a>,
    ) -> BoxFuture<'a, Result<Insights, ProviderError>>;
}

/// The state of a campaign, as the provider is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CampaignState<'a> {
    /// All of it.
    pub campaign: &'a Campaign,
    /// Its version: what the provider tells an older state by.
    pub version: u64,
    /// The same on every attempt: `sync-campaign#event-id`.
    pub idempotency_key: &'a str,
}

/// What the provider did with a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It has it.
    Taken,
    /// It said that it had a newer one, and kept it: 409 `{"error": "stale"}`. No other answer means this.
    Overtaken,
}

/// One question to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InsightsRequest<'a> {
    /// Which campaign.
    pub campaign_id: CampaignId,
    /// The version of the campaign that we know.
    pub campaign_version: u64,
    /// The same on every attempt: `sync-statistics#event-id`.
    pub idempotency_key: &'a str,
}

/// What the provider has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Insights {
    /// How often the campaign was shown.
    pub impressions: u64,
    /// How often it was clicked.
    pub clicks: u64,
    /// What it has cost, in minor units of its budget's currency.
    pub spend_minor: i64,
}

/// Why a call to the provider came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not know the campaign, or not any more. Permanent.
    #[error("the provider does not know campaign {campaign_id} (status {status})")]
    Gone { campaign_id: CampaignId, status: u16 },
    /// It asked us to slow down. Retryable, after the wait it named, if it named one.
    #[error("the provider asked to wait {} s", after.as_secs())]
    Throttled { after: Duration },
    /// It answered that it is in trouble, or with a conflict that says nothing of a newer state. Retryable, after the wait it named, if it named one.
    #[error("the provider is in trouble (status {status})")]
    InTrouble { status: u16, after: Duration },
    /// It could not be reached, or took too long. Retryable.
    #[error("the provider cannot be reached")]
    Unreachable {
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The call cannot be put into a request. Permanent.
    #[error("the request cannot be made")]
    Unsendable {
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It refused the request as such. Permanent: the same request is refused again.
    #[error("the provider refused the request (status {status})")]
    Refused { status: u16 },
    /// Its answer is not of the agreed shape. Permanent until somebody looks.
    #[error("the provider's answer cannot be read")]
    Malformed {
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Classify for ProviderError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Throttled { after } | Self::InTrouble { after, .. } => {
                Verdict::Retry { after: *after }
            }
            Self::Unreachable { .. } => Verdict::RETRY,
            Self::Gone { .. }
            | Self::Unsendable { .. }
            | Self::Refused { .. }
            | Self::Malformed { .. } => Verdict::Permanent,
        }
    }
}

impl Blames for ProviderError {
    fn blame(&self) -> Blame {
        match self {
            // A conflict is about one campaign.
            Self::InTrouble { status: 409, .. } | Self::Gone { .. } | Self::Refused { .. } => {
                Blame::Message
            }
            // An answer that nobody can read may be anybody's: a proxy's, or that of a service that is half there.
            Self::Throttled { .. }
            | Self::InTrouble { .. }
            | Self::Unreachable { .. }
            | Self::Malformed { .. } => Blame::Provider,
            Self::Unsendable { .. } => Blame::NotAsked,
        }
    }
}
