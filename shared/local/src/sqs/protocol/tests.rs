//! What goes over the wire, without the wire.

use super::*;

const QUEUE: &str = "http://127.0.0.1:4566/000000000000/jobs";

async fn ask(sqs: &Sqs, action: &str, body: Value) -> Result<Value, SqsError> {
    let body = body.to_string().into_bytes();
    let call = Call { action, body: &body, caller: "api", endpoint: "http://127.0.0.1:1" };
    answer(sqs, call).await
}

async fn with_queue(attributes: Value) -> Sqs {
    let sqs = Sqs::new();
    let request = json!({ "QueueName": "jobs", "Attributes": attributes });
    ask(&sqs, "CreateQueue", request).await.expect("created");
    sqs
}

async fn send(sqs: &Sqs, body: &str) -> Value {
    let request = json!({
        "QueueUrl": QUEUE,
        "MessageBody": body,
        "MessageAttributes": { "type": { "DataType": "String", "StringValue": "x" } },
    });
    ask(sqs, "SendMessage", request).await.expect("sent")
}

async fn send_batch(sqs: &Sqs, entries: Value) -> Result<Value, SqsError> {
    ask(sqs, "SendMessageBatch", json!({ "QueueUrl": QUEUE, "Entries": entries })).await
}

/// So many entries with bodies of so many bytes.
fn entries(count: usize, bytes: usize) -> Value {
    let entry = |id| json!({ "Id": format!("e{id}"), "MessageBody": "x".repeat(bytes) });
    (0..count).map(entry).collect()
}

