//! What a bucket tells by a queue: an object was put.
//!
//! ```json
//! {"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
//!               "eventTime": "2026-11-22T09:30:00.000Z",
//!               "s3": {"bucket": {"name": "shop-objects", …},
//!                      "object": {"key": "imports/demo/a+b.csv", "size": 1024, "eTag": "d41d8c…",
//!                                 "sequencer": "0055AED6DCD90281E5"}, …}, …}]}
//! ```
//! The key is encoded as a form's field is. When notices are set up, S3 sends `{"Service": "Amazon S3",
//! "Event": "s3:TestEvent", …}` once.
// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>, from memory 2026-11-22.

use std::fmt;

use jiff::Timestamp;
use postroom::{ETag, ObjectCreated, ObjectKey, ObjectOwner, RawEnvelope};
use serde::Deserialize;
use serde_json::Value;

const SOURCE: &str = "aws:s3";
const TEST_EVENT: &str = "s3:TestEvent";

/// The notices of one bucket, of which a worker's queue is told.
///
/// Notices about anything else than one object that was put there are parked with their reason.
pub struct ObjectNotices {
    bucket: String,
    owner_of: fn(&ObjectKey) -> Option<ObjectOwner>,
}

/// What a body is.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    /// None of S3's.
    Nothing,
    /// S3 has tried whether it can send.
    Trial,
    /// An object was put.
    Told(Box<RawEnvelope>),
    /// A notice that nobody can act on, and why.
    Refused(String),
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "Records", default)]
    records: Vec<Value>,
    #[serde(rename = "Event", default)]
    event: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notice {
    event_name: String,
    event_time: Timestamp,
    s3: About,
}

#[derive(Deserialize)]
struct About {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
    size: u64,
    #[serde(rename = "eTag")]
    etag: ETag,
    sequencer: String,
}

impl ObjectNotices {
    /// The notices of a bucket. Only the business knows by its key whose an object is; what is nobody's is refused.
    pub fn of(bucket: String, owner_of: fn(&ObjectKey) -> Option<ObjectOwner>) -> Self {
        Self { bucket, owner_of }
    }

    pub(crate) fn read(&self, body: &str) -> Heard {
        // Nearly all bodies are ours, and are not parsed a second time.
        if !body.contains(SOURCE) && !body.contains(TEST_EVENT) {
            return Heard::Nothing;
        }
        let Ok(Body { mut records, event }) = serde_json::from_str(body) else {
            return Heard::Nothing;
        };
        if event == TEST_EVENT {
            return Heard::Trial;
        }
        if !records.iter().any(|record| record["eventSource"] == SOURCE) {
            return Heard::Nothing;
        }
        let count = records.len();
        match records.pop().filter(|_| count == 1) {
            Some(record) => match self.told(record) {
                Ok(told) => Heard::Told(Box::new(told)),
                Err(reason) => Heard::Refused(reason),
            },
            // S3 sends one. With two of them the second would be lost when the first fails.
            None => Heard::Refused(format!("a notice of {count} things, where one is expected")),
        }
    }

    fn told(&self, record: Value) -> Result<RawEnvelope, String> {
        let notice: Notice = serde_json::from_value(record)
            .map_err(|error| format!("no notice of an object: {error}"))?;
        let (name, bucket) = (notice.event_name, notice.s3.bucket.name);
        if !name.starts_with("ObjectCreated:") {
            return Err(format!("a notice of {name:?}, where an object that was put is expected"));
        }
        if bucket != self.bucket {
            return Err(format!(
                "a notice of the bucket {bucket:?}, which is not {:?}",
                self.bucket
            ));
        }
        let Object { key, size, etag, sequencer } = notice.s3.object;
        let key = decoded(&key).ok_or_else(|| format!("the key {key:?} is not well encoded"))?;
        let key: ObjectKey = key.parse().map_err(|error| format!("{key:?}: {error}"))?;
        let owner = (self.owner_of)(&key).ok_or_else(|| format!("object {key} is nobody's"))?;
        let created = ObjectCreated { bucket, key, size_bytes: size, etag, sequencer };
        Ok(created.told(owner, notice.event_time))
    }
}

