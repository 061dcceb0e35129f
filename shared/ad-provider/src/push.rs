//! The call that tells the provider the state of a campaign.

use domain::Money;
use domain::ad_provider::{CampaignState, ProviderError, Pushed};
use domain::campaigns::{CampaignStatus, Channel};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::HttpAdProvider;
use crate::call::Call;

/// The request's body:
///
/// ```json
/// {"name":"Summer sale","channel":"facebook","status":"published",
///  "budget":{"amount_minor":150000,"currency":"NZD"},"version":2}
/// ```
#[derive(Debug, Serialize)]
struct Body<'a> {
    name: &'a str,
    channel: Channel,
    status: CampaignStatus,
    budget: Money,
    version: u64,
}

/// The body of a conflict: `{"error":"stale"}`. Fields we do not know are ignored.
#[derive(Debug, Deserialize)]
struct Conflict {
    error: String,
}

impl HttpAdProvider {
    pub(crate) async fn put_campaign(
        &self,
        state: &CampaignState<'_>,
    ) -> Result<Pushed, ProviderError> {
        let CampaignState { campaign, version, idempotency_key } = *state;
        let body = Body {
            name: &campaign.name,
            channel: campaign.channel,
            status: campaign.status,
            budget: campaign.budget,
            version,
        };
        let body = serde_json::to_vec(&body)
            .map_err(|source| ProviderError::Unsendable { source: source.into() })?;
        let call = Call {
            method: Method::PUT,
            campaign_id: campaign.id,
            path: "",
            campaign_version: version,
            idempotency_key,
            body: body.into(),
        };
        let mut answer = self.send(call).await?;
        if answer.status == StatusCode::CONFLICT
            && answer.body().await.is_ok_and(|body| says_stale(&body))
        {
            return Ok(Pushed::Overtaken);
        }
        // It repeats what we told it: read for the connection's sake, which is used again.
        answer.success().await?;
        Ok(Pushed::Taken)
    }
}

/// Whether the provider knows a newer version. What it does not say is not assumed: a state taken for overtaken is
/// never told again.
fn says_stale(body: &[u8]) -> bool {
    serde_json::from_slice::<Conflict>(body).is_ok_and(|conflict| conflict.error == "stale")
}
