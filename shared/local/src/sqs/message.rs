//! Messages: what a sender hands over, what a queue keeps, what a receiver gets.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::SqsError;
use super::arn::queue_arn;
use super::digest;

/// The most bytes of one message, and of all messages of a batch together.
// The AWS SDKs' service model of SQS, as in botocore 1.43.11, read 2026-11-21.
pub(crate) const MESSAGE_BYTES: usize = 1_048_576;

pub(crate) const MOST_ATTRIBUTES: usize = 10;
const ATTRIBUTE_NAME_CHARACTERS: usize = 256;
const ID_CHARACTERS: usize = 128;

/// A message attribute: a value and the type its sender gave it, as `Number.int`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct MessageAttribute {
    /// `String`, `Number` or `Binary`, with an optional label behind a full stop.
    pub data_type: String,
    pub value: AttributeValue,
}

/// The value of a message attribute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub enum AttributeValue {
    /// Of the types `String` and `Number`.
    Text(String),
    /// Of the type `Binary`; base64 on the wire.
    Binary(Vec<u8>),
}

/// A message as its receiver gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub message_id: String,
    /// Names this receipt of the message; a later receipt of it makes this one void.
    pub receipt_handle: String,
    pub body: String,
    pub md5_of_body: String,
    /// System attributes by AWS's names, all there are: `SentTimestamp` (milliseconds),
    /// `ApproximateReceiveCount`, `MessageGroupId`, …
    pub attributes: BTreeMap<String, String>,
    pub message_attributes: BTreeMap<String, MessageAttribute>,
}

/// A message that is to be sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) body: String,
    pub(crate) attributes: BTreeMap<String, MessageAttribute>,
    pub(crate) trace_header: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) deduplication_id: Option<String>,
    /// Overrides the queue's own delay.
    pub(crate) delay: Option<Duration>,
    pub(crate) sender: String,
}

/// A message that a queue keeps.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Message {
    pub(crate) id: Uuid,
    pub(crate) body: String,
    pub(crate) attributes: BTreeMap<String, MessageAttribute>,
    pub(crate) trace_header: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) deduplication_id: Option<String>,
    pub(crate) sender: String,
    pub(crate) sent_at: Timestamp,
    pub(crate) first_received_at: Option<Timestamp>,
    pub(crate) receives: u32,
    /// The queue that gave up on it, once it is in a dead-letter queue.
    pub(crate) dead_letter_source: Option<String>,
}

impl MessageAttribute {
    #[cfg(test)]
    pub(crate) fn text(data_type: &str, value: &str) -> Self {
        Self { data_type: data_type.to_owned(), value: AttributeValue::Text(value.to_owned()) }
    }

    fn bytes(&self) -> usize {
        let value = match &self.value {
            AttributeValue::Text(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        };
        self.data_type.len() + value
    }
}

impl Draft {
    /// Bytes that count towards the limits. The trace header does not count.
    pub(crate) fn bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + value.bytes());
        self.body.len() + attributes.sum::<usize>()
    }

    /// Checks what is the same for every kind of queue.
    pub(crate) fn check(&self, most_bytes: usize) -> Result<(), SqsError> {
        if self.body.is_empty() {
            return Err(SqsError::MissingParameter { parameter: "MessageBody" });
        }
        if self.bytes() > most_bytes {
            let reason = format!("the message must be shorter than {most_bytes} bytes");
            return Err(SqsError::InvalidParameterValue { parameter: "MessageBody", reason });
        }
        check_characters(&self.body)?;
        check_id("MessageGroupId", self.group.as_deref())?;
        check_id("MessageDeduplicationId", self.deduplication_id.as_deref())?;
        if self.attributes.len() > MOST_ATTRIBUTES {
            return Err(invalid_attribute(format!(
                "there are {} of at most {MOST_ATTRIBUTES}",
                self.attributes.len()
            )));
        }
        self.attributes.iter().try_for_each(|(name, value)| check_attribute(name, value))
    }

    pub(crate) fn into_message(self, id: Uuid, now: Timestamp) -> Message {
        Message {
            id,
            body: self.body,
            attributes: self.attributes,
            trace_header: self.trace_header,
            group: self.group,
            deduplication_id: self.deduplication_id,
            sender: self.sender,
            sent_at: now,
            first_received_at: None,
            receives: 0,
            dead_letter_source: None,
        }
    }
}

impl Message {
    pub(crate) fn to_received(
        &self,
        receipt_handle: String,
        sequence_number: Option<String>,
    ) -> Received {
        let first = self.first_received_at.map(|at| at.as_millisecond().to_string());
        let source = self.dead_letter_source.as_deref().map(queue_arn);
        let attributes = [
            ("SenderId", Some(self.sender.clone())),
            ("SentTimestamp", Some(self.sent_at.as_millisecond().to_string())),
            ("ApproximateReceiveCount", Some(self.receives.to_string())),
            ("ApproximateFirstReceiveTimestamp", first),
            ("SequenceNumber", sequence_number),
            ("MessageGroupId", self.group.clone()),
            ("MessageDeduplicationId", self.deduplication_id.clone()),
            ("AWSTraceHeader", self.trace_header.clone()),
            ("DeadLetterQueueSourceArn", source),
        ];
        let present = |(name, value): (&str, Option<String>)| Some((name.to_owned(), value?));
        Received {
            message_id: self.id.to_string(),
            receipt_handle,
            body: self.body.clone(),
            md5_of_body: digest::md5_of_body(&self.body),
            attributes: attributes.into_iter().filter_map(present).collect(),
            message_attributes: self.attributes.clone(),
        }
    }
}