/// `a+b%2Bc` is `a b+c`; nothing where it is no such text.
fn decoded(key: &str) -> Option<String> {
    let (mut decoded, mut rest) = (Vec::with_capacity(key.len()), key.bytes());
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

impl fmt::Debug for ObjectNotices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectNotices").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CREATED: &str = include_str!("../../../events/s3/object-created.json");
    const TEST: &str = include_str!("../../../events/s3/test-event.json");

    fn owner_of(key: &ObjectKey) -> Option<ObjectOwner> {
        let tenant = key.as_str().strip_prefix("imports/")?.split('/').next()?;
        Some(ObjectOwner { tenant_id: tenant.parse().ok()?, correlation_id: None })
    }

    fn notices() -> ObjectNotices {
        ObjectNotices::of("local-objects-000000000000-us-east-1".to_owned(), owner_of)
    }

    /// The notice with one thing changed.
    fn changed(path: &str, to: Value) -> Heard {
        let mut body: Value = serde_json::from_str(CREATED).unwrap();
        *body.pointer_mut(path).unwrap() = to;
        notices().read(&body.to_string())
    }

    fn refused(heard: Heard) -> String {
        let Heard::Refused(reason) = heard else { panic!("{heard:?}") };
        reason
    }

    #[test]
    fn a_notice_is_a_task_with_the_key_as_it_was_put() {
        let Heard::Told(told) = notices().read(CREATED) else { panic!("not understood") };

        assert_eq!(told.tenant_id.as_str(), "demo");
        assert_eq!(told.time, "2026-11-22T09:30:00.123Z".parse().unwrap());
        let created = told.decode::<ObjectCreated>().unwrap().data;
        assert_eq!(created.key.as_str(), "imports/demo/Größe 1+1 (final).csv");
        assert_eq!((created.size_bytes, created.sequencer.as_str()), (1_024, "0055AED6DCD90281E5"));
        assert_eq!(created.etag.as_str(), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn a_trial_of_s3_and_messages_of_our_own_are_no_notices() {
        let ours =
            json!({"specversion": "1.0", "data": {"from": "aws:s3", "also": "s3:TestEvent"}});

        assert_eq!(notices().read(TEST), Heard::Trial);
        for other in [&ours.to_string(), "aws:s3", "[\"aws:s3\"]", "", "{\"Records\":[]}"] {
            assert_eq!(notices().read(other), Heard::Nothing, "{other}");
        }
    }

    #[test]
    fn a_notice_of_anything_else_is_refused_with_its_reason() {
        let record = || serde_json::from_str::<Value>(CREATED).unwrap()["Records"][0].take();
        let two = json!([record(), record()]);
        for (path, to, reason) in [
            ("/Records", two, "a notice of 2 things"),
            ("/Records/0/eventName", json!("ObjectRemoved:Delete"), "\"ObjectRemoved:Delete\""),
            ("/Records/0/s3/bucket/name", json!("another"), "the bucket \"another\""),
            ("/Records/0/s3/object/key", json!("reports/demo/1.csv"), "is nobody's"),
            ("/Records/0/s3/object/key", json!("imports/demo/%F"), "not well encoded"),
            ("/Records/0/s3/object/key", json!("imports/demo/%FF"), "not well encoded"),
            ("/Records/0/s3/object/key", json!("imports/%2E./a.csv"), "an object's key has to be"),
            ("/Records/0/s3/object/size", json!(-1), "no notice of an object"),
            ("/Records/0/s3/object", json!({}), "missing field `key`"),
        ] {
            let found = refused(changed(path, to));
            assert!(found.contains(reason), "{found}");
        }
    }

    #[test]
    fn keys_are_decoded_as_fields_of_forms() {
        assert_eq!(decoded("a+b%20c%2Bd%25/e").as_deref(), Some("a b c+d%/e"));
        assert_eq!(decoded("gr%C3%BC%c3%9fe").as_deref(), Some("grüße"));
        for malformed in ["%", "%2", "%g0", "%C3", "%+1"] {
            assert_eq!(decoded(malformed), None, "{malformed}");
        }
    }
}
