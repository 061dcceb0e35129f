//! A function behind a stream of events: Kinesis's, or a topic of Kafka, managed (MSK) or one's own.
//!
//! The records' data are the same envelopes that queues carry. What is read of an event:
//!
//! ```json
//! {"Records": [{"eventSource": "aws:kinesis", "eventID": "shardId-000000000006:4959…",
//!               "kinesis": {"sequenceNumber": "4959…", "data": "eyJzcGVj…", …}, …}]}
//!
//! {"eventSource": "aws:kafka", "records": {"orders-0": [{"offset": 15, "value": "eyJzcGVj…", …}]}, …}
//! ```
// <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html> and <…/with-msk.html>, as their fixtures in
// `aws_lambda_events` 1.2.1 have them, read 2026-11-22.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use postroom::{Disposition, Record, Worker};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::deadline::believable;
use crate::worker::{Batch, BatchError};

/// What the records of a queue say of where they are from.
const QUEUE: &str = "aws:sqs";

/// An event, as far as it has to be one.
#[derive(Debug, Deserialize)]
struct ShardEvent {
    /// Of Kinesis, or of a queue.
    #[serde(rename = "Records")]
    list: Option<Vec<Value>>,
    /// Of Kafka: by topic and partition.
    records: Option<BTreeMap<String, Vec<Value>>>,
}

/// Where Lambda goes on: at these records of their shards, and where a shard has none behind the batch.
///
/// ```
/// use postroom_aws::{Position, ShardResponse};
///
/// let kinesis = ShardResponse::of([Position::Sequence("49590338271490256608559692538361571095".to_owned())]);
/// let kafka = ShardResponse::of([Position::Offset { partition: "orders-0".to_owned(), offset: 15 }]);
/// assert_eq!(
///     serde_json::to_string(&kinesis).unwrap(),
///     r#"{"batchItemFailures":[{"itemIdentifier":"49590338271490256608559692538361571095"}]}"#
/// );
/// assert_eq!(
///     serde_json::to_string(&kafka).unwrap(),
///     r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":15}}]}"#
/// );
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShardResponse {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: Position,
}

/// A record's place in its stream, as the service spells it that is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Position {
    /// Of Kinesis a sequence number; of a queue, by which a parked record came back, a message's id.
    Sequence(String),
    /// Of Kafka.
    // The form of `itemIdentifier`: https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html, as Powertools
    // for Python 3.25 reports it, read 2026-11-22. `aws_lambda_events` 1.2.1 has no type for it.
    Offset {
        /// `orders-0`: the topic and its partition.
        partition: String,
        offset: i64,
    },
}

impl ShardResponse {
    /// The answer that names these records.
    pub fn of(positions: impl IntoIterator<Item = Position>) -> Self {
        let failures = positions.into_iter().map(|item_identifier| Failure { item_identifier });
        Self { batch_item_failures: failures.collect() }
    }
}

/// Answers the batches of a stream, for as long as the process lives. Its event source mapping reports
/// `ReportBatchItemFailures`; one of Kafka can only in provisioned mode.
///
/// What its worker parks comes back, when it is redriven, through the queue of the worker's name, where there is one; the
/// function may be behind both.
///
/// # Errors
/// The worker [lacks a handler](Worker::check), which is found before anything is taken; or the Lambda runtime could not be
/// reached. A batch that fails is answered, and does not end this.
pub async fn run_shard_worker(worker: Worker) -> Result<(), lambda_runtime::Error> {
    worker.check()?;
    let worker = &worker;
    let handler = service_fn(move |event: LambdaEvent<Value>| async move {
        let LambdaEvent { payload, context } = event;
        let answer = handle_shards(worker, payload, context.deadline).await;
        answer.map_err(Diagnostic::from)
    });
    // Boxed once: the compiler bounds how deep futures lie in each other.
    Box::pin(lambda_runtime::run(handler)).await
}

