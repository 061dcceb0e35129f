//! The collector on the adapters of AWS, given what Lambda takes from dead-letter queues.

use std::sync::Arc;
use std::time::Duration;

use postroom::port::{DeadLetter, DeadLetters, LetterStatus, RunStatus};
use postroom::{Clock, Collector, Reactions, Runtime, SystemClock};
use postroom_aws::{BatchError, handle_collection};
use serde_json::{Value, json};
use tests::fixture;

use crate::endpoint::Endpoint;

const HANDLERS: [&str; 2] = ["statistics", "sync-statistics"];
const LETTER: &str = "sync-statistics#3f6e1d2c-5b4a-5978-8c6d-7e8f9a0b1c2d";

fn example() -> Value {
    fixture("sqs/collect-dead-letters.json")
}

fn collector(endpoint: &mut Endpoint) -> Collector {
    let ports = endpoint.aws.ports(&mut endpoint.env, &[]);
    let letters = Arc::new(endpoint.aws.dead_letters(&mut endpoint.env));
    Collector::new(Runtime::new(ports, Reactions::default()), letters)
}

async fn collect(endpoint: &mut Endpoint, event: &Value, deadline_ms: u64) -> Value {
    let collector = collector(endpoint);
    let event = serde_json::from_value(event.clone()).unwrap();
    let answer = handle_collection(&collector, &HANDLERS, None, event, deadline_ms).await.unwrap();
    serde_json::to_value(&answer).unwrap()
}

async fn letter(endpoint: &mut Endpoint, id: &str) -> Option<DeadLetter> {
    let letters = endpoint.aws.dead_letters(&mut endpoint.env);
    DeadLetters::find(&letters, id).await.unwrap()
}

fn done() -> Value {
    json!({"batchItemFailures": []})
}

/// The answer that reports every record of an event.
fn reporting(event: &Value) -> Value {
    let records = event["Records"].as_array().unwrap().iter();
    let items: Vec<_> =
        records.map(|record| json!({"itemIdentifier": record["messageId"]})).collect();
    json!({"batchItemFailures": items})
}

#[tokio::test]
async fn a_message_of_a_dead_letter_queue_is_a_letter_of_the_queue_that_gave_it_up() {
    let mut endpoint = Endpoint::with_queues(&[]).await;

    let answer = collect(&mut endpoint, &example(), 0).await;

    assert_eq!(answer, done());
    let kept = letter(&mut endpoint, LETTER).await.unwrap();
    assert_eq!((kept.queue.as_str(), kept.status), ("sync-statistics", LetterStatus::Open));
    assert_eq!(kept.body, example()["Records"][0]["body"].as_str().unwrap());
    let inbox = endpoint.adapters().inbox;
    let key = postroom::port::RunKey::from_stored(LETTER.to_owned());
    let run = inbox.find(&key, SystemClock.now()).await.unwrap().unwrap();
    assert_eq!((run.status, run.attempts), (RunStatus::Parked, 0));
    assert_eq!(run.reason, Some(kept.reason()));
}

#[tokio::test]
async fn the_largest_body_that_a_queue_takes_is_kept_whole() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let mut event = example();
    let body = "\u{1F4EE}".repeat((1 << 20) / 4);
    event["Records"][0]["body"] = json!(body);
    event["Records"][0]["eventSourceARN"] = json!("arn:aws:sqs:eu-west-1:1:x-statistics-dlq.fifo");

    let answer = collect(&mut endpoint, &event, 0).await;

    assert_eq!(answer, done());
    let id = format!("statistics#{}", event["Records"][0]["messageId"].as_str().unwrap());
    // Not `assert_eq!`: nobody reads a message of 1 MiB.
    assert!(letter(&mut endpoint, &id).await.unwrap().body == body, "it is another body");
}

#[tokio::test]
async fn what_cannot_be_kept_is_delivered_again_and_kept_then() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let mut event = example();
    let mut unreadable = event["Records"][0].clone();
    (unreadable["messageId"], unreadable["body"]) = (json!("c"), json!("no envelope"));
    event["Records"].as_array_mut().unwrap().push(unreadable);
    // As often as a transaction is sent, and as the SDK asks.
    endpoint.fault("dynamodb.TransactWriteItems", 4, json!({"status": 500})).await;
    endpoint.fault("dynamodb.UpdateItem", 3, json!({"status": 500})).await;

    let refused = collect(&mut endpoint, &event, 0).await;
    let before = letter(&mut endpoint, LETTER).await;
    let again = collect(&mut endpoint, &event, 0).await;

    assert_eq!((refused, before), (reporting(&event), None));
    assert_eq!(again, done());
    assert!(letter(&mut endpoint, "sync-statistics#c").await.is_some());
    let kept = letter(&mut endpoint, LETTER).await.unwrap();
    assert!(kept.reason().contains("no attempt left a trace"), "{}", kept.reason());
}

#[tokio::test]
async fn a_batch_that_takes_too_long_is_answered_in_time() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    endpoint.fault("dynamodb.GetItem", 100, json!({"delay_ms": 60_000})).await;
    let deadline = SystemClock.now() + Duration::from_secs(4);
    let deadline_ms = u64::try_from(deadline.as_millisecond()).unwrap();

    let answer = collect(&mut endpoint, &example(), deadline_ms).await;

    assert_eq!(answer, reporting(&example()));
    assert!(SystemClock.now() < deadline);
}

#[tokio::test]
async fn what_comes_from_no_dead_letter_queue_is_refused_as_a_whole() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let collector = collector(&mut endpoint);
    let refused = |event: Value| {
        let event = serde_json::from_value(event).unwrap();
        let collector = &collector;
        async move { handle_collection(collector, &HANDLERS, None, event, 0).await.unwrap_err() }
    };
    let (mut stranger, mut nameless) = (example(), example());
    let arn = "arn:aws:sqs:us-east-1:000000000000:local-sync-campaign-dlq.fifo".to_owned();
    stranger["Records"][0]["eventSourceARN"] = json!(arn);
    nameless["Records"][0]["messageId"] = json!("");

    assert_eq!(refused(stranger).await, BatchError::UnknownQueue { arn });
    assert_eq!(refused(nameless).await, BatchError::NoMessageId { index: 0 });
    assert_eq!(collect(&mut endpoint, &json!({"Records": []}), 0).await, done());
}
