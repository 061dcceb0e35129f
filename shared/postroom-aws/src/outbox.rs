//! The outbox on DynamoDB.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use jiff::Timestamp;
use postroom::port::{Outbox, OutboxRow, Page, StoreError};
use postroom::{BoxFuture, sortable};

use crate::attributes::{Attributes, Reading, text};
use crate::classify::store_error;
use crate::keys::{BODY, CORRELATION_ID, DUE, DUE_AT, HANDLER, MESSAGE_ID, SHARD, TYPE};
use crate::pages::{PAGE, page_of};

/// Writes of one batch.
// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>, read 2026-11-21.
const BATCH: usize = 25;
/// How often what a throttled table left over is sent again.
const MAX_ROUNDS: u32 = 4;

/// Reads and clears the outbox table.
#[derive(Debug, Clone)]
pub struct DynamoOutbox {
    client: Client,
    table: String,
}

impl DynamoOutbox {
    /// The outbox in a table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    async fn remove_batch(&self, rows: &[OutboxRow]) -> Result<(), StoreError> {
        const OPERATION: &str = "remove rows from the outbox";
        let refused = |error| StoreError::Refused { operation: OPERATION, source: Box::new(error) };
        let mut left: Vec<WriteRequest> =
            rows.iter().map(delete).collect::<Result<_, _>>().map_err(refused)?;
        for round in 0..MAX_ROUNDS {
            if round > 0 {
                tokio::time::sleep(Duration::from_millis(25 << round)).await;
            }
            let call = self.client.batch_write_item().request_items(&self.table, left);
            let answer = call.send().await.map_err(|error| store_error(OPERATION, error))?;
            let unprocessed =
                answer.unprocessed_items.and_then(|mut items| items.remove(&self.table));
            left = unprocessed.unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
        }
        let source = format!("{} rows were left over {MAX_ROUNDS} times", left.len()).into();
        Err(StoreError::Unavailable { operation: OPERATION, source })
    }
}

impl Outbox for DynamoOutbox {
    fn due<'a>(
        &'a self,
        shard: u8,
        by: Timestamp,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<OutboxRow>, StoreError>> {
        let shard = text(shard.to_string());
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#shard = :shard AND #due < :end")
            .expression_attribute_names("#shard", SHARD)
            .expression_attribute_names("#due", DUE)
            .expression_attribute_values(":shard", shard.clone())
            // `$` follows `#`: behind every row that is due at that very moment.
            .expression_attribute_values(":end", text(format!("{}$", sortable(by))))
            .consistent_read(true)
            .limit(PAGE);
        if let Some(after) = after {
            query = query.exclusive_start_key(SHARD, shard).exclusive_start_key(DUE, text(after));
        }
        Box::pin(page_of(query, DUE, "read the outbox", row))
    }

    fn remove<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            for batch in rows.chunks(BATCH) {
                self.remove_batch(batch).await?;
            }
            Ok(())
        })
    }
}

/// A row as it is kept.
pub(crate) fn item(row: &OutboxRow) -> Attributes {
    let mut attributes = key(row);
    attributes.extend([
        (DUE_AT.to_owned(), text(sortable(row.due))),
        (HANDLER.to_owned(), text(&row.handler)),
        (MESSAGE_ID.to_owned(), text(row.message_id.to_string())),
        (TYPE.to_owned(), text(&row.r#type)),
        (CORRELATION_ID.to_owned(), text(row.correlation_id.as_str())),
        (BODY.to_owned(), text(&row.body)),
    ]);
    attributes
}

fn key(row: &OutboxRow) -> Attributes {
    Attributes::from([
        (SHARD.to_owned(), text(row.shard().to_string())),
        (DUE.to_owned(), text(row.position())),
    ])
}

fn delete(row: &OutboxRow) -> Result<WriteRequest, aws_sdk_dynamodb::error::BuildError> {
    let delete = DeleteRequest::builder().set_key(Some(key(row))).build()?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}

fn row(attributes: Attributes) -> Result<OutboxRow, StoreError> {
    let mut item = Reading::of(attributes, "read the outbox");
    Ok(OutboxRow {
        message_id: item.parsed(MESSAGE_ID)?,
        handler: item.text(HANDLER)?,
        due: item.parsed(DUE_AT)?,
        body: item.text(BODY)?,
        r#type: item.text(TYPE)?,
        correlation_id: item.parsed(CORRELATION_ID)?,
    })
}
