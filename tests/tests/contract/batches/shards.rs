//! A worker behind a stream of Kinesis or a topic of Kafka: each shard in its order, up to its first failure.

use std::time::Duration;

use postroom::Worker;
use postroom::port::FailureClass;
use postroom_aws::{BatchError, handle_shards};
use serde_json::{Value, json};
use tests::fixture;

use super::bench::{Bench, HANDLER};
use super::work::Step;

const NONE: u64 = 0;

async fn answer(worker: &Worker, event: &Value, deadline_ms: u64) -> Value {
    let answer = handle_shards(worker, event.clone(), deadline_ms).await.unwrap();
    serde_json::to_value(&answer).unwrap()
}

fn sequence_number(event: &Value, index: usize) -> &Value {
    &event["Records"][index]["kinesis"]["sequenceNumber"]
}

/// What Lambda brings after that answer: the rest of the shard, from the record that was named.
fn from(event: &Value, index: usize) -> Value {
    json!({"Records": event["Records"].as_array().unwrap()[index..]})
}

fn going_on_at(places: &[Value]) -> Value {
    let items: Vec<_> = places.iter().map(|place| json!({"itemIdentifier": place})).collect();
    json!({"batchItemFailures": items})
}

#[tokio::test]
async fn a_shard_goes_on_at_its_first_failure_and_nothing_behind_it_is_begun() {
    let bench = Bench::standard().await;
    let event = fixture("kinesis/orders.json");

    let fails = bench.worker(|label| if label == "b1" { Step::Busy } else { Step::GiveWay });
    let stopped = answer(&fails, &event, NONE).await;

    assert_eq!(stopped, going_on_at(&[sequence_number(&event, 1).clone()]));
    assert_eq!(bench.log.started(), ["a1", "b1"]);
    let done = answer(&bench.worker(|_| Step::GiveWay), &from(&event, 1), NONE).await;
    assert_eq!(done, going_on_at(&[]));
    assert_eq!(bench.log.finished(), ["a1", "b1", "a2", "b2", "a3"]);
    assert_eq!(bench.log.peak(), 1);
}

#[tokio::test]
async fn a_partition_goes_on_by_itself() {
    let bench = Bench::standard().await;
    let mut event = fixture("kafka/orders.json");
    let worker = bench.worker(|label| if label == "a2" { Step::FailLater } else { Step::GiveWay });

    let stopped = answer(&worker, &event, NONE).await;

    assert_eq!(stopped, going_on_at(&[json!({"partition": "orders-0", "offset": 16})]));
    assert_eq!(bench.log.started().iter().filter(|label| *label == "a3").count(), 0);
    assert_eq!(bench.log.peak(), 2, "partitions run side by side");
    // Of one's own cluster the event is the same but for its source.
    event["eventSource"] = json!("SelfManagedKafka");
    event.as_object_mut().unwrap().remove("eventSourceArn");
    let both = answer(&bench.worker(|_| Step::Busy), &event, NONE).await;
    assert_eq!(both, going_on_at(&[json!({"partition": "orders-0", "offset": 16})]));
    let mut finished = bench.log.finished();
    finished.sort();
    assert_eq!(finished, ["a1", "b1", "b2"]);
}

#[tokio::test]
async fn each_partition_that_fails_is_named_with_its_first_record() {
    let bench = Bench::standard().await;
    let event = fixture("kafka/orders.json");

    let stopped = answer(&bench.worker(|_| Step::Busy), &event, NONE).await;

    let places = [("orders-0", 15), ("orders-1", 7)];
    let places = places.map(|(name, offset)| json!({"partition": name, "offset": offset}));
    assert_eq!(stopped, going_on_at(&places));
    assert_eq!(bench.log.started(), ["a1", "b1"]);
}

#[tokio::test]
async fn what_was_done_is_not_done_again_when_its_shard_is_repeated() {
    let bench = Bench::standard().await;
    let event = fixture("kinesis/orders.json");
    let worker = bench.worker(|_| Step::Finish);

    for _ in 0..2 {
        assert_eq!(answer(&worker, &event, NONE).await, going_on_at(&[]));
    }

    assert_eq!(bench.log.started(), ["a1", "b1", "a2", "b2", "a3"]);
}

#[tokio::test]
async fn a_poison_record_is_parked_after_its_attempts_and_its_shard_goes_on() {
    let bench = Bench::standard().await;
    let event = fixture("kinesis/orders.json");
    let worker = bench.worker(|label| if label == "b1" { Step::Busy } else { Step::Finish });

    for failed in 1..=4 {
        let before = bench.now();
        let rest = if failed == 1 { event.clone() } else { from(&event, 1) };
        let stopped = answer(&worker, &rest, NONE).await;
        assert_eq!(stopped, going_on_at(&[sequence_number(&event, 1).clone()]), "{failed}");
        let waited = bench.now().duration_since(before);
        assert!(waited.is_positive(), "a stream would bring it back at once");
        assert!(waited <= jiff::SignedDuration::from_secs(20), "its shard waits with it: {waited}");
    }

    assert_eq!(answer(&worker, &from(&event, 1), NONE).await, going_on_at(&[]));
    let [(_, letter)] = bench.letters().into_iter().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((letter.class, letter.attempts), (FailureClass::Exhausted, 5));
    assert_eq!(bench.log.finished(), ["a1", "a2", "b2", "a3"]);
}