// The AWS SDKs' service model of SQS, as in botocore 1.43.11, read 2026-11-21:
// #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.
fn check_characters(text: &str) -> Result<(), SqsError> {
    let refused = |c: &char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    match text.chars().find(refused) {
        Some(character) => Err(SqsError::InvalidMessageContents { character }),
        None => Ok(()),
    }
}

/// Group and deduplication ids: 1 to 128 printable ASCII characters, no space.
fn check_id(parameter: &'static str, id: Option<&str>) -> Result<(), SqsError> {
    let Some(id) = id else { return Ok(()) };
    if (1..=ID_CHARACTERS).contains(&id.len()) && id.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = format!("it is not 1 to {ID_CHARACTERS} letters, digits and punctuation marks");
    Err(SqsError::InvalidParameterValue { parameter, reason })
}

// Names: the AWS SDKs' service model of SQS, as in botocore 1.43.11, read 2026-11-21. That values
// must fit their type is known from use, not from a page.
fn check_attribute(name: &str, attribute: &MessageAttribute) -> Result<(), SqsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let lower = name.to_ascii_lowercase();
    let name_is_valid = (1..=ATTRIBUTE_NAME_CHARACTERS).contains(&name.len())
        && name.chars().all(allowed)
        && !(name.starts_with('.') || name.ends_with('.') || name.contains(".."))
        && !(lower.starts_with("aws.") || lower.starts_with("amazon."));
    if !name_is_valid {
        return Err(invalid_attribute(format!("the name {name:?} is not permitted")));
    }
    let base_type = attribute.data_type.split('.').next().unwrap_or_default();
    let fits = match (base_type, &attribute.value) {
        ("String", AttributeValue::Text(text)) => {
            check_characters(text)?;
            !text.is_empty()
        }
        ("Number", AttributeValue::Text(text)) => text.parse::<f64>().is_ok_and(f64::is_finite),
        ("Binary", AttributeValue::Binary(bytes)) => !bytes.is_empty(),
        _ => false,
    };
    if !fits {
        let reason = format!("the value of {name} is empty or not a {}", attribute.data_type);
        return Err(invalid_attribute(reason));
    }
    Ok(())
}

fn invalid_attribute(reason: String) -> SqsError {
    SqsError::InvalidParameterValue { parameter: "MessageAttributes", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(body: &str) -> Draft {
        Draft { body: body.to_owned(), ..Draft::default() }
    }

    fn with_attribute(name: &str, attribute: MessageAttribute) -> Draft {
        Draft { attributes: [(name.to_owned(), attribute)].into(), ..draft("x") }
    }

    #[test]
    fn a_body_may_fill_the_limit_and_not_one_byte_more() {
        let (full, over) = (draft(&"x".repeat(1_024)), draft(&"x".repeat(1_025)));

        let verdicts = (full.check(1_024).is_ok(), over.check(1_024).is_ok());

        assert_eq!(verdicts, (true, false));
    }

    #[test]
    fn attributes_count_towards_the_size_of_a_message() {
        let message = with_attribute("name", MessageAttribute::text("String", "value"));

        let bytes = message.bytes();

        assert_eq!(bytes, "x".len() + "name".len() + "String".len() + "value".len());
    }

    #[test]
    fn characters_that_xml_cannot_carry_are_refused() {
        let refused = ["\u{0}", "\u{b}", "\u{1f}", "\u{fffe}", "\u{ffff}"];
        let taken = ["\t\r\n", "\u{20}", "\u{fffd}", "\u{10000}", "é"];

        assert!(refused.iter().all(|body| matches!(
            draft(body).check(MESSAGE_BYTES),
            Err(SqsError::InvalidMessageContents { .. })
        )));
        assert!(taken.iter().all(|body| draft(body).check(MESSAGE_BYTES).is_ok()));
    }

    #[test]
    fn an_attribute_needs_a_permitted_name_and_a_value_of_its_type() {
        let text = |kind| MessageAttribute::text(kind, "5");
        let taken = [("a.b-c_1", text("String")), ("n", text("Number.int"))];
        let refused = [
            ("aws.trace", text("String")),
            (".a", text("String")),
            ("a..b", text("String")),
            ("é", text("String")),
            ("n", MessageAttribute::text("Number", "five")),
            ("s", MessageAttribute::text("String", "")),
            ("b", text("Binary")),
            ("m", text("Money")),
        ];

        let check = |(name, value)| with_attribute(name, value).check(MESSAGE_BYTES).is_ok();

        assert!(taken.into_iter().all(check));
        assert!(!refused.into_iter().any(check));
    }
}
