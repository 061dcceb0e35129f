//! A message that comes again: done, under way, in the same batch, or failed for good before.

use std::time::Duration;

use postroom::port::RunStatus;
use serde_json::{Value, json};
use tests::fixture;

use super::bench::{Bench, labels, records, reporting};
use super::work::Step;

/// The first record of the fixture, delivered again: SQS gives it another receipt.
fn again(event: &Value) -> Value {
    let mut event = json!({"Records": [event["Records"][0]]});
    event["Records"][0]["receiptHandle"] = json!("AQEBanother");
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!("2");
    event
}

#[tokio::test]
async fn what_was_done_is_acknowledged_without_running() {
    let bench = Bench::standard().await;
    let event = fixture("sqs/standard.json");
    bench.invoke(&bench.worker(|_| Step::Finish), &event).await;

    let answer = bench.invoke(&bench.worker(|_| Step::Never), &again(&event)).await;

    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(bench.log.started(), ["a1", "b1", "c1"]);
    assert!(bench.letters().is_empty());
}

#[tokio::test]
async fn what_another_worker_is_at_comes_back_when_its_lease_ends_and_is_no_failure() {
    let lease = Duration::from_secs(40);
    let bench = Bench::standard().await;
    let event = bench.delivered(&again(&fixture("sqs/standard.json"))).await;
    let record = &records(&event)[0];
    bench.leased_elsewhere(record, lease).await;
    bench.advance(Duration::from_secs(15));

    let answer = bench.invoke(&bench.worker(|_| Step::Finish), &event).await;

    assert_eq!(answer, reporting(&event, &["a1"]));
    assert!(bench.log.started().is_empty());
    let remembered = bench.remembered(record).await.unwrap();
    assert_eq!((remembered.status, remembered.attempts), (RunStatus::Running, 0));
    bench.advance(Duration::from_secs(24));
    assert_eq!(records(&bench.received(&event).await).len(), 0);
    bench.advance(Duration::from_secs(1));
    assert_eq!(labels(&bench.received(&event).await), ["a1"]);
}

#[tokio::test]
async fn a_message_that_is_in_a_batch_twice_runs_once_and_what_becomes_of_it_becomes_of_both() {
    for (step, failed) in [(Step::Finish, 0), (Step::Busy, 2)] {
        let bench = Bench::standard().await;
        let mut event = fixture("sqs/standard.json");
        let mut twin = event["Records"][0].clone();
        // Sent twice: another message with the same event.
        twin["messageId"] = json!("0c9b0000-0000-4000-8000-000000000001");
        event["Records"].as_array_mut().unwrap().push(twin);
        let worker = bench.worker(move |label| if label == "a1" { step } else { Step::Finish });

        let answer = bench.invoke(&worker, &event).await;

        assert_eq!(bench.log.started(), ["a1", "b1", "c1"]);
        assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), failed, "{answer}");
        assert!(answer["batchItemFailures"].as_array().unwrap().iter().all(|item| {
            let id = &item["itemIdentifier"];
            [0, 3].iter().any(|index: &usize| records(&event)[*index]["messageId"] == *id)
        }));
    }
}

#[tokio::test]
async fn what_failed_for_good_is_not_run_again() {
    let bench = Bench::standard().await;
    let event = again(&fixture("sqs/standard.json"));
    bench.invoke(&bench.worker(|_| Step::Never), &event).await;
    let parked = bench.letters();

    let answer = bench.invoke(&bench.worker(|_| Step::Finish), &event).await;

    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(bench.log.started(), ["a1"]);
    assert_eq!(bench.letters(), parked);
}
