//! The topic on SNS.

use std::sync::OnceLock;

use aws_sdk_sns::Client;
use aws_sdk_sns::error::BuildError;
use aws_sdk_sns::types::{BatchResultErrorEntry, MessageAttributeValue, PublishBatchRequestEntry};
use postroom::BoxFuture;
use postroom::port::{OutboxRow, Posted, Topic, TopicError};

use crate::aws::Aws;
use crate::classify::{Failed, failed};

/// Publishes to one topic.
///
/// Most commands publish nothing, and a function's start would wait for the client: the first event makes it.
#[derive(Debug)]
pub struct SnsTopic {
    aws: Aws,
    arn: String,
    client: OnceLock<Client>,
}

impl SnsTopic {
    pub(crate) fn new(aws: Aws, arn: String) -> Self {
        Self { aws, arn, client: OnceLock::new() }
    }
}

impl Topic for SnsTopic {
    fn publish<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<Posted, TopicError>> {
        Box::pin(async move {
            let entries: Result<Vec<_>, _> = rows.iter().enumerate().map(entry).collect();
            let entries =
                entries.map_err(|error| TopicError::Refused { source: Box::new(error) })?;
            let client = self.client.get_or_init(|| self.aws.sns());
            let batch = client.publish_batch().topic_arn(&self.arn);
            let batch = batch.set_publish_batch_request_entries(Some(entries));
            match batch.send().await {
                Ok(answer) => {
                    let refused = answer.failed.unwrap_or_default().iter().map(refused).collect();
                    Ok(Posted { refused })
                }
                Err(error) => Err(match failed(&error) {
                    Failed::Never => TopicError::Refused { source: Box::new(error) },
                    Failed::NotNow | Failed::Unknown => {
                        TopicError::Unavailable { source: Box::new(error) }
                    }
                }),
            }
        })
    }
}

/// A row as a message. What filter policies look at is in the attributes. Its group goes on to the queues, which serve
/// groups fairly.
// <https://docs.aws.amazon.com/sns/latest/api/API_PublishBatchRequestEntry.html>; that a standard topic passes groups on: the
// documentation of the SDK's `PublishRequest`; both read 2026-11-22.
fn entry((index, row): (usize, &OutboxRow)) -> Result<PublishBatchRequestEntry, BuildError> {
    PublishBatchRequestEntry::builder()
        .id(index.to_string())
        .message(&row.body)
        .set_message_group_id(row.group.clone())
        .message_attributes("type", text(&row.r#type)?)
        .message_attributes("correlation_id", text(row.correlation_id.as_str())?)
        .build()
}

fn text(text: &str) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder().data_type("String").string_value(text).build()
}

fn refused(entry: &BatchResultErrorEntry) -> (usize, String) {
    // SNS answers with the ids it was given.
    let index = entry.id().parse().unwrap_or(usize::MAX);
    (index, format!("{}: {}", entry.code(), entry.message().unwrap_or("no reason given")))
}
