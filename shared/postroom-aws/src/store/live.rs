//! What is live, by the state table's index `live`.

use postroom::port::{Page, StoreError};
use postroom::{LiveItem, LiveShard};

use crate::attributes::{Attributes, Reading, text};
use crate::classify::store_error;
use crate::keys::{LIVE, LIVE_INDEX, PK, SK};
use crate::pages::PAGE;
use crate::store::DynamoStore;

const OPERATION: &str = "list what is live";

impl DynamoStore {
    /// One page of a shard. The index is sorted by `pk` and so by tenant; a position is a `pk` and an `sk`, as JSON.
    pub(super) async fn live_items(
        &self,
        shard: &LiveShard,
        after: Option<&str>,
    ) -> Result<Page<LiveItem>, StoreError> {
        let shard = text(shard.as_str());
        let mut query = self
            .clients
            .retrying
            .query()
            .table_name(&self.tables.state)
            .index_name(LIVE_INDEX)
            .key_condition_expression("#live = :live")
            .expression_attribute_names("#live", LIVE)
            .expression_attribute_values(":live", shard.clone())
            .limit(PAGE);
        if let Some(after) = after {
            let (pk, sk) = key_at(after)?;
            query = query
                .exclusive_start_key(LIVE, shard)
                .exclusive_start_key(PK, text(pk))
                .exclusive_start_key(SK, text(sk));
        }
        let found = query.send().await.map_err(|error| store_error(OPERATION, error))?;
        let next = found.last_evaluated_key.map(position).transpose()?;
        let items = found.items.unwrap_or_default().into_iter().map(item);
        Ok(Page { items: items.collect::<Result<_, _>>()?, next })
    }
}

fn item(attributes: Attributes) -> Result<LiveItem, StoreError> {
    let mut item = Reading::of(attributes, OPERATION);
    let (pk, sk) = (item.text(PK)?, item.text(SK)?);
    LiveItem::from_stored(&pk, sk).map_err(|error| item.corrupt(PK, &error))
}

fn position(attributes: Attributes) -> Result<String, StoreError> {
    let mut key = Reading::of(attributes, OPERATION);
    Ok(serde_json::json!([key.text(PK)?, key.text(SK)?]).to_string())
}

fn key_at(position: &str) -> Result<(String, String), StoreError> {
    serde_json::from_str(position)
        .map_err(|error| StoreError::Refused { operation: OPERATION, source: Box::new(error) })
}
