//! A campaign was published: it counts against the plan, and the one too many is refused.

use postroom::{
    Classify, Envelope, Listener, Outcome, Refusal, RefusalKind, Refuse, Tx, TxError, Verdict,
};

use crate::campaigns::CampaignPublished;
use crate::plan_limit::{LiveCampaigns, PlanLimit};

/// Why a campaign may not go live.
#[derive(Debug, thiserror::Error)]
pub enum PlanLimitError {
    /// As many are live as the plan allows.
    #[error("the plan allows {limit} live campaigns, and {limit} or more are live")]
    Reached { limit: u32 },
    /// The counter could not be read or staged; retryable as the store says.
    #[error("cannot count live campaigns")]
    Tx {
        #[source]
        source: TxError,
    },
}

impl Classify for PlanLimitError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Reached { .. } => Verdict::Permanent,
            Self::Tx { source } => source.verdict(),
        }
    }
}

impl Refuse for PlanLimitError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Reached { .. } => {
                Some(Refusal { code: "plan-limit-reached", kind: RefusalKind::Conflict })
            }
            Self::Tx { source } => source.refusal(),
        }
    }
}

impl Listener<CampaignPublished> for PlanLimit {
    const NAME: &'static str = Self::NAME;
    type Error = PlanLimitError;

    async fn on(
        &self,
        _event: &Envelope<CampaignPublished>,
        tx: &mut Tx,
    ) -> Result<Outcome, PlanLimitError> {
        let limit = self.live_campaigns;
        let failed = |source| PlanLimitError::Tx { source };
        let live = tx.load(&LiveCampaigns::place()).await.map_err(failed)?.unwrap_or_default();

        let live = live.one_more(limit).map_err(|_| PlanLimitError::Reached { limit })?;

        tx.save(&live).map_err(failed)?;
        Ok(Outcome::DONE)
    }
}
