//! A function behind a queue: the batch in as Lambda delivers it, out what has to be delivered again.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use postroom::{Disposition, Record, Worker};
use serde::Deserialize;
use serde_json::Value;
use tracing::info;

use crate::deadline::believable;
use crate::notices::ObjectNotices;
use crate::notification::Brought;
use crate::visibility::{Hidden, Visibility};

/// What is left of the invocation when messages are no longer hidden: time to answer.
const ANSWER: Duration = Duration::from_millis(200);
/// How long hiding messages may take where the invocation has no deadline.
const HIDE_WITHOUT_DEADLINE: Duration = Duration::from_secs(5);

/// An event of a queue, as far as it has to be one. What is odd about a record is that record's failure, and not the batch's.
///
/// ```json
/// {"Records": [{"messageId": "…", "receiptHandle": "…", "body": "…", "eventSourceARN": "arn:aws:sqs:…",
///               "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": "…", …}, …}]}
/// ```
#[derive(Debug, Deserialize)]
pub struct QueueEvent {
    #[serde(rename = "Records")]
    pub(crate) records: Vec<Value>,
}

/// Why a batch is refused as a whole: no answer about its records would be understood. All of it is delivered again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// A record that could not be reported. Permanent: this is no event of a queue.
    #[error("record {index} of the event has no `messageId`: it does not come from SQS")]
    NoMessageId { index: usize },
    /// Records of a stream are not in it. Permanent: this is no event of a stream.
    #[error("the event has no records: it does not come from a stream: {reason}")]
    NoStream { reason: String },
    /// A record that could not be reported. Permanent: this is no event of a stream.
    #[error("record {index} of the event has no `SequenceNumber`: it does not come from a stream")]
    NoSequenceNumber { index: usize },
    /// A record of Kafka that could not be reported. Permanent: this is no event of a topic.
    #[error("record {index} of {partition} has no `offset`: it does not come from Kafka")]
    NoOffset { partition: String, index: usize },
    /// A dead-letter queue that is no handler's. Permanent until the deployment is mended.
    #[error("{arn} is not the dead-letter queue of any handler here")]
    UnknownQueue { arn: String },
}

impl From<BatchError> for Diagnostic {
    fn from(error: BatchError) -> Self {
        Self { error_type: "BatchError".to_owned(), error_message: error.to_string() }
    }
}

/// Answers the batches of one queue, for as long as the process lives.
///
/// # Errors
/// The worker [lacks a handler](Worker::check), which is found before anything is taken; or the Lambda runtime could not be
/// reached. A batch that fails is answered, and does not end this.
pub async fn run_worker(
    worker: Worker,
    visibility: Visibility,
) -> Result<(), lambda_runtime::Error> {
    run(worker, visibility, None).await
}

/// The same for a queue that a bucket tells of its objects: its worker has a handler of
/// [`ObjectCreated`](postroom::ObjectCreated).
///
/// # Errors
/// As of [`run_worker`].
pub async fn run_told_worker(
    worker: Worker,
    visibility: Visibility,
    notices: ObjectNotices,
) -> Result<(), lambda_runtime::Error> {
    run(worker, visibility, Some(notices)).await
}

async fn run(
    worker: Worker,
    visibility: Visibility,
    notices: Option<ObjectNotices>,
) -> Result<(), lambda_runtime::Error> {
    worker.check()?;
    let (worker, visibility, notices) = (&worker, &visibility, notices.as_ref());
    let handler = service_fn(move |event: LambdaEvent<QueueEvent>| async move {
        handle(worker, visibility, notices, event.payload, event.context.deadline).await
    });
    // Boxed once: the compiler bounds how deep futures lie in each other.
    Box::pin(lambda_runtime::run(handler)).await
}

/// Processes one batch and answers which messages have to be delivered again.
///
/// `deadline_ms` is when the invocation ends, in milliseconds since 1970, as the Lambda runtime names it; one that makes
/// no sense is none.
///
/// # Errors
/// [`BatchError`]: the event is none of a queue.
pub async fn handle_batch(
    worker: &Worker,
    visibility: &Visibility,
    event: QueueEvent,
    deadline_ms: u64,
) -> Result<SqsBatchResponse, BatchError> {
    handle(worker, visibility, None, event, deadline_ms).await
}

/// The same for a queue that a bucket tells of its objects; trials of S3 are acknowledged.
///
/// # Errors
/// As of [`handle_batch`].
pub async fn handle_told_batch(
    worker: &Worker,
    visibility: &Visibility,
    notices: &ObjectNotices,
    event: QueueEvent,
    deadline_ms: u64,
) -> Result<SqsBatchResponse, BatchError> {
    handle(worker, visibility, Some(notices), event, deadline_ms).await
}

