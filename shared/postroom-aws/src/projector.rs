//! A function behind the journal's stream: records in as Lambda delivers them, out where the shard has to go on.
//!
//! Of a record only this is read; what the event says is read from the journal:
//!
//! ```json
//! {"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", …,
//!  "dynamodb": {"Keys": {"stream": {"S": "demo#orders/0192…"}, "version": {"N": "2"}},
//!               "SequenceNumber": "4421584500000000017450439091", …}}
//! ```

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use postroom::{Clock, Projector, StreamRecord, SystemClock, WakeUp, WalkError, Walked, reason_of};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::deadline::{RunTime, believable};
use crate::keys::{STREAM, VERSION};
use crate::worker::{Batch, BatchError};

/// What the records of a queue say of where they are from.
const QUEUE: &str = "aws:sqs";
/// What the event of a schedule says of where it is from.
const SCHEDULE: &str = "aws.scheduler";

/// An event of a table's stream, as far as it has to be one.
#[derive(Debug, Deserialize)]
struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

/// What Lambda is answered: it goes on at the first record that is named, and with what is behind the batch if none is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamAnswer {
    #[serde(rename = "batchItemFailures")]
    failures: Vec<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Failure {
    /// The sequence number of a record, or the id of a message.
    #[serde(rename = "itemIdentifier")]
    id: String,
}

/// Why builds that are being made may not have gone on. The next run begins where they stand.
#[derive(Debug, thiserror::Error)]
pub enum WalkRunError {
    /// What it came to a stop at; the error knows whether that passes.
    #[error("the walk did not go on")]
    Walk {
        #[source]
        source: WalkError,
    },
    /// It took until the invocation was about to end. Retryable.
    #[error("the walk ran out of time")]
    OutOfTime,
}

impl From<WalkRunError> for Diagnostic {
    fn from(error: WalkRunError) -> Self {
        Self { error_type: "WalkRunError".to_owned(), error_message: reason_of(&error) }
    }
}

/// Answers the batches of the journal's stream, and of the queue by which parked events come back, and goes on with what is
/// being rebuilt at every event of its schedule, for as long as the process lives.
///
/// # Errors
/// The Lambda runtime could not be reached. What fails is answered with its reason, and does not end this.
pub async fn run_projector(projector: Projector) -> Result<(), lambda_runtime::Error> {
    let projector = &projector;
    let handler = service_fn(move |event: LambdaEvent<Value>| async move {
        let LambdaEvent { payload, context } = event;
        if payload["source"] == SCHEDULE {
            let walked = handle_walk(projector, context.deadline).await;
            return walked.map(|_| None).map_err(Diagnostic::from);
        }
        let answer = handle_stream(projector, payload, context.deadline).await;
        answer.map(Some).map_err(Diagnostic::from)
    });
    lambda_runtime::run(handler).await
}

/// Goes on once with what is being rebuilt, and ends before the invocation does; `deadline_ms` as of
/// [`handle_batch`](crate::handle_batch).
///
/// # Errors
/// [`WalkRunError`]: the next run goes on.
pub async fn handle_walk(projector: &Projector, deadline_ms: u64) -> Result<Walked, WalkRunError> {
    let time = RunTime::of(deadline_ms, SystemClock.now());
    let walked = time.limit(projector.walk(Some(time.stop_at))).await;
    walked.ok_or(WalkRunError::OutOfTime)?.map_err(|source| WalkRunError::Walk { source })
}

/// Applies what one batch tells and answers where its shard goes on, or which messages have to be delivered again;
/// `deadline_ms` as of [`handle_batch`](crate::handle_batch).
///
/// # Errors
/// [`BatchError`]: the event is none of a stream or a queue.
pub async fn handle_stream(
    projector: &Projector,
    event: Value,
    deadline_ms: u64,
) -> Result<StreamAnswer, BatchError> {
    let event: StreamEvent = serde_json::from_value(event)
        .map_err(|error| BatchError::NoStream { reason: error.to_string() })?;
    let deadline = believable(deadline_ms, projector.now());
    if event.records.first().is_some_and(|record| record["eventSource"] == QUEUE) {
        return redriven(projector, event.records, deadline).await;
    }
    let records = event.records.into_iter().enumerate().map(|(index, record)| read(index, &record));
    let records: Vec<_> = records.collect::<Result<_, _>>()?;

    let first = projector.process(&records, deadline).await;

    let failed = first.and_then(|index| records.get(index));
    Ok(StreamAnswer::of(failed.map(|record| record.sequence_number.as_str())))
}

/// Each message by itself: what came back waits for nothing else.
async fn redriven(
    projector: &Projector,
    records: Vec<Value>,
    deadline: Option<Timestamp>,
) -> Result<StreamAnswer, BatchError> {
    let batch = Batch::read(records)?;
    let mut dispositions = Vec::with_capacity(batch.records.len());
    for record in &batch.records {
        let record = StreamRecord {
            sequence_number: record.message_id.clone(),
            body: record.body.clone(),
            wake_up: WakeUp::of_body(&record.body),
        };
        dispositions.push(projector.redriven(&record, deadline).await);
    }
    Ok(StreamAnswer::of(batch.failures(&dispositions)))
}

impl StreamAnswer {
    fn of<'a>(failed: impl IntoIterator<Item = &'a str>) -> Self {
        let failure = |id: &str| Failure { id: id.to_owned() };
        Self { failures: failed.into_iter().map(failure).collect() }
    }
}

fn read(index: usize, record: &Value) -> Result<StreamRecord, BatchError> {
    let change = &record["dynamodb"];
    let sequence_number = change["SequenceNumber"].as_str().filter(|number| !number.is_empty());
    let sequence_number = sequence_number.ok_or(BatchError::NoSequenceNumber { index })?.to_owned();
    let key = |name: &str, kind: &str| change["Keys"][name][kind].as_str().unwrap_or_default();
    let wake_up = WakeUp::of_key(key(STREAM, "S"), key(VERSION, "N"));
    Ok(StreamRecord { sequence_number, body: record.to_string(), wake_up })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_that_could_not_be_reported_refuses_the_batch() {
        for record in [json!({}), json!({"dynamodb": {"SequenceNumber": ""}}), json!(null)] {
            assert_eq!(read(3, &record).unwrap_err(), BatchError::NoSequenceNumber { index: 3 });
        }
    }

    #[test]
    fn a_record_without_the_key_of_an_event_tells_nothing() {
        let record = read(0, &json!({"dynamodb": {"SequenceNumber": "1", "Keys": {}}})).unwrap();

        assert!(record.wake_up.is_err());
        assert_eq!(record.sequence_number, "1");
    }

    #[test]
    fn an_answer_names_the_record_that_is_next() {
        let answer = serde_json::to_value(StreamAnswer::of(["17"])).unwrap();

        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "17"}]}));
    }
}
