//! Reading the state table.

use std::collections::HashMap;

use anyhow::Context as _;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Worker;
use crate::message::{CampaignPublished, Money};

/// An item of the state table.
#[derive(Debug, Deserialize)]
pub(crate) struct Item<T> {
    pub(crate) version: u64,
    #[serde(default)]
    pub(crate) head: u64,
    pub(crate) data: T,
}

/// What is needed of a campaign.
#[derive(Debug, Deserialize)]
pub(crate) struct Campaign {
    pub(crate) budget: Money<'static>,
}

impl Worker {
    pub(crate) async fn campaign(
        &self,
        event: &CampaignPublished,
    ) -> anyhow::Result<Item<Campaign>> {
        let found = self.item("campaigns", event).await?;
        found.context("the campaign no longer exists")
    }

    /// The item of the event's campaign in a collection.
    pub(crate) async fn item<T: DeserializeOwned>(
        &self,
        collection: &str,
        event: &CampaignPublished,
    ) -> anyhow::Result<Option<Item<T>>> {
        let get = self.dynamodb.get_item().table_name(&self.state).consistent_read(true);
        let found = get.set_key(Some(key(collection, event))).send().await?;
        Ok(found.item.map(serde_dynamo::from_item).transpose()?)
    }
}

/// The key of the event's campaign in a collection.
pub(crate) fn key(collection: &str, event: &CampaignPublished) -> HashMap<String, AttributeValue> {
    let partition = format!("{}#{collection}", event.tenant_id);
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(partition)),
        ("sk".to_owned(), AttributeValue::S(event.data.campaign_id.clone())),
    ])
}
