//! What a bucket tells a queue.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>, from memory 2026-11-22.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::bucket::Object;
use crate::template::REGION;

/// Who put it; nobody here has rights of their own.
const PRINCIPAL: &str = "LOCAL";

/// That an object was put.
pub(super) fn created(bucket: &str, key: &str, object: &Object) -> Value {
    let request = Uuid::now_v7().simple().to_string().to_uppercase();
    // The `ETag` of what came in parts says so.
    let way = if object.etag.contains('-') { "CompleteMultipartUpload" } else { "Put" };
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": format!("{:.3}", object.modified_at),
        "eventName": format!("ObjectCreated:{way}"),
        "userIdentity": { "principalId": PRINCIPAL },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": { "x-amz-request-id": request[..16], "x-amz-id-2": request },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "local",
            "bucket": {
                "name": bucket,
                "ownerIdentity": { "principalId": PRINCIPAL },
                "arn": format!("arn:aws:s3:::{bucket}"),
            },
            "object": {
                "key": encoded(key),
                "size": object.size_bytes,
                "eTag": object.etag,
                "sequencer": object.sequencer,
            },
        },
    }]})
}

/// What S3 sends when notices are set up.
pub(super) fn trial(bucket: &str, now: Timestamp) -> Value {
    let request = Uuid::now_v7().simple().to_string().to_uppercase();
    json!({
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": format!("{now:.3}"),
        "Bucket": bucket,
        "RequestId": request[..16],
        "HostId": request,
    })
}

/// As fields of forms are encoded, but for the slash.
pub(super) fn encoded(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            other => {
                // Writing to a text does not fail.
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_as_s3_does() {
        assert_eq!(
            encoded("imports/Größe 1+1 (final).csv"),
            "imports/Gr%C3%B6%C3%9Fe+1%2B1+%28final%29.csv"
        );
        assert_eq!(encoded("a*b~c"), "a*b%7Ec");
    }

    #[test]
    fn both_have_the_members_that_those_of_aws_have() {
        let object = Object {
            key: "a".to_owned(),
            size_bytes: 1,
            etag: "e".to_owned(),
            sequencer: "0".to_owned(),
            modified_at: "2026-11-22T09:30:00.123456Z".parse().unwrap(),
            content_type: None,
            metadata: None,
        };

        let created = created("b", "a", &object);

        let of_aws: Value =
            serde_json::from_str(include_str!("../../../../events/s3/object-created.json"))
                .unwrap();
        assert_eq!(shape(&created), shape(&of_aws));
        assert_eq!(created["Records"][0]["eventTime"], "2026-11-22T09:30:00.123Z");
        let of_aws: Value =
            serde_json::from_str(include_str!("../../../../events/s3/test-event.json")).unwrap();
        assert_eq!(shape(&trial("b", Timestamp::UNIX_EPOCH)), shape(&of_aws));
    }

    /// The document without its values.
    fn shape(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                members.iter().map(|(name, member)| (name.clone(), shape(member))).collect()
            }
            Value::Array(items) => items.iter().map(shape).collect(),
            Value::Number(_) => json!(0),
            _ => json!(""),
        }
    }
}
