//! The actions on single messages.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::attributes::{WireAttribute, chosen_attributes, md5_of_trace_header};
use super::{Call, nothing};
use crate::sqs::arn::queue_of_url;
use crate::sqs::message::{Draft, Received};
use crate::sqs::queue::{LONGEST_VISIBILITY, Sent};
use crate::sqs::{Sqs, SqsError, digest};

// The AWS SDKs' service model of SQS, as in botocore 1.43.11, read 2026-11-21.
const MOST_RECEIVED: u64 = 10;
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// What a message to be sent consists of, alone or as an entry of a batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OutgoingMessage {
    #[serde(default)]
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, WireAttribute>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, WireAttribute>,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

/// The MD5 digests of what arrived, by which its sender checks it.
#[derive(Debug)]
pub(super) struct Acknowledgement {
    body: String,
    attributes: Option<String>,
    system_attributes: Option<String>,
}

pub(super) fn send(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        queue_url: String,
        #[serde(flatten)]
        message: OutgoingMessage,
    }

    let request: Request = call.read()?;
    let queue = queue_of_url(&request.queue_url);
    let draft = request.message.into_draft(call.caller)?;
    let acknowledgement = Acknowledgement::of(&draft);
    let sent = sqs.change(|queues, now| queues.get_mut(queue)?.send(draft, Uuid::now_v7(), now))?;
    Ok(acknowledgement.with(&sent))
}

pub(super) async fn receive(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        queue_url: String,
        #[serde(default = "one")]
        max_number_of_messages: u64,
        visibility_timeout: Option<i64>,
        wait_time_seconds: Option<i64>,
        #[serde(default)]
        attribute_names: Vec<String>,
        #[serde(default)]
        message_system_attribute_names: Vec<String>,
        #[serde(default)]
        message_attribute_names: Vec<String>,
    }
    fn one() -> u64 {
        1
    }

    let request: Request = call.read()?;
    let queue = queue_of_url(&request.queue_url);
    let most = Some(request.max_number_of_messages).filter(|n| (1..=MOST_RECEIVED).contains(n));
    let most = most.and_then(|most| usize::try_from(most).ok()).ok_or_else(|| {
        SqsError::InvalidParameterValue {
            parameter: "MaxNumberOfMessages",
            reason: format!("it is not 1 to {MOST_RECEIVED}"),
        }
    })?;
    let visibility = request.visibility_timeout.map(visibility_timeout).transpose()?;
    let wait = match request.wait_time_seconds {
        Some(wait) => seconds("WaitTimeSeconds", wait, LONGEST_WAIT)?,
        None => sqs.lock().get(queue)?.settings.wait,
    };
    let received = sqs.receive_for(queue, most, wait, visibility).await?;
    if received.is_empty() {
        return Ok(nothing());
    }
    let system = [request.attribute_names, request.message_system_attribute_names].concat();
    let shown = received.into_iter();
    let shown = shown.map(|message| show(message, &system, &request.message_attribute_names));
    Ok(json!({ "Messages": shown.collect::<Vec<_>>() }))
}

pub(super) fn delete(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        queue_url: String,
        receipt_handle: String,
    }

    let request: Request = call.read()?;
    sqs.delete(queue_of_url(&request.queue_url), &request.receipt_handle)?;
    Ok(nothing())
}

pub(super) fn change_visibility(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        queue_url: String,
        receipt_handle: String,
        visibility_timeout: i64,
    }

    let request: Request = call.read()?;
    let timeout = visibility_timeout(request.visibility_timeout)?;
    sqs.change_visibility(queue_of_url(&request.queue_url), &request.receipt_handle, timeout)?;
    Ok(nothing())
}

pub(super) fn visibility_timeout(value: i64) -> Result<Duration, SqsError> {
    seconds("VisibilityTimeout", value, LONGEST_VISIBILITY)
}

impl OutgoingMessage {
    pub(super) fn into_draft(mut self, sender: &str) -> Result<Draft, SqsError> {
        let trace_header = self.message_system_attributes.remove("AWSTraceHeader");
        if let Some((name, _)) = self.message_system_attributes.first_key_value() {
            let reason = format!("a sender cannot set {name}");
            return Err(SqsError::InvalidParameterValue {
                parameter: "MessageSystemAttributes",
                reason,
            });
        }
        let attributes = self.message_attributes.into_iter().map(|(name, attribute)| {
            let attribute = attribute.into_attribute(&name)?;
            Ok((name, attribute))
        });
        Ok(Draft {
            body: self.message_body,
            attributes: attributes.collect::<Result<_, SqsError>>()?,
            trace_header: trace_header.map(WireAttribute::into_text).transpose()?,
            group: self.message_group_id,
            deduplication_id: self.message_deduplication_id,
            // Only the sign is checked here: the queue knows how long it delays at most.
            delay: self
                .delay_seconds
                .map(|delay| seconds("DelaySeconds", delay, Duration::MAX))
                .transpose()?,
            sender: sender.to_owned(),
        })
    }
}

impl Acknowledgement {
    pub(super) fn of(draft: &Draft) -> Self {
        Self {
            body: digest::md5_of_body(&draft.body),
            attributes: digest::md5_of_attributes(&draft.attributes),
            system_attributes: draft.trace_header.as_deref().and_then(md5_of_trace_header),
        }
    }

    pub(super) fn with(self, sent: &Sent) -> Value {
        present([
            ("MessageId", Some(json!(sent.message_id))),
            ("MD5OfMessageBody", Some(json!(self.body))),
            ("MD5OfMessageAttributes", self.attributes.map(Value::from)),
            ("MD5OfMessageSystemAttributes", self.system_attributes.map(Value::from)),
            ("SequenceNumber", sent.sequence_number.clone().map(Value::from)),
        ])
    }
}

fn show(message: Received, system: &[String], wanted: &[String]) -> Value {
    let all = system.iter().any(|name| name == "All");
    let chosen = |(name, _): &(String, String)| all || system.contains(name);
    let system: BTreeMap<_, _> = message.attributes.into_iter().filter(chosen).collect();
    let attributes = chosen_attributes(message.message_attributes, wanted);
    let md5_of_attributes = digest::md5_of_attributes(&attributes);
    let attributes: BTreeMap<_, _> =
        attributes.iter().map(|(name, attribute)| (name, WireAttribute::from(attribute))).collect();
    present([
        ("MessageId", Some(json!(message.message_id))),
        ("ReceiptHandle", Some(json!(message.receipt_handle))),
        ("Body", Some(json!(message.body))),
        ("MD5OfBody", Some(json!(message.md5_of_body))),
        ("Attributes", (!system.is_empty()).then(|| json!(system))),
        ("MessageAttributes", (!attributes.is_empty()).then(|| json!(attributes))),
        ("MD5OfMessageAttributes", md5_of_attributes.map(Value::from)),
    ])
}

fn seconds(parameter: &'static str, value: i64, most: Duration) -> Result<Duration, SqsError> {
    let duration = u64::try_from(value).ok().map(Duration::from_secs);
    duration.filter(|duration| *duration <= most).ok_or_else(|| SqsError::InvalidParameterValue {
        parameter,
        reason: format!("{value} is not 0 to {} seconds", most.as_secs()),
    })
}

fn present<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members.into_iter();
    members.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