/// Processes one batch of Kinesis, of Kafka, or of the worker's queue, and answers where its shards go on.
///
/// Shards and partitions run side by side, each in its order up to its first record that has to come again. `deadline_ms` as
/// of [`handle_batch`](crate::handle_batch).
///
/// # Errors
/// [`BatchError`]: the event is none of these, or has a record that could not be reported.
pub async fn handle_shards(
    worker: &Worker,
    event: Value,
    deadline_ms: u64,
) -> Result<ShardResponse, BatchError> {
    let event: ShardEvent = serde_json::from_value(event)
        .map_err(|error| BatchError::NoStream { reason: error.to_string() })?;
    let deadline = believable(deadline_ms, worker.now());
    let batch = match event {
        ShardEvent { list: Some(list), records: None } => {
            if list.first().is_some_and(|record| record["eventSource"] == QUEUE) {
                let batch = Batch::read(list, None)?;
                let dispositions: Vec<Disposition> = worker.process(&batch.records, deadline).await;
                let failed = batch.failures(&dispositions).into_iter().map(str::to_owned);
                return Ok(ShardResponse::of(failed.map(Position::Sequence)));
            }
            of_kinesis(&list)?
        }
        ShardEvent { list: None, records: Some(partitions) } => of_kafka(&partitions)?,
        ShardEvent { list: None, records: None }
        | ShardEvent { list: Some(_), records: Some(_) } => {
            let reason = "it has neither `Records` nor `records`, or both".to_owned();
            return Err(BatchError::NoStream { reason });
        }
    };
    let (records, positions): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    let firsts = worker.process_shards(&records, deadline).await;
    Ok(ShardResponse::of(firsts.into_iter().filter_map(|index| positions.get(index).cloned())))
}

fn of_kinesis(list: &[Value]) -> Result<Vec<(Record, Position)>, BatchError> {
    let read = |(index, record): (usize, &Value)| {
        let number =
            record["kinesis"]["sequenceNumber"].as_str().filter(|number| !number.is_empty());
        let number = number.ok_or(BatchError::NoSequenceNumber { index })?;
        // `shardId-000000000006:4959…`; numbers ascend in a shard.
        let shard = record["eventID"].as_str().and_then(|id| id.split_once(':'));
        let shard = shard.map_or("", |(shard, _)| shard);
        let record = record_of(shard, number, record["kinesis"]["data"].as_str());
        Ok((record, Position::Sequence(number.to_owned())))
    };
    list.iter().enumerate().map(read).collect()
}

fn of_kafka(
    partitions: &BTreeMap<String, Vec<Value>>,
) -> Result<Vec<(Record, Position)>, BatchError> {
    let read = |(partition, (index, record)): (&String, (usize, &Value))| {
        let offset = record["offset"].as_i64();
        let offset =
            offset.ok_or_else(|| BatchError::NoOffset { partition: partition.clone(), index })?;
        let place = Position::Offset { partition: partition.clone(), offset };
        Ok((record_of(partition, &offset.to_string(), record["value"].as_str()), place))
    };
    let records = partitions.iter().flat_map(|(partition, records)| {
        records.iter().enumerate().map(move |record| (partition, record))
    });
    records.map(read).collect()
}

/// What a shard brings, known by its place; data that is no text is refused, and kept as it came.
fn record_of(shard: &str, place: &str, data: Option<&str>) -> Record {
    let data = data.unwrap_or_default();
    let text = BASE64.decode(data).map_err(|error| format!("its data is no base64: {error}"));
    let text = text.and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| format!("its data is no UTF-8 text: {error}"))
    });
    let (body, refused) = match text {
        Ok(body) => (body, None),
        Err(reason) => (data.to_owned(), Some(reason)),
    };
    let (message_id, group) = (format!("{shard}:{place}"), Some(shard.to_owned()));
    // A stream does not count how often it brings a record.
    Record { message_id, body, group, receives: 1, refused }
}
