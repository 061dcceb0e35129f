//! What a topic sends to a queue that does not get its messages raw: the message within a JSON object.
//!
//! ```json
//! {"Type": "Notification", "MessageId": "63a3f6b6-…", "TopicArn": "arn:aws:sns:us-east-1:000000000000:shop-events",
//!  "Message": "{\"specversion\":\"1.0\",…}", "Timestamp": "2026-11-22T09:30:00.123Z",
//!  "MessageAttributes": {"type": {"Type": "String", "Value": "order.placed"}}, …}
//! ```
//! Its `MessageId` is another at each publishing, and of no meaning here: what is published twice is one event by the id in
//! its envelope. Its signature is not checked: the queue's policy says who may send.
// <https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html>, read 2026-11-22.

use postroom::{RawEnvelope, reason_of};
use serde::Deserialize;

use crate::notices::{Heard, ObjectNotices};

const NOTIFICATION: &str = "Notification";
/// What no envelope has by itself.
const MARK: &str = "\"TopicArn\"";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    r#type: String,
    topic_arn: String,
    message: String,
}

/// What a record brings, whoever wrote its body.
#[derive(Debug, PartialEq)]
pub(crate) enum Brought {
    /// A body for the worker, and why it is no message of ours where that is known.
    Body { body: String, refused: Option<String> },
    /// S3 has tried whether it can send.
    Trial,
}

impl Brought {
    /// Reads the body of a record: an envelope, a notice of a bucket where one tells this queue, or either of them within the
    /// notification of a topic.
    pub(crate) fn read(body: String, notices: Option<&ObjectNotices>) -> Self {
        let notification = notification(&body);
        let inner = notification.as_ref().map_or(&body, |wrapped| &wrapped.message);
        match (notices.map_or(Heard::Nothing, |notices| notices.read(inner)), notification) {
            // From here on it is as any message is: what is parked can be redriven.
            (Heard::Told(told), _) => Self::Body { body: told.to_body(), refused: None },
            (Heard::Refused(reason), _) => Self::Body { body, refused: Some(reason) },
            (Heard::Trial, _) => Self::Trial,
            (Heard::Nothing, None) => Self::Body { body, refused: None },
            (Heard::Nothing, Some(Notification { topic_arn, message, .. })) => {
                match RawEnvelope::parse(&message) {
                    Ok(_) => Self::Body { body: message, refused: None },
                    // Whole: an operator has to see where it comes from.
                    Err(error) => {
                        let reason = reason_of(&error);
                        let refused = format!("a notification of {topic_arn}: {reason}");
                        Self::Body { body, refused: Some(refused) }
                    }
                }
            }
        }
    }
}

/// The notification that a body is, told by its shape: how its queue is subscribed may change while it is on its way.
fn notification(body: &str) -> Option<Notification> {
    // Nearly all bodies are not, and are not parsed a second time.
    if !body.contains(MARK) {
        return None;
    }
    let found: Notification = serde_json::from_str(body).ok()?;
    (found.r#type == NOTIFICATION).then_some(found)
}

#[cfg(test)]
mod tests {
    use postroom::{ObjectKey, ObjectOwner};
    use serde_json::{Value, json};

    use super::*;

    const WRAPPED: &str = include_str!("../../../events/sns/notification.json");

    fn wrapped(message: &str) -> String {
        let mut wrapped: Value = serde_json::from_str(WRAPPED).unwrap();
        wrapped["Message"] = json!(message);
        wrapped.to_string()
    }

    fn brought(body: &str) -> (String, Option<String>) {
        match Brought::read(body.to_owned(), None) {
            Brought::Body { body, refused } => (body, refused),
            Brought::Trial => panic!("no bucket tells this queue"),
        }
    }

    #[test]
    fn a_wrapped_message_is_the_message() {
        let (body, refused) = brought(WRAPPED);

        assert_eq!(refused, None);
        assert_eq!(RawEnvelope::parse(&body).unwrap().r#type, "order.placed");
        assert_eq!(brought(&body), (body, None));
    }

    #[test]
    fn a_notification_of_what_is_no_message_is_kept_whole_with_its_topic_and_the_field() {
        let body = wrapped(r#"{"specversion":"1.0"}"#);

        let (kept, refused) = brought(&body);

        assert_eq!(kept, body);
        let reason = refused.unwrap();
        assert!(reason.contains(":local-events: not an envelope at `"), "{reason}");
        assert!(reason.contains("missing field `id`"), "{reason}");
    }

    #[test]
    fn what_only_looks_like_a_notification_is_left_as_it_is() {
        for body in [
            r#"{"TopicArn":"arn","Message":"{}"}"#,
            r#"{"Type":"UnsubscribeConfirmation","TopicArn":"arn","Message":"{}"}"#,
            r#"{"Type":"Notification","TopicArn":"arn","Message":{}}"#,
            r#"["Notification", "TopicArn"]"#,
            r#"{"data":{"Type":"Notification","TopicArn":"arn","Message":"{}"}}"#,
        ] {
            assert_eq!(brought(body), (body.to_owned(), None));
        }
    }

    #[test]
    fn a_notice_of_a_bucket_may_come_through_a_topic() {
        let owner = |_: &ObjectKey| {
            let tenant_id = "demo".parse().ok()?;
            Some(ObjectOwner { tenant_id, correlation_id: None })
        };
        let notices = ObjectNotices::of("local-objects-000000000000-us-east-1".to_owned(), owner);
        let read = |message| Brought::read(wrapped(message), Some(&notices));

        let told = read(include_str!("../../../events/s3/object-created.json"));
        let trial = read(include_str!("../../../events/s3/test-event.json"));

        let Brought::Body { body, refused: None } = told else { panic!("{told:?}") };
        assert_eq!(RawEnvelope::parse(&body).unwrap().r#type, "object.created");
        assert_eq!(trial, Brought::Trial);
    }
}
