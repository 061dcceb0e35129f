//! Removing items from a table, 25 a call.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use postroom::port::StoreError;

use crate::attributes::Attributes;
use crate::classify::store_error;

/// Writes of one batch.
// The documentation of `aws-sdk-dynamodb` 1.136, read 2026-11-21.
const BATCH: usize = 25;
/// How often what a throttled table left over is sent again.
const MAX_ROUNDS: u32 = 4;

/// Removes the items at these keys. Where it fails, some are removed.
pub(crate) async fn remove_all(
    client: &Client,
    table: &str,
    keys: Vec<Attributes>,
    operation: &'static str,
) -> Result<(), StoreError> {
    let refused = |error| StoreError::Refused { operation, source: Box::new(error) };
    let requests: Result<Vec<_>, _> = keys.into_iter().map(delete).collect();
    for batch in requests.map_err(refused)?.chunks(BATCH) {
        remove_batch(client, table, batch.to_vec(), operation).await?;
    }
    Ok(())
}

async fn remove_batch(
    client: &Client,
    table: &str,
    mut left: Vec<WriteRequest>,
    operation: &'static str,
) -> Result<(), StoreError> {
    for round in 0..MAX_ROUNDS {
        if round > 0 {
            tokio::time::sleep(Duration::from_millis(25 << round)).await;
        }
        let call = client.batch_write_item().request_items(table, left);
        let answer = call.send().await.map_err(|error| store_error(operation, error))?;
        let unprocessed = answer.unprocessed_items.and_then(|mut items| items.remove(table));
        left = unprocessed.unwrap_or_default();
        if left.is_empty() {
            return Ok(());
        }
    }
    let source = format!("{} items were left over {MAX_ROUNDS} times", left.len()).into();
    Err(StoreError::Unavailable { operation, source })
}

fn delete(key: Attributes) -> Result<WriteRequest, aws_sdk_dynamodb::error::BuildError> {
    let delete = DeleteRequest::builder().set_key(Some(key)).build()?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}
