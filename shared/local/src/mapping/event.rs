//! SQS messages as Lambda hands them to a function.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event>,
//! named from memory 2026-11-21.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use crate::sqs::{AttributeValue, MessageAttribute, Received};
use crate::template::REGION;

/// The event for these messages: `{"Records": [{"messageId": …, "body": …, …}]}`.
pub(super) fn build(messages: &[Received], queue_arn: &str) -> Value {
    let records: Vec<Value> = messages.iter().map(|message| record(message, queue_arn)).collect();
    json!({ "Records": records })
}

/// Cuts a batch where its event would be larger than a function can take.
pub(super) fn split(messages: &[Received], queue_arn: &str, bytes: usize) -> Vec<Vec<Received>> {
    let mut batches: Vec<Vec<Received>> = Vec::new();
    let mut left = 0;
    for message in messages {
        // The comma between two records counts; the frame around them is within the slack.
        let size = record(message, queue_arn).to_string().len() + 1;
        if let Some(batch) = batches.last_mut().filter(|_| size <= left) {
            batch.push(message.clone());
        } else {
            batches.push(vec![message.clone()]);
            left = bytes - FRAME_BYTES;
        }
        left = left.saturating_sub(size);
    }
    batches
}

/// `{"Records":[]}`, rounded up.
pub(super) const FRAME_BYTES: usize = 32;

fn record(message: &Received, queue_arn: &str) -> Value {
    let attributes: Map<String, Value> = message
        .message_attributes
        .iter()
        .map(|(name, attribute)| (name.clone(), message_attribute(attribute)))
        .collect();
    json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.attributes,
        "messageAttributes": attributes,
        "md5OfBody": message.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    })
}

fn message_attribute(attribute: &MessageAttribute) -> Value {
    let mut built = json!({
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": attribute.data_type,
    });
    match &attribute.value {
        AttributeValue::Text(text) => built["stringValue"] = json!(text),
        AttributeValue::Binary(bytes) => built["binaryValue"] = json!(BASE64.encode(bytes)),
    }
    built
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const ARN: &str = "arn:aws:sqs:us-east-1:000000000000:local-q";

    fn message(id: &str, body: String) -> Received {
        let attribute =
            |data_type: &str, value| MessageAttribute { data_type: data_type.to_owned(), value };
        Received {
            message_id: id.to_owned(),
            receipt_handle: format!("handle-{id}"),
            md5_of_body: "0cc1".to_owned(),
            body,
            attributes: BTreeMap::from([("ApproximateReceiveCount".to_owned(), "1".to_owned())]),
            message_attributes: BTreeMap::from([
                ("type".to_owned(), attribute("String", AttributeValue::Text("t".to_owned()))),
                ("raw".to_owned(), attribute("Binary", AttributeValue::Binary(vec![1, 2]))),
            ]),
        }
    }

    #[test]
    fn a_message_becomes_a_record_as_aws_sends_it() {
        let event = build(&[message("m-1", "{}".to_owned())], ARN);

        assert_eq!(
            event,
            json!({"Records": [{
                "messageId": "m-1",
                "receiptHandle": "handle-m-1",
                "body": "{}",
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {
                    "raw": {
                        "binaryValue": "AQI=",
                        "stringListValues": [],
                        "binaryListValues": [],
                        "dataType": "Binary",
                    },
                    "type": {
                        "stringValue": "t",
                        "stringListValues": [],
                        "binaryListValues": [],
                        "dataType": "String",
                    },
                },
                "md5OfBody": "0cc1",
                "eventSource": "aws:sqs",
                "eventSourceARN": ARN,
                "awsRegion": "us-east-1",
            }]})
        );
    }

    #[test]
    fn a_batch_is_cut_where_its_event_would_be_too_large() {
        let messages = ["a", "b", "c"].map(|id| message(id, "x".repeat(1_000)));
        let two = build(&messages[..2], ARN).to_string().len();

        let batches = split(&messages, ARN, two + FRAME_BYTES);

        let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
        assert_eq!(sizes, [2, 1]);
        assert!(batches.iter().all(|batch| build(batch, ARN).to_string().len() <= two));
        assert_eq!(split(&messages, ARN, FRAME_BYTES).len(), 3, "one message goes alone at least");
    }
}
