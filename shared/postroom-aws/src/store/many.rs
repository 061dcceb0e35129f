//! Many items by one call, and what the call left out.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use postroom::Key;
use postroom::port::{Item, StoreError};

use crate::attributes::Attributes;
use crate::classify::store_error;
use crate::store::{DynamoStore, item, key_of};

const OPERATION: &str = "read items";
/// How often in a row a call may bring nothing.
///
/// One leaves keys out where a table is throttled, and where it would bring more than 16 MB, or 1 MB of one partition. In
/// the latter two cases it brings something.
// `BatchGetItem`: the documentation of `aws-sdk-dynamodb` 1.136, read 2026-11-22.
const MAX_FRUITLESS: u32 = 4;

impl DynamoStore {
    /// The items at these keys, in their order. A call that is not in vain brings one at least, so they are as many calls
    /// as keys at most, and those in vain.
    pub(super) async fn items_at(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        let mut found = HashMap::with_capacity(keys.len());
        let mut left: Vec<Attributes> = keys.iter().map(key_of).collect();
        let mut fruitless = 0;
        while !left.is_empty() {
            if fruitless == MAX_FRUITLESS {
                let source = format!("{} keys were left out {fruitless} times", left.len()).into();
                return Err(StoreError::Unavailable { operation: OPERATION, source });
            }
            if fruitless > 0 {
                tokio::time::sleep(Duration::from_millis(25 << fruitless)).await;
            }
            let asked = left.len();
            let (items, unprocessed) = self.read_batch(left).await?;
            found.extend(items.into_iter().map(|item| (item.key.clone(), item)));
            left = unprocessed;
            fruitless = if left.len() < asked { 0 } else { fruitless + 1 };
        }
        Ok(keys.iter().map(|key| found.remove(key)).collect())
    }

    /// What one call brings, and the keys that it left out.
    async fn read_batch(
        &self,
        keys: Vec<Attributes>,
    ) -> Result<(Vec<Item>, Vec<Attributes>), StoreError> {
        let table = &self.tables.state;
        let refused = |error| StoreError::Refused { operation: OPERATION, source: Box::new(error) };
        let asked = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
        let asked = asked.build().map_err(refused)?;
        let call = self.clients.retrying.batch_get_item().request_items(table, asked);
        let answer = call.send().await.map_err(|error| store_error(OPERATION, error))?;
        let found = answer.responses.and_then(|mut tables| tables.remove(table));
        let items = found.unwrap_or_default().into_iter().map(item).collect::<Result<_, _>>()?;
        let unprocessed = answer.unprocessed_keys.and_then(|mut tables| tables.remove(table));
        Ok((items, unprocessed.map(|left| left.keys).unwrap_or_default()))
    }
}
