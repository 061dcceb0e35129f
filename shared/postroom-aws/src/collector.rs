//! The function behind the dead-letter queues: what a queue gave up by itself becomes a dead letter.

use aws_lambda_events::event::sqs::SqsBatchResponse;
use lambda_runtime::{LambdaEvent, service_fn};
use postroom::{Clock, Collector, Disposition, SystemClock};
use tracing::warn;

use crate::deadline::RunTime;
use crate::notices::ObjectNotices;
use crate::worker::{Batch, BatchError, QueueEvent};

/// Answers the batches of the dead-letter queues of these handlers, for as long as the process lives. Some of these may be
/// told by a bucket, and give up its notices.
///
/// # Errors
/// The Lambda runtime could not be reached. A batch that fails is answered, and does not end this.
pub async fn run_collector(
    collector: Collector,
    handlers: Vec<&'static str>,
    notices: Option<ObjectNotices>,
) -> Result<(), lambda_runtime::Error> {
    let (collector, handlers, notices) = (&collector, handlers.as_slice(), notices.as_ref());
    let handler = service_fn(move |event: LambdaEvent<QueueEvent>| async move {
        let (event, deadline_ms) = (event.payload, event.context.deadline);
        handle_collection(collector, handlers, notices, event, deadline_ms).await
    });
    lambda_runtime::run(handler).await
}

/// Keeps what one batch holds and answers which messages have to be delivered again; `deadline_ms` as of
/// [`handle_batch`](crate::handle_batch).
///
/// # Errors
/// [`BatchError`]: the event is none of a queue, or of a queue that is the dead-letter queue of none of the `handlers`.
pub async fn handle_collection(
    collector: &Collector,
    handlers: &[&'static str],
    notices: Option<&ObjectNotices>,
    event: QueueEvent,
    deadline_ms: u64,
) -> Result<SqsBatchResponse, BatchError> {
    if event.records.is_empty() {
        return Ok(SqsBatchResponse::default());
    }
    // A batch is of one mapping, and so of one queue, which any record may tell.
    let mut arns = event.records.iter().filter_map(|record| record["eventSourceARN"].as_str());
    let Some(queue) = arns.clone().find_map(|arn| handler_of(arn, handlers)) else {
        let arn = arns.next().unwrap_or("a record without `eventSourceARN`").to_owned();
        return Err(BatchError::UnknownQueue { arn });
    };
    let batch = Batch::read(event.records, notices)?;
    let time = RunTime::of(deadline_ms, SystemClock.now());
    let mut dispositions = vec![Disposition::Redeliver { after: None }; batch.records.len()];
    // One after the other: there are few, and nobody waits for them. What is kept when the time is over stays kept.
    let collecting = async {
        for (record, disposition) in batch.records.iter().zip(&mut dispositions) {
            if SystemClock.now() >= time.stop_at {
                break;
            }
            *disposition = collector.collect(queue, record).await;
        }
    };
    if time.limit(collecting).await.is_none() {
        warn!(
            metric.deadline_returned = 1,
            "cancelled at the deadline; what was not kept will be delivered again"
        );
    }

    let mut response = SqsBatchResponse::default();
    for message_id in batch.failures(&dispositions) {
        response.add_failure(message_id);
    }
    Ok(response)
}

/// `arn:aws:sqs:us-east-1:000000000000:local-charge-card-dlq.fifo` is that of `charge-card`, whatever the stack's name.
fn handler_of<'a>(arn: &str, handlers: &[&'a str]) -> Option<&'a str> {
    let name = arn.rsplit(':').next()?;
    let name = name.strip_suffix(".fifo").unwrap_or(name).strip_suffix("-dlq")?;
    let is_its =
        |handler: &&&str| name.strip_suffix(**handler).is_some_and(|stack| stack.ends_with('-'));
    // Of `card` and `charge-card` the longer: a stack is rather called `shop` than `shop-charge`.
    handlers.iter().filter(is_its).max_by_key(|handler| handler.len()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_queue_is_that_of_the_handler_that_it_is_named_after() {
        let handlers = ["card", "charge-card", "tell-owner"];
        let of = |name: &str| handler_of(&format!("arn:aws:sqs:eu-west-1:1:{name}"), &handlers);

        assert_eq!(of("my-stack-charge-card-dlq"), Some("charge-card"));
        assert_eq!(of("my-stack-tell-owner-dlq.fifo"), Some("tell-owner"));
        assert_eq!(of("my-stack-card-dlq"), Some("card"));
        for other in ["my-stack-charge-card", "my-stack-discharge-dlq", "tell-owner-dlq", ""] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
