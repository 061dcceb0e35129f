//! Asking the ad provider.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;

use crate::claim::run_key;
use crate::message::CampaignPublished;

#[derive(Debug, Deserialize)]
pub(crate) struct Insights {
    pub(crate) impressions: u64,
    pub(crate) clicks: u64,
    pub(crate) spend_minor: i64,
}

pub(crate) struct Provider {
    url: String,
    client: Client<HttpConnector, Empty<Bytes>>,
}

impl Provider {
    pub(crate) fn new(url: String) -> Self {
        Self { url, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    pub(crate) async fn insights(
        &self,
        event: &CampaignPublished,
        campaign_version: u64,
    ) -> anyhow::Result<Insights> {
        let uri = format!("{}/v1/campaigns/{}/insights", self.url, event.data.campaign_id);
        let request = Request::get(uri)
            .header("accept", "application/json")
            .header("idempotency-key", run_key(event))
            .header("campaign-version", campaign_version)
            .body(Empty::new())?;
        let answer = self.client.request(request).await?;
        ensure!(answer.status().is_success(), "the provider answers {}", answer.status());
        let body = answer.into_body().collect().await?.to_bytes();
        serde_json::from_slice(&body).context("the provider's answer cannot be read")
    }
}