#[tokio::test]
async fn a_sender_gets_the_digests_of_what_arrived() {
    let sqs = with_queue(json!({})).await;

    let answer = send(&sqs, "hello").await;

    assert_eq!(answer["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
    assert!(answer["MD5OfMessageAttributes"].is_string() && answer["MessageId"].is_string());
    assert_eq!(answer.get("SequenceNumber"), None);
}

#[tokio::test]
async fn a_receiver_gets_the_attributes_it_asked_for_and_no_others() {
    let sqs = with_queue(json!({ "VisibilityTimeout": "0" })).await;
    send(&sqs, "hello").await;

    let plain = ask(&sqs, "ReceiveMessage", json!({ "QueueUrl": QUEUE })).await;
    let request = json!({
        "QueueUrl": QUEUE,
        "AttributeNames": ["SenderId"],
        "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        "MessageAttributeNames": ["All"],
    });
    let full = ask(&sqs, "ReceiveMessage", request).await;

    let (plain, full) = (plain.expect("received"), full.expect("received"));
    let (plain, full) = (&plain["Messages"][0], &full["Messages"][0]);
    assert_eq!(plain["Body"], "hello");
    assert_eq!((plain.get("Attributes"), plain.get("MessageAttributes")), (None, None));
    assert_eq!(full["Attributes"], json!({ "SenderId": "api", "ApproximateReceiveCount": "2" }));
    assert_eq!(full["MessageAttributes"]["type"]["StringValue"], "x");
}

#[tokio::test]
async fn a_receiver_without_a_wait_of_its_own_waits_as_the_queue_says() {
    let sqs = with_queue(json!({ "ReceiveMessageWaitTimeSeconds": "20" })).await;

    let request = json!({ "QueueUrl": QUEUE });
    let (received, _) =
        tokio::join!(ask(&sqs, "ReceiveMessage", request), async { send(&sqs, "hello").await });

    assert_eq!(received.expect("received")["Messages"][0]["Body"], "hello");
}

#[tokio::test]
async fn a_receiver_asks_for_one_to_ten_messages_and_waits_twenty_seconds_at_most() {
    let sqs = with_queue(json!({})).await;
    send(&sqs, "hello").await;
    let refused = [
        json!({ "MaxNumberOfMessages": 0 }),
        json!({ "MaxNumberOfMessages": 11 }),
        json!({ "WaitTimeSeconds": 21 }),
        json!({ "WaitTimeSeconds": -1 }),
        json!({ "VisibilityTimeout": 43_201 }),
    ];

    for mut request in refused {
        request["QueueUrl"] = json!(QUEUE);
        let answer = ask(&sqs, "ReceiveMessage", request).await;
        assert!(matches!(answer, Err(SqsError::InvalidParameterValue { .. })), "{answer:?}");
    }
    let most = json!({ "QueueUrl": QUEUE, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 20 });
    assert!(ask(&sqs, "ReceiveMessage", most).await.is_ok());
}

#[tokio::test]
async fn the_good_entries_of_a_batch_are_sent_and_the_bad_ones_are_named() {
    let sqs = with_queue(json!({})).await;
    let entries = json!([
        { "Id": "a", "MessageBody": "fine" },
        { "Id": "b", "MessageBody": "too late", "DelaySeconds": 901 },
        { "Id": "c", "MessageBody": "\u{fffe}" },
        { "Id": "d", "MessageBody": "" },
    ]);

    let answer = send_batch(&sqs, entries).await.expect("answered");

    let failed: Vec<_> =
        answer["Failed"].as_array().into_iter().flatten().map(|entry| &entry["Code"]).collect();
    assert_eq!(failed, ["InvalidParameterValue", "InvalidMessageContents", "MissingParameter"]);
    assert_eq!(answer["Successful"][0]["Id"], "a");
    assert_eq!(sqs.attributes("jobs").expect("exists")["ApproximateNumberOfMessages"], "1");
}

#[tokio::test]
async fn a_batch_has_one_to_ten_entries_with_distinct_ids() {
    let sqs = with_queue(json!({})).await;
    let twice = json!([{ "Id": "a", "MessageBody": "x" }, { "Id": "a", "MessageBody": "y" }]);
    let odd = json!([{ "Id": "a b", "MessageBody": "x" }]);

    let full = send_batch(&sqs, entries(10, 1)).await;
    let over = send_batch(&sqs, entries(11, 1)).await;
    let none = send_batch(&sqs, entries(0, 1)).await;
    let (twice, odd) = (send_batch(&sqs, twice).await, send_batch(&sqs, odd).await);

    assert!(full.is_ok());
    assert_eq!(over, Err(SqsError::TooManyEntriesInBatchRequest { entries: 11, limit: 10 }));
    assert_eq!(none, Err(SqsError::EmptyBatchRequest));
    assert_eq!(twice, Err(SqsError::BatchEntryIdsNotDistinct { id: "a".to_owned() }));
    assert_eq!(odd, Err(SqsError::InvalidBatchEntryId { id: "a b".to_owned() }));
}

#[tokio::test]
async fn the_messages_of_a_batch_are_one_mebibyte_together_at_most() {
    let sqs = with_queue(json!({})).await;

    let full = send_batch(&sqs, entries(8, 1_048_576 / 8)).await;
    let over = send_batch(&sqs, entries(8, 1_048_576 / 8 + 1)).await;

    assert!(full.is_ok());
    let (bytes, limit) = (1_048_576 + 8, 1_048_576);
    assert_eq!(over, Err(SqsError::BatchRequestTooLong { bytes, limit }));
}

#[tokio::test]
async fn receipts_are_deleted_and_returned_one_by_one_in_a_batch() {
    let sqs = with_queue(json!({})).await;
    send_batch(&sqs, entries(2, 1)).await.expect("sent");
    let request = json!({ "QueueUrl": QUEUE, "MaxNumberOfMessages": 10 });
    let received = ask(&sqs, "ReceiveMessage", request).await.expect("received");
    let handle = |index: usize| &received["Messages"][index]["ReceiptHandle"];
    let with_garbage = |handle: &Value| {
        let good = json!({ "Id": "good", "ReceiptHandle": handle, "VisibilityTimeout": 0 });
        let bad = json!({ "Id": "bad", "ReceiptHandle": "garbage", "VisibilityTimeout": 0 });
        json!({ "QueueUrl": QUEUE, "Entries": [good, bad] })
    };

    let deleted = ask(&sqs, "DeleteMessageBatch", with_garbage(handle(0))).await;
    let returned = ask(&sqs, "ChangeMessageVisibilityBatch", with_garbage(handle(1))).await;

    for answer in [deleted.expect("answered"), returned.expect("answered")] {
        assert_eq!(answer["Successful"], json!([{ "Id": "good" }]));
        assert_eq!(answer["Failed"][0]["Id"], "bad");
        assert_eq!(answer["Failed"][0]["Code"], "ReceiptHandleIsInvalid");
    }
    let attributes = sqs.attributes("jobs").expect("exists");
    assert_eq!(attributes["ApproximateNumberOfMessages"], "1");
    assert_eq!(attributes["ApproximateNumberOfMessagesNotVisible"], "0");
}

#[tokio::test]
async fn queues_are_listed_in_pages() {
    let sqs = Sqs::new();
    for name in ["a", "b", "c"] {
        ask(&sqs, "CreateQueue", json!({ "QueueName": name })).await.expect("created");
    }

    let first = ask(&sqs, "ListQueues", json!({ "MaxResults": 2 })).await.expect("listed");
    let request = json!({ "MaxResults": 2, "NextToken": first["NextToken"] });
    let second = ask(&sqs, "ListQueues", request).await.expect("listed");

    let url = |name: &str| format!("http://127.0.0.1:1/000000000000/{name}");
    assert_eq!(first["QueueUrls"], json!([url("a"), url("b")]));
    assert_eq!(second, json!({ "QueueUrls": [url("c")] }));
}

#[tokio::test]
async fn attributes_and_tags_are_shown_as_they_were_set() {
    let sqs = with_queue(json!({})).await;
    let set = json!({ "QueueUrl": QUEUE, "Attributes": { "DelaySeconds": "7" } });
    ask(&sqs, "SetQueueAttributes", set).await.expect("set");
    let tags = json!({ "QueueUrl": QUEUE, "Tags": { "team": "post", "old": "1" } });
    ask(&sqs, "TagQueue", tags).await.expect("tagged");
    let untag = json!({ "QueueUrl": QUEUE, "TagKeys": ["old"] });
    ask(&sqs, "UntagQueue", untag).await.expect("untagged");

    let names = json!({ "QueueUrl": QUEUE, "AttributeNames": ["DelaySeconds", "QueueArn"] });
    let attributes = ask(&sqs, "GetQueueAttributes", names).await.expect("shown");
    let tags = ask(&sqs, "ListQueueTags", json!({ "QueueUrl": QUEUE })).await.expect("shown");

    let arn = "arn:aws:sqs:us-east-1:000000000000:jobs";
    assert_eq!(attributes["Attributes"], json!({ "DelaySeconds": "7", "QueueArn": arn }));
    assert_eq!(tags["Tags"], json!({ "team": "post" }));
}

#[tokio::test]
async fn a_request_that_cannot_be_read_or_is_not_known_is_refused() {
    let sqs = Sqs::new();

    let malformed = ask(&sqs, "SendMessage", json!({ "QueueUrl": 5 })).await;
    let unknown = ask(&sqs, "Dance", json!({})).await;

    assert!(matches!(malformed, Err(SqsError::Malformed { .. })));
    assert_eq!(unknown, Err(SqsError::UnknownOperation { action: "Dance".to_owned() }));
}
