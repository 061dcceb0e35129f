//! Rows of old builds on DynamoDB: found by reading the keys of the whole state table, since no index knows builds.

use aws_sdk_dynamodb::Client;
use postroom::port::{BuildRows, Page, StoreError};
use postroom::{BoxFuture, Key, Partition};
use serde_json::json;

use crate::attributes::{Attributes, Reading};
use crate::classify::store_error;
use crate::keys::{PK, SK};
use crate::removal::remove_all;
use crate::store::key_of;

const READ_KEYS: &str = "read the keys of state";
/// Items that one call reads; what of them is removed takes 20 calls at most.
const KEYS: i32 = 500;

/// Finds rows in the state table by their keys, and removes them.
#[derive(Debug, Clone)]
pub struct DynamoBuildRows {
    client: Client,
    table: String,
}

impl DynamoBuildRows {
    /// The rows of a state table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}

impl BuildRows for DynamoBuildRows {
    /// A position is a partition and an id, as JSON. Eventually consistent, which costs half: what is looked for was written
    /// long ago.
    fn keys<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<Page<Key>, StoreError>> {
        Box::pin(async move {
            let mut scan = self
                .client
                .scan()
                .table_name(&self.table)
                .projection_expression("#pk, #sk")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_names("#sk", SK)
                .limit(KEYS);
            if let Some(after) = after {
                scan = scan.set_exclusive_start_key(Some(key_of(&key_at(after)?)));
            }
            let found = scan.send().await.map_err(|error| store_error(READ_KEYS, error))?;
            let next = found.last_evaluated_key.map(key).transpose()?;
            let next = next.map(|key| json!([key.partition.as_str(), key.id]).to_string());
            let keys = found.items.unwrap_or_default().into_iter().map(key);
            Ok(Page { items: keys.collect::<Result<_, _>>()?, next })
        })
    }

    fn remove<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<(), StoreError>> {
        let keys = keys.iter().map(key_of).collect();
        Box::pin(remove_all(&self.client, &self.table, keys, "remove rows of earlier builds"))
    }
}

fn key(attributes: Attributes) -> Result<Key, StoreError> {
    let mut key = Reading::of(attributes, READ_KEYS);
    Ok(Key { partition: Partition::from_stored(key.text(PK)?), id: key.text(SK)? })
}

fn key_at(position: &str) -> Result<Key, StoreError> {
    let (partition, id) = serde_json::from_str(position)
        .map_err(|error| StoreError::Refused { operation: READ_KEYS, source: Box::new(error) })?;
    Ok(Key { partition: Partition::from_stored(partition), id })
}
