//! The call that tells the provider the state of a campaign.

use domain::Money;
use domain::ad_provider::{CampaignState, ProviderError, Pushed};
use domain::campaigns::{CampaignStatus, Channel};
use http::{Method, StatusCode};
use serde::Serialize;

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
        let answer = self.send(call).await?;
        if answer.status == StatusCode::CONFLICT {
            // It knows a newer version.
            return Ok(Pushed::Overtaken);
        }
        // It repeats what we told it: read for the connection's sake, which is used again.
        answer.success().await?;
        Ok(Pushed::Taken)
    }
}