async fn handle(
    worker: &Worker,
    visibility: &Visibility,
    notices: Option<&ObjectNotices>,
    event: QueueEvent,
    deadline_ms: u64,
) -> Result<SqsBatchResponse, BatchError> {
    let batch = Batch::read(event.records, notices)?;
    let deadline = believable(deadline_ms, worker.now());
    let dispositions = worker.process(&batch.records, deadline).await;
    // What SQS makes of it changes nothing in the answer, which has to leave in time.
    let within = time_to_hide(deadline, worker.now());
    visibility.hide(&batch.hidden(&dispositions), within).await;

    let mut response = SqsBatchResponse::default();
    for message_id in batch.failures(&dispositions) {
        response.add_failure(message_id);
    }
    Ok(response)
}

/// How long hiding messages may take.
fn time_to_hide(deadline: Option<Timestamp>, now: Timestamp) -> Duration {
    deadline.map_or(HIDE_WITHOUT_DEADLINE, |deadline| {
        let left = Duration::try_from(deadline.duration_since(now)).unwrap_or_default();
        left.saturating_sub(ANSWER)
    })
}

/// The records of a batch that bring something, and beside each the handle by which SQS knows this delivery.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    receipt_handles: Vec<Option<String>>,
}

impl Batch {
    pub(crate) fn read(
        messages: Vec<Value>,
        notices: Option<&ObjectNotices>,
    ) -> Result<Self, BatchError> {
        let (mut records, mut receipt_handles) = (Vec::new(), Vec::new());
        for (index, mut message) in messages.into_iter().enumerate() {
            let message_id = text(&mut message, "messageId").filter(|id| !id.is_empty());
            let message_id = message_id.ok_or(BatchError::NoMessageId { index })?;
            // Standard queues carry groups too, which there mean fairness and not order.
            let arn = text(&mut message, "eventSourceARN").unwrap_or_default();
            let is_fifo = arn.rsplit('.').next() == Some("fifo");
            let mut attributes = message.get_mut("attributes").map(Value::take).unwrap_or_default();
            let group = text(&mut attributes, "MessageGroupId").filter(|_| is_fifo);
            let receives = text(&mut attributes, "ApproximateReceiveCount");
            // A number always; what is not from SQS is taken for new.
            let receives = receives.and_then(|count| count.parse().ok()).unwrap_or(1);
            // A record without a body is one that cannot be decoded.
            let body = text(&mut message, "body").unwrap_or_default();
            let Brought::Body { body, refused } = Brought::read(body, notices) else {
                info!(message_id, "S3 has tried whether it can tell this queue of its objects");
                continue;
            };
            records.push(Record { message_id, body, group, receives, refused });
            receipt_handles.push(text(&mut message, "receiptHandle"));
        }
        Ok(Self { records, receipt_handles })
    }

    /// The messages whose next delivery somebody named a time for.
    fn hidden(&self, dispositions: &[Disposition]) -> Vec<Hidden> {
        let deliveries = self.records.iter().zip(&self.receipt_handles).zip(dispositions);
        let hidden = deliveries.filter_map(|((record, receipt_handle), disposition)| {
            let Disposition::Redeliver { after: Some(wait) } = disposition else { return None };
            let (message_id, wait) = (record.message_id.clone(), *wait);
            Some(Hidden { message_id, receipt_handle: receipt_handle.clone()?, wait })
        });
        hidden.collect()
    }

    /// The ids of the messages that have to be delivered again, each once.
    pub(crate) fn failures(&self, dispositions: &[Disposition]) -> BTreeSet<&str> {
        let outcomes = self.records.iter().zip(dispositions);
        let failed = outcomes.filter(|(_, disposition)| **disposition != Disposition::Acknowledge);
        failed.map(|(record, _)| record.message_id.as_str()).collect()
    }
}

