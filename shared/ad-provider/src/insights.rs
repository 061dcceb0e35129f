//! The call for a campaign's insights.

use bytes::Bytes;
use domain::ad_provider::{Insights, InsightsRequest, ProviderError};
use http::Method;
use serde::Deserialize;

use crate::HttpAdProvider;
use crate::call::Call;

/// The answer's body. Fields we do not know are ignored.
#[derive(Debug, Deserialize)]
struct Body {
    impressions: u64,
    clicks: u64,
    spend_minor: i64,
}

impl HttpAdProvider {
    pub(crate) async fn get_insights(
        &self,
        request: &InsightsRequest<'_>,
    ) -> Result<Insights, ProviderError> {
        let call = Call {
            method: Method::GET,
            campaign_id: request.campaign_id,
            path: "/insights",
            campaign_version: request.campaign_version,
            idempotency_key: request.idempotency_key,
            body: Bytes::new(),
        };
        let body = self.send(call).await?.success().await?;
        let Body { impressions, clicks, spend_minor } = serde_json::from_slice(&body)
            .map_err(|source| ProviderError::Malformed { source: source.into() })?;
        Ok(Insights { impressions, clicks, spend_minor })
    }
}
