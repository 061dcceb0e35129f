//! `sync-statistics` by hand: the same calls, the same items, one log line a record, and nothing that is not needed.
//!
//! It is the measure of what the kit costs, so it is as lean as we know how to write it. What it lacks: attempts and
//! waits, dead letters, deadlines, panics, settled outcomes, bodies that are malformed in part.

mod claim;
mod message;
mod provider;
mod record;
mod state;

use std::env;

use anyhow::Context as _;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::Builder;
use futures_util::{StreamExt as _, stream};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use tracing::{info, warn};
use uuid::Uuid;

use crate::message::CampaignPublished;
use crate::provider::Provider;

/// As many records at once as the kit runs.
const CONCURRENCY: usize = 10;

/// What a record is processed with.
struct Worker {
    dynamodb: Client,
    journal: String,
    state: String,
    inbox: String,
    provider: Provider,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing_subscriber::fmt().json().flatten_event(true).init();
    let worker = &Worker {
        dynamodb: Client::new(&config()?),
        journal: variable("JOURNAL_TABLE")?,
        state: variable("STATE_TABLE")?,
        inbox: variable("INBOX_TABLE")?,
        provider: Provider::new(variable("PROVIDER_URL")?),
    };
    let handler = move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<SqsBatchResponse, Error>(worker.process(event.payload.records).await)
    };
    lambda_runtime::run(service_fn(handler)).await
}

impl Worker {
    async fn process(&self, messages: Vec<SqsMessage>) -> SqsBatchResponse {
        let runs = messages.iter().map(|message| async move {
            self.run(message).await.err().map(|error| (message.message_id.clone(), error))
        });
        let failures = stream::iter(runs.collect::<Vec<_>>()).buffer_unordered(CONCURRENCY);
        let failures: Vec<_> = failures.collect().await;
        let mut response = SqsBatchResponse::default();
        for (message_id, error) in failures.into_iter().flatten() {
            warn!(message_id, "not done: {error:#}");
            response.add_failure(message_id.unwrap_or_default());
        }
        response
    }

    async fn run(&self, message: &SqsMessage) -> anyhow::Result<()> {
        let body = message.body.as_deref().context("the record has no body")?;
        let event: CampaignPublished = serde_json::from_str(body)?;
        let owner = Uuid::now_v7().to_string();
        let claim = self.claim(&event, &owner).await?;
        if claim.is_granted() {
            let campaign = self.campaign(&event).await?;
            let insights = self.provider.insights(&event, campaign.version).await?;
            self.record(&event, &owner, &campaign, &insights).await?;
        }
        info!(
            correlation_id = event.correlation_id,
            causation_id = event.causation_id,
            event.r#type = event.r#type,
            event.id = event.id,
            tenant_id = event.tenant_id,
            message_id = message.message_id,
            attempt = claim.attempt(),
            "done"
        );
        Ok(())
    }
}

/// Region and credentials from the environment, where Lambda puts them, and no other place.
fn config() -> anyhow::Result<SdkConfig> {
    let (id, secret) = (variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?);
    let credentials = Credentials::new(id, secret, None, None, "environment");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(variable("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(variable("AWS_ENDPOINT_URL")?)
        // The endpoint it is measured against has no TLS.
        .http_client(Builder::new().build_http())
        .retry_config(RetryConfig::standard());
    Ok(config.build())
}

#[expect(clippy::disallowed_methods, reason = "it has no kit, and so no `Env` of the kit's")]
fn variable(name: &str) -> anyhow::Result<String> {
    env::var(name).with_context(|| format!("{name} is missing"))
}