#[tokio::test]
async fn a_failure_that_does_not_pass_is_parked_at_once() {
    let bench = Bench::standard().await;
    let worker = bench.worker(|label| if label == "a1" { Step::Never } else { Step::Finish });

    let done = answer(&worker, &fixture("kafka/orders.json"), NONE).await;

    assert_eq!(done, going_on_at(&[]));
    assert_eq!(bench.letters().len(), 1);
    assert_eq!(bench.log.finished().len(), 4);
}

#[tokio::test]
async fn a_shard_that_waits_answers_in_time() {
    let bench = Bench::standard().await;
    let worker = bench.worker(|_| Step::Throttled(Duration::from_mins(5)));
    let ends = bench.now() + Duration::from_secs(6);

    let deadline = bench.deadline_in(Duration::from_secs(6));
    answer(&worker, &fixture("kinesis/orders.json"), deadline).await;

    assert_eq!(ends.duration_since(bench.now()), jiff::SignedDuration::from_secs(1));
}

#[tokio::test]
async fn what_there_is_no_time_for_is_where_its_shard_goes_on() {
    let bench = Bench::standard().await;
    let event = fixture("kinesis/orders.json");

    let deadline = bench.deadline_in(Duration::from_millis(900));
    let stopped = answer(&bench.worker(|_| Step::Finish), &event, deadline).await;

    assert_eq!(stopped, going_on_at(&[sequence_number(&event, 0).clone()]));
    assert!(bench.log.started().is_empty());
}

#[tokio::test]
async fn data_that_is_no_message_is_parked_as_it_came_and_known_by_its_place() {
    let bench = Bench::standard().await;
    let mut event = fixture("kafka/orders.json");
    let values = [json!("no base64!"), json!("/////w=="), json!("SGVsbG8gV29ybGQ=")];
    for (record, value) in
        event["records"]["orders-0"].as_array_mut().unwrap().iter_mut().zip(values)
    {
        record["value"] = value;
    }
    // What Kafka calls a tombstone.
    event["records"]["orders-1"][0]["value"] = Value::Null;

    let done = answer(&bench.worker(|_| Step::Finish), &event, NONE).await;

    assert_eq!(done, going_on_at(&[]));
    assert_eq!(bench.log.finished(), ["b2"]);
    let letters = bench.letters();
    let letter = |place: &str| {
        let id = format!("{HANDLER}#{place}");
        let letter = letters.get(&id).unwrap_or_else(|| panic!("{id} of {:?}", letters.keys()));
        (letter.body.as_str(), letter.causes.join(": "))
    };
    for (place, body, reason) in [
        ("orders-0:15", "no base64!", "no base64"),
        ("orders-0:16", "/////w==", "no UTF-8"),
        ("orders-0:17", "Hello World", "expected"),
        ("orders-1:7", "", "EOF"),
    ] {
        let (kept, said) = letter(place);
        assert_eq!(kept, body, "{place}");
        assert!(said.contains(reason), "{place}: {said}");
    }
}

#[tokio::test]
async fn what_was_parked_comes_back_through_the_workers_queue() {
    let bench = Bench::standard().await;
    let event = bench.delivered(&fixture("sqs/standard.json")).await;
    let worker = bench.worker(|label| if label == "b1" { Step::Busy } else { Step::Finish });

    let again = answer(&worker, &event, NONE).await;

    let b1 = event["Records"].as_array().unwrap().iter();
    let b1 =
        b1.filter(|record| super::bench::label(record) == "b1").map(|it| it["messageId"].clone());
    assert_eq!(again, going_on_at(&b1.collect::<Vec<_>>()));
}

#[tokio::test]
async fn an_event_with_a_record_that_could_not_be_reported_is_refused_as_a_whole() {
    let bench = Bench::standard().await;
    let worker = bench.worker(|_| Step::Finish);
    let mut kinesis = fixture("kinesis/orders.json");
    kinesis["Records"][2]["kinesis"]["sequenceNumber"] = json!("");
    let mut kafka = fixture("kafka/orders.json");
    kafka["records"]["orders-1"][1].as_object_mut().unwrap().remove("offset");

    let refused = |event: Value| {
        let worker = &worker;
        async move { handle_shards(worker, event, NONE).await.unwrap_err() }
    };

    assert_eq!(refused(kinesis).await, BatchError::NoSequenceNumber { index: 2 });
    let partition = "orders-1".to_owned();
    assert_eq!(refused(kafka).await, BatchError::NoOffset { partition, index: 1 });
    for event in [json!({}), json!({"records": 1}), json!({"Records": [], "records": {}})] {
        let error = refused(event).await;
        assert!(matches!(error, BatchError::NoStream { .. }), "{error}");
    }
    assert!(bench.log.started().is_empty());
}
