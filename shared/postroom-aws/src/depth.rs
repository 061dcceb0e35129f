//! How much is in the queues of a stack.

use aws_sdk_sqs::types::QueueAttributeName;
use postroom::port::QueueError;

use crate::aws::Aws;

/// The most queues that are looked at: one page of a list.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
const MAX_QUEUES: i32 = 1000;

/// Roughly how many messages a queue has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDepth {
    /// Its name, without what all names of the stack begin with.
    pub name: String,
    /// May be taken.
    pub waiting: u64,
    /// Taken, and not deleted yet.
    pub in_flight: u64,
    /// Hidden since they were sent.
    pub delayed: u64,
}

impl Aws {
    /// The queues whose names begin so, one call for the list and one for each.
    ///
    /// # Errors
    /// [`QueueError::Unavailable`]: SQS did not answer, or not as it was asked.
    pub async fn queue_depths(&self, prefix: &str) -> Result<Vec<QueueDepth>, QueueError> {
        let client = &self.sqs;
        let list = client.list_queues().queue_name_prefix(prefix).max_results(MAX_QUEUES);
        let listed = list.send().await.map_err(|error| unavailable(prefix, error))?;
        let mut depths = Vec::new();
        for url in listed.queue_urls.unwrap_or_default() {
            let name = url.rsplit('/').next().unwrap_or_default();
            let name = name.strip_prefix(prefix).unwrap_or(name).to_owned();
            let asked = client.get_queue_attributes().queue_url(&url);
            let asked = asked.attribute_names(QueueAttributeName::All).send().await;
            let found = asked.map_err(|error| unavailable(&name, error))?;
            let count = |attribute: QueueAttributeName| {
                let found = found.attributes.as_ref()?.get(&attribute)?;
                found.parse().ok()
            };
            depths.push(QueueDepth {
                waiting: count(QueueAttributeName::ApproximateNumberOfMessages).unwrap_or(0),
                in_flight: count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
                    .unwrap_or(0),
                delayed: count(QueueAttributeName::ApproximateNumberOfMessagesDelayed).unwrap_or(0),
                name,
            });
        }
        Ok(depths)
    }
}

fn unavailable(queue: &str, error: impl std::error::Error + Send + Sync + 'static) -> QueueError {
    QueueError::Unavailable { handler: queue.to_owned(), source: Box::new(error) }
}
