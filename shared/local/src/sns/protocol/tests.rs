//! The wire, form by form. What AWS's own SDK makes of it is tried in `tests/conformance`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::sqs::Sqs;

const ARN: &str = "arn:aws:sns:us-east-1:000000000000:events";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:jobs";

/// A topic whose only queue gets messages as they are.
fn subscribed() -> (Sns, Sqs) {
    let sqs = Sqs::new();
    sqs.create_queue("jobs", &BTreeMap::new()).expect("created");
    let sns = Sns::new(sqs.clone());
    ask(&sns, "Action=CreateTopic&Name=events").expect("created");
    let form = format!(
        "Action=Subscribe&TopicArn={ARN}&Protocol=sqs&Endpoint={QUEUE}\
         &Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true"
    );
    ask(&sns, &form).expect("subscribed");
    (sns, sqs)
}

fn ask(sns: &Sns, form: &str) -> Result<String, SnsError> {
    answer(sns, &Form::read(form.as_bytes()), None)
}

#[tokio::test]
async fn a_message_arrives_with_its_attributes_and_its_text_unchanged() {
    let (sns, sqs) = subscribed();
    let form = format!(
        "Action=Publish&TopicArn={ARN}&Message=a%26b+%C3%A9\
         &MessageAttributes.entry.1.Name=type&MessageAttributes.entry.1.Value.DataType=String\
         &MessageAttributes.entry.1.Value.StringValue=x"
    );

    let answered = ask(&sns, &form).expect("published");

    let received = sqs.receive("jobs", 10, Duration::ZERO).await.expect("received");
    assert_eq!(received[0].body, "a&b é");
    assert_eq!(received[0].message_attributes.keys().collect::<Vec<_>>(), ["type"]);
    assert!(answered.starts_with("<PublishResponse xmlns=\"http://sns"), "{answered}");
    assert!(answered.contains("<PublishResult><MessageId>"), "{answered}");
}

#[tokio::test]
async fn of_a_batch_each_message_succeeds_or_fails_for_itself() {
    let (sns, sqs) = subscribed();
    let entry = |n: usize, message: &str| {
        let entry = format!("&PublishBatchRequestEntries.member.{n}");
        format!("{entry}.Id=id{n}{entry}.Message={message}")
    };
    let form = format!(
        "Action=PublishBatch&TopicArn={ARN}{}{}{}",
        entry(1, "a"),
        entry(2, ""),
        entry(3, "c")
    );

    let answered = ask(&sns, &form).expect("published");

    let received = sqs.receive("jobs", 10, Duration::ZERO).await.expect("received");
    let bodies: Vec<_> = received.iter().map(|message| message.body.as_str()).collect();
    assert_eq!(bodies, ["a", "c"]);
    assert!(
        answered.contains("<Failed><member><Id>id2</Id><Code>InvalidParameter</Code>"),
        "{answered}"
    );
}

#[test]
fn batches_that_are_no_batches_are_refused_whole() {
    let (sns, _) = subscribed();
    let batch = |ids: &[&str]| {
        let entries = ids.iter().zip(1..).map(|(id, n)| {
            let entry = format!("&PublishBatchRequestEntries.member.{n}");
            format!("{entry}.Id={id}{entry}.Message=x")
        });
        let form = format!("Action=PublishBatch&TopicArn={ARN}{}", entries.collect::<String>());
        ask(&sns, &form).expect_err("refused").wire().1
    };

    let refused = [batch(&[]), batch(&["a", "a"]), batch(&["a b"]), batch(&["a"; 11])];

    let expected = [
        "EmptyBatchRequest",
        "BatchEntryIdsNotDistinct",
        "InvalidBatchEntryId",
        "TooManyEntriesInBatchRequest",
    ];
    assert_eq!(refused, expected);
}

#[test]
fn what_is_not_there_is_said_with_its_status() {
    let (sns, _) = subscribed();
    let refused = |form: &str| refusal(&ask(&sns, form).expect_err("refused"));

    let (status, body) =
        refused("Action=Publish&TopicArn=arn:aws:sns:us-east-1:000000000000:no&Message=x");
    let (no_action, _) = refused("Action=Dance");
    let (no_protocol, _) =
        refused(&format!("Action=Subscribe&TopicArn={ARN}&Protocol=email&Endpoint=a%40b"));

    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains("<Type>Sender</Type><Code>NotFound</Code>"), "{body}");
    assert_eq!([no_action, no_protocol], [StatusCode::BAD_REQUEST; 2]);
}

#[test]
fn what_was_set_of_a_subscription_is_shown() {
    let (sns, _) = subscribed();
    let listed =
        ask(&sns, &format!("Action=ListSubscriptionsByTopic&TopicArn={ARN}")).expect("listed");
    let (_, rest) = listed.split_once("<SubscriptionArn>").expect("one");
    let (arn, _) = rest.split_once("</SubscriptionArn>").expect("one");
    let set = format!(
        "Action=SetSubscriptionAttributes&SubscriptionArn={arn}&AttributeName=FilterPolicy\
         &AttributeValue=%7B%22type%22%3A%5B%22x%22%5D%7D"
    );

    ask(&sns, &set).expect("set");

    let shown = ask(&sns, &format!("Action=GetSubscriptionAttributes&SubscriptionArn={arn}"));
    let shown = shown.expect("shown");
    assert!(shown.contains("<value>{&quot;type&quot;:[&quot;x&quot;]}</value>"), "{shown}");
    assert!(shown.contains(&format!("<key>TopicArn</key><value>{ARN}</value>")), "{shown}");
    ask(&sns, &format!("Action=Unsubscribe&SubscriptionArn={arn}")).expect("unsubscribed");
    assert!(ask(&sns, &format!("Action=GetSubscriptionAttributes&SubscriptionArn={arn}")).is_err());
}
