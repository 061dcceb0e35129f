//! The call for a campaign's insights, and what its answer means.

use bytes::Bytes;
use domain::CampaignId;
use domain::ad_provider::{Insights, InsightsRequest, ProviderError};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use jiff::Timestamp;
use serde::Deserialize;

use crate::HttpAdProvider;
use crate::retry_after::retry_after;

/// The longest answer that is read; a right one has about a hundred bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

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
        let request_to_send = self.request(request)?;
        let client = self.connection.client().await;
        let client =
            client.map_err(|source| ProviderError::Unreachable { source: source.into() })?;
        let answer = client.request(request_to_send).await;
        let answer =
            answer.map_err(|source| ProviderError::Unreachable { source: source.into() })?;

        let (head, body) = answer.into_parts();
        let now = self.clock.now();
        if let Some(error) = failure(request.campaign_id, head.status, &head.headers, now) {
            return Err(error);
        }
        let body: Body = serde_json::from_slice(&read(body).await?)
            .map_err(|source| ProviderError::Malformed { source: source.into() })?;
        let Body { impressions, clicks, spend_minor } = body;
        Ok(Insights { impressions, clicks, spend_minor })
    }

    fn request(
        &self,
        request: &InsightsRequest<'_>,
    ) -> Result<Request<Empty<Bytes>>, ProviderError> {
        let unsendable = |source: http::Error| ProviderError::Unsendable { source: source.into() };
        let uri = self.base_url.join(&format!("/v1/campaigns/{}/insights", request.campaign_id));
        Request::get(uri.map_err(|source| unsendable(source.into()))?)
            .header("accept", "application/json")
            .header("idempotency-key", request.idempotency_key)
            .header("campaign-version", request.campaign_version)
            .body(Empty::new())
            .map_err(unsendable)
    }
}

/// What a status means when it is not success. Redirects are not followed: they are not part of the agreement.
fn failure(
    campaign_id: CampaignId,
    status: StatusCode,
    headers: &HeaderMap,
    now: Timestamp,
) -> Option<ProviderError> {
    let code = status.as_u16();
    match status {
        status if status.is_success() => None,
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            Some(ProviderError::Gone { campaign_id, status: code })
        }
        StatusCode::TOO_MANY_REQUESTS => {
            let after = retry_after(headers, now).unwrap_or_default();
            Some(ProviderError::Throttled { after })
        }
        status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            let after = retry_after(headers, now).unwrap_or_default();
            Some(ProviderError::InTrouble { status: code, after })
        }
        _ => Some(ProviderError::Refused { status: code }),
    }
}

async fn read(body: Incoming) -> Result<Bytes, ProviderError> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        // Either our own bound, which a repeat meets again, or a connection that broke.
        Err(source) if source.is::<LengthLimitError>() => Err(ProviderError::Malformed { source }),
        Err(source) => Err(ProviderError::Unreachable { source }),
    }
}
