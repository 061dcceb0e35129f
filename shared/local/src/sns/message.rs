//! What is published, and how a queue gets it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::SnsError;
use super::subscription::Subscription;
use crate::sqs::{AttributeValue, Draft, MessageAttribute, sha256_of_body};

/// The most bytes of one message with its attributes, and of all messages of a batch together.
// <https://docs.aws.amazon.com/sns/latest/dg/SNSMessageAttributes.html>, from memory 2026-11-22.
pub(super) const MESSAGE_BYTES: usize = 256 * 1_024;
const SUBJECT_CHARACTERS: usize = 100;
/// Whom a queue's receivers see as the sender.
const SENDER: &str = "sns";
const SIGNATURE: &str = "not signed here";

/// One message for a topic.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Notification {
    pub(super) message: String,
    pub(super) subject: Option<String>,
    pub(super) attributes: BTreeMap<String, MessageAttribute>,
    pub(super) group: Option<String>,
    pub(super) deduplication_id: Option<String>,
    pub(super) trace_header: Option<String>,
}

impl Notification {
    pub(super) fn bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, attribute)| {
            let value = match &attribute.value {
                AttributeValue::Text(text) => text.len(),
                AttributeValue::Binary(bytes) => bytes.len(),
            };
            name.len() + attribute.data_type.len() + value
        });
        self.message.len() + attributes.sum::<usize>()
    }

    pub(super) fn check(&self) -> Result<(), SnsError> {
        if self.message.is_empty() {
            return Err(SnsError::invalid("Message", "it is empty"));
        }
        if self.bytes() > MESSAGE_BYTES {
            let reason = format!("it has more than {MESSAGE_BYTES} bytes with its attributes");
            return Err(SnsError::invalid("Message", reason));
        }
        let fits = |subject: &String| {
            (1..=SUBJECT_CHARACTERS).contains(&subject.len())
                && subject.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        };
        if !self.subject.as_ref().is_none_or(fits) {
            let reason = format!("it is not 1 to {SUBJECT_CHARACTERS} ASCII characters");
            return Err(SnsError::invalid("Subject", reason));
        }
        Ok(())
    }

    /// What decides that a FIFO topic was told the same again.
    pub(super) fn deduplicated_by_content(mut self) -> Self {
        self.deduplication_id.get_or_insert_with(|| sha256_of_body(&self.message));
        self
    }

    /// The message as the subscribed queue gets it.
    pub(super) fn for_queue(
        &self,
        subscription: &Subscription,
        topic_arn: &str,
        id: Uuid,
        now: Timestamp,
    ) -> Draft {
        let (body, attributes) = if subscription.raw {
            (self.message.clone(), self.attributes.clone())
        } else {
            (self.wrapped(subscription, topic_arn, id, now).to_string(), BTreeMap::new())
        };
        let is_fifo = subscription.is_fifo();
        Draft {
            body,
            attributes,
            trace_header: self.trace_header.clone(),
            group: self.group.clone(),
            deduplication_id: self.deduplication_id.clone().filter(|_| is_fifo),
            delay: None,
            sender: SENDER.to_owned(),
        }
    }

    // <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>, from memory 2026-11-22.
    fn wrapped(
        &self,
        subscription: &Subscription,
        topic_arn: &str,
        id: Uuid,
        now: Timestamp,
    ) -> Value {
        let mut wrapped = Map::new();
        let mut put = |name: &str, value: Value| wrapped.insert(name.to_owned(), value);
        put("Type", json!("Notification"));
        put("MessageId", json!(id));
        put("TopicArn", json!(topic_arn));
        if let Some(subject) = &self.subject {
            put("Subject", json!(subject));
        }
        put("Message", json!(self.message));
        put("Timestamp", json!(now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()));
        put("SignatureVersion", json!("1"));
        put("Signature", json!(SIGNATURE));
        put("SigningCertURL", json!(SIGNATURE));
        put("UnsubscribeURL", json!(subscription.arn));
        if !self.attributes.is_empty() {
            let shown = self.attributes.iter().map(|(name, attribute)| {
                let value = match &attribute.value {
                    AttributeValue::Text(text) => text.clone(),
                    AttributeValue::Binary(bytes) => BASE64_STANDARD.encode(bytes),
                };
                (name.clone(), json!({ "Type": attribute.data_type, "Value": value }))
            });
            put("MessageAttributes", Value::Object(shown.collect()));
        }
        Value::Object(wrapped)
    }
}
