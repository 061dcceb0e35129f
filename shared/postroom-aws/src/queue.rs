//! Queues on SQS.

use std::collections::BTreeMap;

use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::builders::SendMessageBatchRequestEntryBuilder;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use postroom::BoxFuture;
use postroom::port::{OutboxRow, Posted, Queue, QueueError};

use crate::aws::Aws;
use crate::classify::{Failed, failed};

/// Sends to the queues of handlers.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    aws: Aws,
    urls: BTreeMap<String, String>,
}

impl SqsQueue {
    /// Queues by the names of their handlers.
    pub(crate) fn new(aws: Aws, urls: BTreeMap<String, String>) -> Self {
        Self { aws, urls }
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
            // By the queue and not by the row, which may be older than the deployment that moved its handler.
            let is_fifo = url.rsplit('.').next() == Some("fifo");
            let entry = if is_fifo { in_order } else { unordered };
            let entries: Result<Vec<_>, _> = rows
                .iter()
                .enumerate()
                .map(|(index, row)| entry(row)?.id(index.to_string()).build())
                .collect();
            let entries = match entries {
                Ok(entries) => entries,
                Err(error) => return Err(QueueError::Refused { handler, source: Box::new(error) }),
            };
            let batch = self.aws.sqs().send_message_batch();
            let batch = batch.queue_url(url).set_entries(Some(entries));
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

/// A row as a message, without its id in the batch, which is its index. A standard queue serves groups fairly: one that
/// has many messages in flight lets others go first.
// 1-128 of a-zA-Z0-9 and punctuation: the documentation of `aws-sdk-sqs` 1.119, read 2026-11-22. What such a queue does with
// it: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html>, read
// 2026-11-22.
fn unordered(row: &OutboxRow) -> Result<SendMessageBatchRequestEntryBuilder, BuildError> {
    let entry = SendMessageBatchRequestEntry::builder()
        .message_body(&row.body)
        .set_message_group_id(row.group.clone())
        .message_attributes("type", text(&row.r#type)?)
        .message_attributes("correlation_id", text(row.correlation_id.as_str())?);
    Ok(entry)
}

/// The same for a FIFO queue, which drops what is sent again within five minutes, unless a person decided to. What has no
/// group is one by itself.
fn in_order(row: &OutboxRow) -> Result<SendMessageBatchRequestEntryBuilder, BuildError> {
    let message_id = row.message_id.to_string();
    let group = row.group.clone().unwrap_or_else(|| message_id.clone());
    let deduplication_id = match row.decision {
        None => message_id,
        Some(decision) => format!("{message_id}.{decision}"),
    };
    Ok(unordered(row)?.message_group_id(group).message_deduplication_id(deduplication_id))
}

fn text(text: &str) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder().data_type("String").string_value(text).build()
}

fn refused(entry: &aws_sdk_sqs::types::BatchResultErrorEntry) -> (usize, String) {
    // SQS answers with the ids it was given.
    let index = entry.id().parse().unwrap_or(usize::MAX);
    (index, format!("{}: {}", entry.code(), entry.message().unwrap_or("no reason given")))
}
