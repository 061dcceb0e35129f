//! Test support: an ad provider that does as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use postroom::BoxFuture;

use crate::ad_provider::{
    AdProvider, CampaignState, Insights, InsightsRequest, ProviderError, Pushed,
};
use crate::campaigns::CampaignStatus;

/// Fails as it is told to, then answers. It remembers every call, and the newest version it was told.
#[derive(Clone, Default)]
pub(super) struct ScriptedProvider {
    failures: Arc<Mutex<VecDeque<ProviderError>>>,
    keys: Arc<Mutex<Vec<String>>>,
    pushes: Arc<Mutex<Vec<(u64, CampaignStatus)>>>,
    newest: Arc<Mutex<u64>>,
    meanwhile: Arc<Mutex<Option<BoxFuture<'static, ()>>>>,
}

impl ScriptedProvider {
    pub(super) fn fail_next(&self, error: ProviderError) {
        self.failures.lock().unwrap().push_back(error);
    }

    /// What happens elsewhere while the next call for insights waits for its answer.
    pub(super) fn meanwhile(&self, happens: impl Future<Output = ()> + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some(Box::pin(happens));
    }

    /// As if it had been told this version by somebody else.
    pub(super) fn knows(&self, version: u64) {
        *self.newest.lock().unwrap() = version;
    }

    /// The key of every call.
    pub(super) fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }

    /// Version and status of every state it was told, those it failed on or had a newer one of included.
    pub(super) fn pushes(&self) -> Vec<(u64, CampaignStatus)> {
        self.pushes.lock().unwrap().clone()
    }

    fn asked(&self, key: &str) -> Option<ProviderError> {
        self.keys.lock().unwrap().push(key.to_owned());
        self.failures.lock().unwrap().pop_front()
    }
}

impl AdProvider for ScriptedProvider {
    fn push<'a>(
        &'a self,
        state: &'a CampaignState<'a>,
    ) -> BoxFuture<'a, Result<Pushed, ProviderError>> {
        let failure = self.asked(state.idempotency_key);
        self.pushes.lock().unwrap().push((state.version, state.campaign.status));
        let mut newest = self.newest.lock().unwrap();
        let answer = if state.version < *newest { Pushed::Overtaken } else { Pushed::Taken };
        *newest = state.version.max(*newest);
        Box::pin(async move { failure.map_or(Ok(answer), Err) })
    }

    fn insights<'a>(
        &'a self,
        request: &'a InsightsRequest<'a>,
    ) -> BoxFuture<'a, Result<Insights, ProviderError>> {
        let failure = self.asked(request.idempotency_key);
        let answer = Insights { impressions: 12_000, clicks: 340, spend_minor: 5_120 };
        let meanwhile = self.meanwhile.lock().unwrap().take();
        Box::pin(async move {
            if let Some(meanwhile) = meanwhile {
                meanwhile.await;
            }
            failure.map_or(Ok(answer), Err)
        })
    }
}
