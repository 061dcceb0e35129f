//! A function behind the journal's stream: records in as Lambda delivers them, out where the shard has to go on.
//!
//! Of a record only this is read; what the event says is read from the journal:
//!
//! ```json
//! {"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", …,
//!  "dynamodb": {"Keys": {"stream": {"S": "demo#orders/0192…"}, "version": {"N": "2"}},
//!               "SequenceNumber": "4421584500000000017450439091", …}}
//! ```

use lambda_runtime::{LambdaEvent, service_fn};
use postroom::{Projector, StreamRecord, WakeUp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::deadline::believable;
use crate::keys::{STREAM, VERSION};
use crate::worker::BatchError;

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
    #[serde(rename = "itemIdentifier")]
    sequence_number: String,
}

/// Answers the batches of the journal's stream, for as long as the process lives.
///
/// # Errors
/// The Lambda runtime could not be reached. A batch that fails is answered, and does not end this.
pub async fn run_projector(projector: Projector) -> Result<(), lambda_runtime::Error> {
    let projector = &projector;
    let handler = service_fn(move |event: LambdaEvent<Value>| async move {
        handle_stream(projector, event.payload, event.context.deadline).await
    });
    lambda_runtime::run(handler).await
}

/// Applies what one batch tells and answers where its shard goes on; `deadline_ms` as of
/// [`handle_batch`](crate::handle_batch).
///
/// # Errors
/// [`BatchError`]: the event is none of a stream.
pub async fn handle_stream(
    projector: &Projector,
    event: Value,
    deadline_ms: u64,
) -> Result<StreamAnswer, BatchError> {
    let event: StreamEvent = serde_json::from_value(event)
        .map_err(|error| BatchError::NoStream { reason: error.to_string() })?;
    let records = event.records.into_iter().enumerate().map(|(index, record)| read(index, &record));
    let records: Vec<_> = records.collect::<Result<_, _>>()?;
    let deadline = believable(deadline_ms, projector.now());

    let first = projector.process(&records, deadline).await;

    let failed = first.and_then(|index| records.get(index));
    let sequence_number = failed.map(|record| record.sequence_number.clone());
    let failures = sequence_number.into_iter().map(|sequence_number| Failure { sequence_number });
    Ok(StreamAnswer { failures: failures.collect() })
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
        let failures = vec![Failure { sequence_number: "17".to_owned() }];

        let answer = serde_json::to_value(StreamAnswer { failures }).unwrap();

        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "17"}]}));
    }
}
