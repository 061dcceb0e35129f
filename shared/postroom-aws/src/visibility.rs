//! When a message that was not handled may be delivered again.

use std::time::Duration;

use aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry;
use postroom::reason_of;
use tokio::time::timeout;
use tracing::warn;

use crate::aws::Aws;

/// Entries of one call.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
const BATCH: usize = 10;

/// Changes when messages of one queue are delivered again.
#[derive(Debug, Clone)]
pub struct Visibility {
    aws: Aws,
    queue_url: String,
}

/// A message that is to stay hidden for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) message_id: String,
    pub(crate) receipt_handle: String,
    pub(crate) wait: Duration,
}

impl Visibility {
    /// For the queue at a URL.
    pub(crate) fn new(aws: Aws, queue_url: String) -> Self {
        Self { aws, queue_url }
    }

    /// Hides messages, each for its own time from now on, and stops when `within` is over.
    ///
    /// Never fails: a message whose time could not be changed comes back after the queue's own visibility time-out.
    pub(crate) async fn hide(&self, messages: &[Hidden], within: Duration) {
        if timeout(within, self.hide_all(messages)).await.is_err() {
            warn!(messages = messages.len(), "no time is left to hide all messages");
        }
    }

    async fn hide_all(&self, messages: &[Hidden]) {
        for batch in messages.chunks(BATCH) {
            self.hide_batch(batch).await;
        }
    }

    async fn hide_batch(&self, batch: &[Hidden]) {
        let call = self.aws.sqs().change_message_visibility_batch();
        let mut call = call.queue_url(&self.queue_url);
        for (index, message) in batch.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(&message.receipt_handle)
                .visibility_timeout(whole_seconds(message.wait))
                .build();
            match entry {
                Ok(entry) => call = call.entries(entry),
                Err(error) => warn!(reason = reason_of(&error), "a message keeps its time"),
            }
        }
        match call.send().await {
            Ok(answer) => {
                for failed in answer.failed() {
                    let index = failed.id().parse().unwrap_or(usize::MAX);
                    let message_id = batch.get(index).map(|message| &message.message_id);
                    warn!(message_id, reason = failed.code(), "a message keeps its time");
                }
            }
            Err(error) => {
                let reason = reason_of(&error);
                warn!(reason, messages = batch.len(), "messages keep their time");
            }
        }
    }
}

/// Rounded up, so that nobody comes before the time that was asked for; at most the 12 h that SQS allows.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
fn whole_seconds(wait: Duration) -> i32 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    i32::try_from(seconds.min(12 * 3600)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_rounded_up_to_whole_seconds_within_twelve_hours() {
        assert_eq!(whole_seconds(Duration::ZERO), 0);
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(2)), 2);
        assert_eq!(whole_seconds(Duration::from_millis(2_001)), 3);
        assert_eq!(whole_seconds(Duration::from_hours(24)), 43_200);
    }
}
