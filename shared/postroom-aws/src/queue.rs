//! Queues on SQS.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use postroom::BoxFuture;
use postroom::port::{OutboxRow, Posted, Queue, QueueError};

use crate::classify::{Failed, failed};

/// Sends to the queues of handlers.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    urls: BTreeMap<String, String>,
}

impl SqsQueue {
    /// Queues by the names of their handlers.
    pub fn new(client: Client, urls: BTreeMap<String, String>) -> Self {
        Self { client, urls }
    }
}

impl Queue for SqsQueue {
    fn send<'a>(
        &'a self,
        handler: &'a str,
        rows: &'a [OutboxRow],
    ) -> BoxFuture<'a, Result<Posted, QueueError>> {
        Box::pin(async move {
            let handler = handler.to_owned();
            let Some(url) = self.urls.get(&handler) else {
                return Err(QueueError::Unknown { handler });
            };
            let entries: Result<Vec<_>, _> = rows.iter().enumerate().map(entry).collect();
            let entries = match entries {
                Ok(entries) => entries,
                Err(error) => return Err(QueueError::Refused { handler, source: Box::new(error) }),
            };
            let batch = self.client.send_message_batch().queue_url(url).set_entries(Some(entries));
            match batch.send().await {
                Ok(answer) => Ok(Posted {
                    refused: answer.failed.into_iter().map(|entry| refused(&entry)).collect(),
                }),
                Err(error) => Err(match failed(&error) {
                    Failed::Never => QueueError::Refused { handler, source: Box::new(error) },
                    Failed::NotNow | Failed::Unknown => {
                        QueueError::Unavailable { handler, source: Box::new(error) }
                    }
                }),
            }
        })
    }
}

/// A row as a message; its id in the batch is its index. A FIFO queue drops what is sent again within five minutes.
fn entry((index, row): (usize, &OutboxRow)) -> Result<SendMessageBatchRequestEntry, BuildError> {
    SendMessageBatchRequestEntry::builder()
        .id(index.to_string())
        .message_body(&row.body)
        .message_attributes("type", text(&row.r#type)?)
        .message_attributes("correlation_id", text(row.correlation_id.as_str())?)
        .set_message_group_id(row.group.clone())
        .set_message_deduplication_id(row.group.as_ref().map(|_| row.message_id.to_string()))
        .build()
}

fn text(text: &str) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder().data_type("String").string_value(text).build()
}

fn refused(entry: &aws_sdk_sqs::types::BatchResultErrorEntry) -> (usize, String) {
    // SQS answers with the ids it was given.
    let index = entry.id().parse().unwrap_or(usize::MAX);
    (index, format!("{}: {}", entry.code(), entry.message().unwrap_or("no reason given")))
}