/// Takes a text out of a record; whatever else is there counts as nothing.
fn text(record: &mut Value, name: &str) -> Option<String> {
    match record.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use postroom::{ObjectKey, ObjectOwner, RawEnvelope};
    use serde_json::json;

    use super::*;

    const AGAIN: Disposition = Disposition::Redeliver { after: None };

    fn event(json: &str) -> Vec<Value> {
        serde_json::from_str::<QueueEvent>(json).unwrap().records
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn an_empty_batch_fails_nothing() {
        let batch = Batch::read(event(r#"{"Records":[]}"#), None).unwrap();

        assert!(batch.failures(&[]).is_empty());
    }

    #[test]
    fn an_event_that_is_none_of_a_queue_is_refused_with_its_reason() {
        let error = serde_json::from_str::<QueueEvent>(r#"{"version":"2.0","rawPath":"/"}"#);

        assert!(error.unwrap_err().to_string().contains("missing field `Records`"));
    }

    #[test]
    fn a_record_without_an_id_refuses_the_batch() {
        let records =
            event(r#"{"Records":[{"messageId":"a","body":""},{"messageId":"","body":""}]}"#);

        assert_eq!(Batch::read(records, None).unwrap_err(), BatchError::NoMessageId { index: 1 });
    }

    #[test]
    fn a_group_is_one_only_where_the_queue_is_fifo() {
        let groups = |queue: &str| {
            let records = event(&format!(
                r#"{{"Records":[{{"messageId":"a","attributes":{{"MessageGroupId":"g"}},
                    "eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:{queue}"}}]}}"#
            ));
            Batch::read(records, None).unwrap().records.remove(0).group
        };

        assert_eq!(groups("charge-card.fifo").as_deref(), Some("g"));
        assert_eq!(groups("charge-card"), None);
    }

    #[test]
    fn a_message_tells_how_often_it_was_given_out() {
        let receives = |attributes: &str| {
            let records =
                event(&format!(r#"{{"Records":[{{"messageId":"a","attributes":{attributes}}}]}}"#));
            Batch::read(records, None).unwrap().records.remove(0).receives
        };

        assert_eq!(receives(r#"{"ApproximateReceiveCount":"12"}"#), 12);
        assert_eq!(receives("{}"), 1);
    }

    #[test]
    fn each_failed_message_is_reported_once() {
        let records =
            event(r#"{"Records":[{"messageId":"a"},{"messageId":"b"},{"messageId":"a"}]}"#);
        let batch = Batch::read(records, None).unwrap();

        let failures = batch.failures(&[AGAIN, Disposition::Acknowledge, AGAIN]);

        assert_eq!(failures.into_iter().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn of_what_a_bucket_tells_only_what_is_a_message_or_a_failure_is_a_record() {
        let about = |name: &str| {
            let notice = include_str!("../../../events/s3/object-created.json");
            notice.replace("local-objects-000000000000-us-east-1", name)
        };
        let trial = include_str!("../../../events/s3/test-event.json");
        let ours = json!({"messageId": "ours", "body": "{}"});
        let told = json!({"messageId": "told", "body": about("bucket"), "receiptHandle": "r"});
        let other = json!({"messageId": "other", "body": about("another")});
        let records = vec![json!({"messageId": "trial", "body": trial}), told, ours, other];
        let owner = |_: &ObjectKey| {
            let tenant_id = "demo".parse().ok()?;
            Some(ObjectOwner { tenant_id, correlation_id: None })
        };
        let notices = ObjectNotices::of("bucket".to_owned(), owner);

        let batch = Batch::read(records, Some(&notices)).unwrap();

        let [told, ours, other] = &batch.records[..] else { panic!("{batch:?}") };
        assert_eq!(RawEnvelope::parse(&told.body).unwrap().r#type, "object.created");
        assert_eq!((told.refused.as_deref(), ours.refused.as_deref()), (None, None));
        assert_eq!((ours.body.as_str(), other.body.as_str()), ("{}", about("another").as_str()));
        assert!(other.refused.as_deref().is_some_and(|reason| reason.contains("\"another\"")));
        let failed = batch.failures(&[AGAIN, AGAIN, Disposition::Acknowledge]);
        assert_eq!(failed.into_iter().collect::<Vec<_>>(), ["ours", "told"]);
        let wait = Duration::from_secs(3);
        let hidden = batch.hidden(&[Disposition::Redeliver { after: Some(wait) }; 3]);
        assert_eq!(hidden[0].receipt_handle, "r");
    }

    #[test]
    fn only_messages_with_a_named_wait_are_hidden() {
        let records = event(
            r#"{"Records":[{"messageId":"a","receiptHandle":"ra"},{"messageId":"b","receiptHandle":"rb"}]}"#,
        );
        let batch = Batch::read(records, None).unwrap();
        let wait = Duration::from_secs(3);

        let hidden = batch.hidden(&[AGAIN, Disposition::Redeliver { after: Some(wait) }]);

        let (message_id, receipt_handle) = ("b".to_owned(), "rb".to_owned());
        assert_eq!(hidden, [Hidden { message_id, receipt_handle, wait }]);
    }

    #[test]
    fn hiding_messages_leaves_time_to_answer() {
        let now = at("2026-11-21T09:30:00Z");
        let within = |deadline| time_to_hide(Some(at(deadline)), now);

        assert_eq!(within("2026-11-21T09:30:01Z"), Duration::from_millis(800));
        assert_eq!(within("2026-11-21T09:30:00.201Z"), Duration::from_millis(1));
        assert_eq!(within("2026-11-21T09:30:00.2Z"), Duration::ZERO);
        assert_eq!(within("2026-11-21T09:29:00Z"), Duration::ZERO);
        assert_eq!(time_to_hide(None, now), Duration::from_secs(5));
    }
}
