//! Records of a stream as Lambda hands them to a function.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>, read 2026-11-22.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::Shard;
use crate::template::REGION;

/// A record of the database as one of an event.
///
/// `None`: nothing changed. The database makes a record of every write; AWS makes none of those. It shows where the table
/// keeps both images, and cannot happen where items are only ever put anew.
pub(super) fn record(mut record: Value, shard: &Shard) -> Option<Value> {
    let change = &record["dynamodb"];
    let (old, new) = (&change["OldImage"], &change["NewImage"]);
    if record["eventName"] == "MODIFY" && !new.is_null() && old == new {
        return None;
    }
    let created = created_at(&record);
    record["awsRegion"] = json!(REGION);
    record["eventSourceARN"] = json!(shard.stream_arn);
    record["dynamodb"]["ApproximateCreationDateTime"] = json!(created.as_second());
    Some(record)
}

/// The event for these records: `{"Records": [{"eventID": …, "dynamodb": {…}, …}]}`.
pub(super) fn build(records: &[Value]) -> Value {
    json!({ "Records": records })
}

/// What a function reports a record by.
pub(super) fn sequence_number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default()
}

/// When it was written, to the second.
pub(super) fn created_at(record: &Value) -> Timestamp {
    let seconds = &record["dynamodb"]["ApproximateCreationDateTime"];
    let seconds = seconds.as_f64().unwrap_or_default();
    Timestamp::UNIX_EPOCH
        .checked_add(std::time::Duration::from_secs_f64(seconds.max(0.0)))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard() -> Shard {
        Shard { stream_arn: "arn:stream".to_owned(), id: "shard-1".to_owned() }
    }

    fn change(name: &str, old: &Value, new: &Value) -> Value {
        json!({
            "eventID": "e-1", "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "dynoxide",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_253_400.0,
                "Keys": {"id": {"S": "1"}}, "OldImage": old, "NewImage": new,
                "SequenceNumber": "100000000000000000001", "SizeBytes": 26,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        })
    }

    #[test]
    fn a_record_names_its_stream_and_counts_seconds() {
        let made = record(change("INSERT", &Value::Null, &json!({"id": {"S": "1"}})), &shard());

        let made = made.unwrap();
        assert_eq!(made["eventSourceARN"], "arn:stream");
        assert_eq!(made["awsRegion"], "us-east-1");
        assert_eq!(made["dynamodb"]["ApproximateCreationDateTime"].to_string(), "1795253400");
        assert_eq!(sequence_number(&made), "100000000000000000001");
    }

    #[test]
    fn a_write_that_changed_nothing_makes_no_record() {
        let (one, other) = (json!({"id": {"S": "1"}}), json!({"id": {"S": "1"}, "n": {"N": "2"}}));

        assert_eq!(record(change("MODIFY", &one, &one), &shard()), None);
        assert!(record(change("MODIFY", &one, &other), &shard()).is_some());
        assert!(record(change("MODIFY", &Value::Null, &Value::Null), &shard()).is_some());
    }
}
