//! How much is in the queues of a stack.

use std::collections::BTreeMap;

use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::QueueAttributeName::{
    self, ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed,
    ApproximateNumberOfMessagesNotVisible,
};
use postroom::BoxFuture;
use postroom::port::{Depths, QueueDepth, QueueError};

use crate::aws::Aws;
use crate::classify::{Failed, failed};

/// The most queues that are looked at: one page of a list.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
const MAX_QUEUES: i32 = 1000;

/// Counts what is in queues, one call for each, its dead-letter queue included.
#[derive(Debug, Clone)]
pub struct SqsDepths {
    aws: Aws,
    of: Whose,
}

/// Which queues are counted.
#[derive(Debug, Clone)]
enum Whose {
    /// Those of handlers, by the URLs of their queues. Their dead-letter queues follow from these.
    Handlers(BTreeMap<String, String>),
    /// All whose names begin so. It takes the right to list queues, which cannot be given for some of them only.
    Stack(String),
}

/// A queue, or the dead-letter queue of one.
struct Found {
    queue: String,
    url: String,
    is_dead: bool,
}

impl SqsDepths {
    /// Of the queues of handlers, by their URLs.
    pub(crate) fn of_handlers(aws: Aws, urls: BTreeMap<String, String>) -> Self {
        Self { aws, of: Whose::Handlers(urls) }
    }

    /// Of all queues whose names begin so.
    pub(crate) fn of_stack(aws: Aws, prefix: String) -> Self {
        Self { aws, of: Whose::Stack(prefix) }
    }

    async fn queues(&self) -> Result<Vec<Found>, QueueError> {
        match &self.of {
            Whose::Handlers(urls) => Ok(urls.iter().flat_map(of_handler).collect()),
            Whose::Stack(prefix) => {
                let list = self.aws.sqs().list_queues();
                let list = list.queue_name_prefix(prefix).max_results(MAX_QUEUES);
                let listed = list.send().await.map_err(|error| queue_error(prefix, error))?;
                let urls = listed.queue_urls.unwrap_or_default().into_iter();
                Ok(urls.map(|url| of_stack(prefix, url)).collect())
            }
        }
    }

    async fn count(&self, found: &Found) -> Result<QueueDepth, QueueError> {
        let names = [
            ApproximateNumberOfMessages,
            ApproximateNumberOfMessagesDelayed,
            ApproximateNumberOfMessagesNotVisible,
        ];
        let asked = self.aws.sqs().get_queue_attributes().queue_url(&found.url);
        let answer = asked.set_attribute_names(Some(names.into())).send().await;
        let counted = answer.map_err(|error| queue_error(&found.queue, error))?;
        let counted = counted.attributes.unwrap_or_default();
        let count = |name: QueueAttributeName| -> u64 {
            counted.get(&name).and_then(|count| count.parse().ok()).unwrap_or(0)
        };
        let waiting =
            count(ApproximateNumberOfMessages) + count(ApproximateNumberOfMessagesDelayed);
        let in_flight = count(ApproximateNumberOfMessagesNotVisible);
        let queue = found.queue.clone();
        Ok(if found.is_dead {
            QueueDepth { queue, dead: waiting + in_flight, ..QueueDepth::default() }
        } else {
            QueueDepth { queue, waiting, in_flight, dead: 0 }
        })
    }
}

impl Depths for SqsDepths {
    fn depths(&self) -> BoxFuture<'_, Result<Vec<QueueDepth>, QueueError>> {
        Box::pin(async move {
            let mut depths: BTreeMap<String, QueueDepth> = BTreeMap::new();
            for found in self.queues().await? {
                let counted = self.count(&found).await?;
                let depth = depths.entry(found.queue).or_default();
                depth.queue = counted.queue;
                depth.waiting += counted.waiting;
                depth.in_flight += counted.in_flight;
                depth.dead += counted.dead;
            }
            Ok(depths.into_values().collect())
        })
    }
}

/// `…/local-tell-in-order.fifo` and `…/local-tell-in-order-dlq.fifo`, of `tell-in-order`.
fn of_handler((handler, url): (&String, &String)) -> [Found; 2] {
    let (name, fifo) = match url.strip_suffix(".fifo") {
        Some(name) => (name, ".fifo"),
        None => (url.as_str(), ""),
    };
    let dead_letters = format!("{name}-dlq{fifo}");
    [(url.clone(), false), (dead_letters, true)].map(|(url, is_dead)| Found {
        queue: handler.clone(),
        url,
        is_dead,
    })
}

/// `…/local-tell-in-order-dlq.fifo` is the dead-letter queue of `tell-in-order`.
fn of_stack(prefix: &str, url: String) -> Found {
    let name = url.rsplit('/').next().unwrap_or_default();
    let name = name.strip_prefix(prefix).unwrap_or(name);
    let name = name.strip_suffix(".fifo").unwrap_or(name);
    let dead = name.strip_suffix("-dlq");
    let (queue, is_dead) = (dead.unwrap_or(name).to_owned(), dead.is_some());
    Found { queue, url, is_dead }
}

fn queue_error<E>(queue: &str, error: SdkError<E, HttpResponse>) -> QueueError
where
    E: ProvideErrorMetadata,
    SdkError<E, HttpResponse>: std::error::Error + Send + Sync + 'static,
{
    let handler = queue.to_owned();
    match failed(&error) {
        Failed::Never => QueueError::Refused { handler, source: Box::new(error) },
        Failed::NotNow | Failed::Unknown => {
            QueueError::Unavailable { handler, source: Box::new(error) }
        }
    }
}
