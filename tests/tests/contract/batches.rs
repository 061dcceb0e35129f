//! A worker behind a queue: what Lambda is told, and what becomes of the messages.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postroom::doc_example::{ChargeCard, NoBank, OrderPlaced, PlaceOrder, Settings, reactions};
use postroom::memory::SeededIds;
use postroom::{Clock, Ids, Origin, Runtime, SystemClock, Worker};
use postroom_aws::{Visibility, handle_batch};
use serde_json::{Value, json};

use crate::endpoint::Endpoint;

const QUEUE: &str = "charge-card";

struct Bench {
    endpoint: Endpoint,
    worker: Worker,
    visibility: Visibility,
}

impl Bench {
    /// A worker whose bank never answers, and one message in its queue.
    async fn with_a_message() -> Self {
        let mut endpoint = Endpoint::with_queues(&[QUEUE]).await;
        let (aws, env) = (&endpoint.aws, &mut endpoint.env);
        let ports = aws.ports(env, &[QUEUE]);
        let visibility = aws.visibility(env, QUEUE);
        let dead_letters = Arc::new(aws.dead_letters(env));
        let runtime = Runtime::new(ports, reactions(&Settings { most_open_orders: 10 }));
        let origin = Origin {
            command_id: SeededIds::new(1).fresh().into(),
            tenant_id: "demo".parse().unwrap(),
            actor_id: None,
            correlation_id: "req-1".parse().unwrap(),
            traceparent: None,
            idempotency: None,
        };
        runtime.execute(&PlaceOrder { order: "a".to_owned() }, &origin).await.unwrap();
        let worker = Worker::new(QUEUE, runtime, dead_letters);
        let worker = worker.job::<OrderPlaced, _>(ChargeCard { bank: NoBank });
        Self { endpoint, worker, visibility }
    }

    /// The event of what waits in the queue, as Lambda sends it.
    async fn event(&self) -> Value {
        let received = self.endpoint.sqs.receive(QUEUE, 10, Duration::ZERO).await.unwrap();
        let records = received.into_iter().map(|message| {
            json!({
                "messageId": message.message_id,
                "receiptHandle": message.receipt_handle,
                "body": message.body,
                "attributes": message.attributes,
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:charge-card",
                "awsRegion": "us-east-1",
            })
        });
        json!({"Records": records.collect::<Vec<_>>()})
    }

    /// What the function answers.
    async fn answer(&self, event: &Value) -> Value {
        self.answer_by(event, None).await
    }

    async fn answer_by(&self, event: &Value, deadline: Option<Timestamp>) -> Value {
        let event = serde_json::from_value(event.clone()).unwrap();
        let answer = handle_batch(&self.worker, &self.visibility, event, deadline).await.unwrap();
        serde_json::to_value(&answer).unwrap()
    }
}

fn failed(event: &Value) -> Value {
    json!({"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]})
}

#[tokio::test]
async fn a_failed_message_is_reported_and_comes_back_at_its_own_time() {
    let bench = Bench::with_a_message().await;
    let event = bench.event().await;

    let answer = bench.answer(&event).await;

    assert_eq!(answer, failed(&event));
    assert_eq!(bench.endpoint.calls("sqs.ChangeMessageVisibilityBatch").await, 1);
    // A first failure waits for two seconds at most, where the queue's own time-out is 30.
    let again = bench.endpoint.sqs.receive(QUEUE, 10, Duration::from_secs(5)).await.unwrap();
    assert_eq!(again.len(), 1);
}

#[tokio::test]
async fn a_time_that_cannot_be_changed_changes_nothing_in_the_answer() {
    let bench = Bench::with_a_message().await;
    let mut event = bench.event().await;
    event["Records"][0]["receiptHandle"] = json!("void");

    let answer = bench.answer(&event).await;

    assert_eq!(answer, failed(&event));
}

#[tokio::test]
async fn the_answer_leaves_before_the_deadline_even_when_sqs_does_not_answer() {
    let bench = Bench::with_a_message().await;
    let event = bench.event().await;
    let slow = json!({"delay_ms": 60_000});
    bench.endpoint.fault("sqs.ChangeMessageVisibilityBatch", 10, slow).await;
    let deadline = SystemClock.now() + Duration::from_secs(2);

    let answer = bench.answer_by(&event, Some(deadline)).await;

    assert!(SystemClock.now() < deadline);
    assert_eq!(answer, failed(&event));
    assert_eq!(bench.endpoint.calls("sqs.ChangeMessageVisibilityBatch").await, 1);
}

#[tokio::test]
async fn a_body_that_is_no_message_is_parked_and_acknowledged() {
    let bench = Bench::with_a_message().await;
    let mut event = bench.event().await;
    event["Records"][0]["body"] = json!("no JSON");

    let answer = bench.answer(&event).await;

    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(bench.endpoint.calls("dynamodb.PutItem").await, 1);
}

#[tokio::test]
async fn an_empty_batch_is_answered_with_an_empty_list() {
    let bench = Bench::with_a_message().await;

    let answer = bench.answer(&json!({"Records": []})).await;

    assert_eq!(answer, json!({"batchItemFailures": []}));
}
