//! One call to the provider, and what its answer means.

use bytes::Bytes;
use domain::CampaignId;
use domain::ad_provider::ProviderError;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use jiff::Timestamp;

use crate::HttpAdProvider;
use crate::retry_after::retry_after;

/// The longest answer that is read; a right one has about a hundred bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What is asked of the provider for one campaign.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) campaign_id: CampaignId,
    /// Behind the campaign's own path; empty, or it starts with a slash.
    pub(crate) path: &'static str,
    pub(crate) campaign_version: u64,
    pub(crate) idempotency_key: &'a str,
    /// JSON, or nothing.
    pub(crate) body: Bytes,
}

/// What the provider answered; its body is not read yet.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    campaign_id: CampaignId,
    headers: HeaderMap,
    body: Incoming,
    answered_at: Timestamp,
}

impl HttpAdProvider {
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Answer, ProviderError> {
        let campaign_id = call.campaign_id;
        let request = self.request(call)?;
        let unreachable = |source| ProviderError::Unreachable { source };
        let client = self.connection.client().await.map_err(|source| unreachable(source.into()))?;
        let answer = client.request(request).await.map_err(|source| unreachable(source.into()))?;
        let (head, body) = answer.into_parts();
        let (status, headers, answered_at) = (head.status, head.headers, self.clock.now());
        Ok(Answer { status, campaign_id, headers, body, answered_at })
    }

    fn request(&self, call: Call<'_>) -> Result<Request<Full<Bytes>>, ProviderError> {
        let unsendable = |source: http::Error| ProviderError::Unsendable { source: source.into() };
        let Call { method, campaign_id, path, campaign_version, idempotency_key, body } = call;
        let uri = self.base_url.join(&format!("/v1/campaigns/{campaign_id}{path}"));
        let mut request = Request::builder()
            .method(method)
            .uri(uri.map_err(|source| unsendable(source.into()))?)
            .header("accept", "application/json")
            .header("idempotency-key", idempotency_key)
            .header("campaign-version", campaign_version);
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        request.body(Full::new(body)).map_err(unsendable)
    }
}

impl Answer {
    /// The body of a success. Any other status is the error it stands for, whatever its body says.
    pub(crate) async fn success(mut self) -> Result<Bytes, ProviderError> {
        match self.failure() {
            None => self.body().await,
            Some(error) => Err(error),
        }
    }

    /// The body, whatever the status; it is there once.
    pub(crate) async fn body(&mut self) -> Result<Bytes, ProviderError> {
        match Limited::new(&mut self.body, MAX_BODY_BYTES).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            // Either our own bound, which a repeat meets again, or a connection that broke.
            Err(source) if source.is::<LengthLimitError>() => {
                Err(ProviderError::Malformed { source })
            }
            Err(source) => Err(ProviderError::Unreachable { source }),
        }
    }

    /// What the status means when it is not success. Redirects are not followed: they are not part of the agreement.
    fn failure(&self) -> Option<ProviderError> {
        let status = self.status.as_u16();
        let after = || retry_after(&self.headers, self.answered_at).unwrap_or_default();
        match self.status {
            code if code.is_success() => None,
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                Some(ProviderError::Gone { campaign_id: self.campaign_id, status })
            }
            StatusCode::TOO_MANY_REQUESTS => Some(ProviderError::Throttled { after: after() }),
            // A conflict passes, such as with a call under the same key that is not answered yet.
            StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT => {
                Some(ProviderError::InTrouble { status, after: after() })
            }
            code if code.is_server_error() => {
                Some(ProviderError::InTrouble { status, after: after() })
            }
            _ => Some(ProviderError::Refused { status }),
        }
    }
}
