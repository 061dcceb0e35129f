//! HTTP client of the ad provider.
//!
//! - `GET /v1/campaigns/{id}/insights` → `{"impressions": 12000, "clicks": 340, "spend_minor": 5120}`
//! - `PUT /v1/campaigns/{id}` with the state and its version (`push.rs`); 409 `{"error": "stale"}`: it knows a newer
//!   one. Any other 409 is tried again
//!
//! Every call carries `Idempotency-Key` (`handler#event-id`, the same on every attempt) and `Campaign-Version` (what we
//! know of the campaign).

mod base_url;
mod connection;
mod retry_after;
mod call;
mod insights;
mod push;

pub use base_url::{BaseUrl, InvalidBaseUrl};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::ad_provider::{
    AdProvider, CALL_TIME_OUT, CampaignState, Insights, InsightsRequest, ProviderError, Pushed,
};
use postroom::{BoxFuture, Clock};

use crate::connection::Connection;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);

/// The ad provider over HTTP.
///
/// It connects, and reads the trusted certificates, at its first call: a process that makes none pays for neither.
pub struct HttpAdProvider {
    base_url: BaseUrl,
    connection: Connection,
    clock: Arc<dyn Clock>,
    call_time_out: Duration,
}

impl HttpAdProvider {
    /// A client of the provider at `base_url`; the clock turns a `Retry-After` date into a wait.
    pub fn new(base_url: BaseUrl, clock: Arc<dyn Clock>) -> Self {
        let connection = Connection::new(base_url.is_https());
        Self { base_url, connection, clock, call_time_out: CALL_TIME_OUT }
    }
}

impl AdProvider for HttpAdProvider {
    fn push<'a>(
        &'a self,
        state: &'a CampaignState<'a>,
    ) -> BoxFuture<'a, Result<Pushed, ProviderError>> {
        Box::pin(self.in_time(self.put_campaign(state)))
    }

    fn insights<'a>(
        &'a self,
        request: &'a InsightsRequest<'a>,
    ) -> BoxFuture<'a, Result<Insights, ProviderError>> {
        Box::pin(self.in_time(self.get_insights(request)))
    }
}

impl HttpAdProvider {
    async fn in_time<T>(
        &self,
        call: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        match tokio::time::timeout(self.call_time_out, call).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(ProviderError::Unreachable { source: elapsed.into() }),
        }
    }
}

impl fmt::Debug for HttpAdProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpAdProvider").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
