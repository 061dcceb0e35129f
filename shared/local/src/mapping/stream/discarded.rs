//! The message about records that were given up: where they lie in the stream, and nothing of what they say.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>, read 2026-11-22.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::backlog::{Condition, Discarded};
use super::event::{created_at, sequence_number};
use crate::aws::Shard;
use crate::lambda::{InvokeError, Response};
use crate::template::{ACCOUNT, REGION, STACK};

/// What AWS sends to the destination of a mapping. The `last` answer is that of the last attempt, if there was one.
pub(super) fn message(
    discarded: &Discarded,
    function: &str,
    shard: &Shard,
    last: Option<&Result<Response, InvokeError>>,
    now: Timestamp,
) -> Value {
    let Discarded { batch, condition } = discarded;
    let condition = match condition {
        Condition::RetryAttemptsExhausted => "RetryAttemptsExhausted",
        Condition::RecordAgeExceeded => "RecordAgeExceeded",
    };
    let (first, end) = (batch.records.first(), batch.records.last());
    let number = |record: Option<&Value>| record.map(|record| sequence_number(record).to_owned());
    let arrival =
        |record: Option<&Value>| record.map(|record| format!("{:.0}", created_at(record)));
    let mut message = json!({
        "requestContext": {
            "requestId": last.and_then(|last| last.as_ref().ok()).map(|last| &last.request_id),
            "functionArn": format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK}-{function}"),
            "condition": condition,
            "approximateInvokeCount": batch.failures,
        },
        "version": "1.0",
        "timestamp": format!("{now:.3}"),
        "DDBStreamBatchInfo": {
            "shardId": shard.id,
            "startSequenceNumber": number(first),
            "endSequenceNumber": number(end),
            "approximateArrivalOfFirstRecord": arrival(first),
            "approximateArrivalOfLastRecord": arrival(end),
            "batchSize": batch.records.len(),
            "streamArn": shard.stream_arn,
        },
    });
    if let Some(last) = last {
        let mut response = json!({ "statusCode": 200, "executedVersion": "$LATEST" });
        if last.is_err() {
            response["functionError"] = json!("Unhandled");
        }
        message["responseContext"] = response;
    }
    message
}

#[cfg(test)]
mod tests {
    use super::super::backlog::Batch;
    use super::*;

    #[test]
    fn it_points_at_the_records_and_says_why_and_nothing_of_what_they_hold() {
        let record = |number: &str| {
            json!({"dynamodb": {
                "SequenceNumber": number, "ApproximateCreationDateTime": 1_795_253_400,
                "NewImage": {"secret": {"S": "s"}},
            }})
        };
        let batch = Batch { records: vec![record("7"), record("8"), record("9")], failures: 3 };
        let discarded = Discarded { batch, condition: Condition::RetryAttemptsExhausted };
        let shard = Shard { stream_arn: "arn:stream".to_owned(), id: "shard-1".to_owned() };
        let last = Err(InvokeError::Stopped);
        let now = "2026-11-21T09:31:00.5Z".parse().unwrap();

        let message = message(&discarded, "project-views", &shard, Some(&last), now);

        assert_eq!(
            message,
            json!({
                "requestContext": {
                    "requestId": null,
                    "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:local-project-views",
                    "condition": "RetryAttemptsExhausted",
                    "approximateInvokeCount": 3,
                },
                "responseContext": {
                    "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled",
                },
                "version": "1.0",
                "timestamp": "2026-11-21T09:31:00.500Z",
                "DDBStreamBatchInfo": {
                    "shardId": "shard-1",
                    "startSequenceNumber": "7",
                    "endSequenceNumber": "9",
                    "approximateArrivalOfFirstRecord": "2026-11-21T09:30:00Z",
                    "approximateArrivalOfLastRecord": "2026-11-21T09:30:00Z",
                    "batchSize": 3,
                    "streamArn": "arn:stream",
                },
            })
        );
    }
}
