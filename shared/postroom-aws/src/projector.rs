//! A function behind the journal's stream: records in as Lambda delivers them, out where the shard has to go on.
//!
//! Of a record only this is read; what the event says is read from the journal:
//!
//! ```json
//! {"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", …,
//!  "dynamodb": {"Keys": {"stream": {"S": "demo#orders/0192…"}, "version": {"N": "2"}},
//!               "SequenceNumber": "4421584500000000017450439091", …}}
//! ```

use aws_lambda_events::sqs::SqsBatchResponse;
use futures_util::future::join;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use postroom::port::BuildRows;
use postroom::{
    Clock, Projector, Replays, ResendError, Resent, StreamRecord, Swept, SystemClock, WakeUp,
    WalkError, Walked, reason_of,
};
use serde::Deserialize;
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

/// What a run of the schedule came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tick {
    /// Of the builds that are being made.
    pub walked: Walked,
    /// Of those that are over.
    pub swept: Swept,
    /// Of what is replayed.
    pub resent: Resent,
}

/// Why builds or replays may not have gone on. The next run begins where they stand.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// What making one came to a stop at; the error knows whether that passes.
    #[error("the walk did not go on")]
    Walk {
        #[source]
        source: WalkError,
    },
    /// What removing one came to a stop at; the error knows whether that passes.
    #[error("earlier builds were not removed")]
    Sweep {
        #[source]
        source: WalkError,
    },
    /// What a replay came to a stop at; the error knows whether that passes.
    #[error("a replay did not go on")]
    Resend {
        #[source]
        source: ResendError,
    },
    /// It took until the invocation was about to end. Retryable.
    #[error("the run was out of time")]
    OutOfTime,
}

/// Why an event was not answered.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// It was one of the schedule.
    #[error(transparent)]
    Tick(#[from] TickError),
    /// It was one of a stream or a queue, or of neither.
    #[error(transparent)]
    Batch(#[from] BatchError),
}

impl From<EventError> for Diagnostic {
    fn from(error: EventError) -> Self {
        match error {
            EventError::Tick(error) => {
                let error_message = reason_of(&error);
                Self { error_type: "TickError".to_owned(), error_message }
            }
            EventError::Batch(error) => error.into(),
        }
    }
}

/// Answers the batches of the journal's stream, and of the queue by which parked events come back, and goes on with what is
/// being rebuilt, with removing what is left of earlier builds in `rows`, and with what is replayed, at every event of its
/// schedule, for as long as the process lives.
///
/// # Errors
/// The Lambda runtime could not be reached. What fails is answered with its reason, and does not end this.
pub async fn run_projector(
    projector: Projector,
    rows: impl BuildRows,
    replays: Replays,
) -> Result<(), lambda_runtime::Error> {
    let (projector, rows, replays) = (&projector, &rows, &replays);
    let handler = service_fn(move |event: LambdaEvent<Value>| async move {
        let LambdaEvent { payload, context } = event;
        let answer = handle_event(projector, rows, replays, payload, context.deadline).await;
        answer.map_err(Diagnostic::from)
    });
    lambda_runtime::run(handler).await
}

/// Answers one event, whatever it is from; of its schedule there is nothing to answer.
///
/// `deadline_ms` as of [`handle_batch`](crate::handle_batch).
///
/// # Errors
/// [`EventError`]: a run of the schedule that did not go on, or an event that is none of those.
pub async fn handle_event(
    projector: &Projector,
    rows: &dyn BuildRows,
    replays: &Replays,
    event: Value,
    deadline_ms: u64,
) -> Result<Option<SqsBatchResponse>, EventError> {
    if event["source"] == SCHEDULE {
        handle_tick(projector, rows, replays, deadline_ms).await?;
        return Ok(None);
    }
    Ok(Some(handle_stream(projector, event, deadline_ms).await?))
}

/// Goes on once with what is being rebuilt, and then with what is left of earlier builds; beside that with what is replayed, so
/// that a long rebuild holds up no replay. Ends before the invocation does.
///
/// `deadline_ms` as of [`handle_batch`](crate::handle_batch).
///
/// # Errors
/// [`TickError`]: the next run goes on. What fails keeps nothing else from being done.
pub async fn handle_tick(
    projector: &Projector,
    rows: &dyn BuildRows,
    replays: &Replays,
    deadline_ms: u64,
) -> Result<Tick, TickError> {
    let time = RunTime::of(deadline_ms, SystemClock.now());
    let stop_at = Some(time.stop_at);
    let builds = async {
        let walked = projector.walk(stop_at).await;
        (walked, projector.sweep(rows, stop_at).await)
    };
    let run = async {
        let ((walked, swept), resent) = join(builds, replays.resend(stop_at)).await;
        let walked = walked.map_err(|source| TickError::Walk { source })?;
        let swept = swept.map_err(|source| TickError::Sweep { source })?;
        let resent = resent.map_err(|source| TickError::Resend { source })?;
        Ok(Tick { walked, swept, resent })
    };
    // Boxed: it has the room of all that goes on.
    time.limit(Box::pin(run)).await.unwrap_or(Err(TickError::OutOfTime))
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
) -> Result<SqsBatchResponse, BatchError> {
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
    Ok(answer(failed.map(|record| record.sequence_number.as_str())))
}

/// Each message by itself: what came back waits for nothing else.
async fn redriven(
    projector: &Projector,
    records: Vec<Value>,
    deadline: Option<Timestamp>,
) -> Result<SqsBatchResponse, BatchError> {
    let batch = Batch::read(records, None)?;
    let mut dispositions = Vec::with_capacity(batch.records.len());
    for record in &batch.records {
        let record = StreamRecord {
            sequence_number: record.message_id.clone(),
            body: record.body.clone(),
            wake_up: WakeUp::of_body(&record.body),
        };
        dispositions.push(projector.redriven(&record, deadline).await);
    }
    Ok(answer(batch.failures(&dispositions)))
}

/// What Lambda is answered. That of a stream is of the same shape as a queue's: it goes on at the record that is named, by
/// its sequence number, and with what is behind the batch if none is.
fn answer<'a>(failed: impl IntoIterator<Item = &'a str>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    failed.into_iter().for_each(|id| response.add_failure(id));
    response
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
        let answer = serde_json::to_value(answer(["17"])).unwrap();

        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "17"}]}));
    }
}
