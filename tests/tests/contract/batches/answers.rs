//! What Lambda is told: only ids of the batch, each once, or that this was no batch.

use std::sync::Arc;

use postroom::doc_example::{OrderPlaced, Settings, reactions};
use postroom::{Message, MissingHandlers, Runtime, Worker};
use postroom_aws::{BatchError, handle_batch, run_worker};
use serde_json::json;
use tests::fixture;

use super::bench::{Bench, HANDLER, reporting};
use super::work::Step;

#[tokio::test]
async fn only_ids_of_the_batch_are_reported_and_each_once() {
    let bench = Bench::standard().await;
    let mut event = fixture("sqs/standard.json");
    let first = event["Records"][0].clone();
    // SQS delivers at least once: one message may be in a batch twice, receipts apart.
    event["Records"].as_array_mut().unwrap().push(first);
    let worker = bench.worker(|label| if label == "b1" { Step::Finish } else { Step::Busy });

    let answer = bench.invoke(&worker, &event).await;

    event["Records"].as_array_mut().unwrap().pop();
    assert_eq!(answer, reporting(&event, &["a1", "c1"]));
}

#[tokio::test]
async fn a_record_without_an_id_fails_the_invocation_before_anything_runs() {
    let with_empty = fixture("sqs/without-id.json");
    let mut with_none = with_empty.clone();
    with_none["Records"][1].as_object_mut().unwrap().remove("messageId");
    let mut with_null = with_empty.clone();
    with_null["Records"][1]["messageId"] = json!(null);
    for event in [with_empty, with_none, with_null] {
        let bench = Bench::standard().await;
        let worker = bench.worker(|_| Step::Finish);

        let batch = serde_json::from_value(event).unwrap();
        let refused = handle_batch(&worker, bench.visibility(), batch, 0).await;

        // Nothing could be reported of it; and reporting an empty id would return the whole batch.
        assert_eq!(refused.unwrap_err(), BatchError::NoMessageId { index: 1 });
        assert!(bench.log.started().is_empty());
    }
}

#[tokio::test]
async fn a_worker_that_lacks_a_handler_does_not_start() {
    let bench = Bench::standard().await;
    let table = reactions(&Settings { most_open_orders: 20 });
    let runtime = Runtime::new(bench.runtime.ports().clone(), table);
    let worker = Worker::new(HANDLER, runtime, Arc::new(bench.memory.clone()));

    let refused = run_worker(worker, bench.visibility().clone()).await.unwrap_err();

    let missing = MissingHandlers { queue: HANDLER, types: vec![OrderPlaced::TYPE] };
    assert_eq!(refused.downcast_ref(), Some(&missing));
    assert!(refused.to_string().contains("order.placed"), "{refused}");
}
