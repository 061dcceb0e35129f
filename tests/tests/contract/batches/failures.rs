//! A passing failure comes back at its own time; one that does not pass is a dead letter before it is acknowledged.

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postroom::BoxFuture;
use postroom::memory::MemoryStore;
use postroom::port::{DeadLetter, DeadLetters, FailureClass, Inbox, RunKey, RunStatus, StoreError};
use serde_json::{Value, json};
use tests::fixture;

use super::bench::{Bench, HANDLER, key, labels, many, records, reporting};
use super::work::Step;

const SECOND: Duration = Duration::from_secs(1);

fn only_the_first(event: &Value) -> Value {
    json!({"Records": [event["Records"][0]]})
}

#[tokio::test]
async fn a_passing_failure_waits_by_its_recorded_attempts_and_not_by_its_receives() {
    let bench = Bench::standard().await;
    let worker = bench.worker(|_| Step::Busy);
    let mut event = bench.delivered(&many(&fixture("sqs/standard.json"), 30)).await;
    for longest in [2, 10, 50, 250] {
        for record in event["Records"].as_array_mut().unwrap() {
            record["attributes"]["ApproximateReceiveCount"] = json!("99");
        }

        let answer = bench.invoke(&worker, &event).await;

        assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 30);
        let mut back = Vec::new();
        for second in 1..=longest {
            bench.advance(SECOND);
            let some = bench.received(&event).await;
            back.extend(records(&some).iter().map(|record| (second, record.clone())));
        }
        assert_eq!(back.len(), 30, "all are back after {longest} s");
        // Whole seconds: of waits up to two there is no shorter one than the longest.
        let first = back.iter().map(|(second, _)| *second).min().unwrap();
        assert!(first * 2 <= longest, "of 30 some wait little: {first} s of {longest}");
        let last = back.iter().map(|(second, _)| *second).max().unwrap();
        assert!(last * 2 > longest, "of 30 some wait long: {last} s of {longest}");
        event = json!({"Records": back.into_iter().map(|(_, record)| record).collect::<Vec<_>>()});
    }

    assert_eq!(bench.invoke(&worker, &event).await, json!({"batchItemFailures": []}));
    assert_eq!(bench.letters().len(), 30, "the fifth failure is the last");
}

#[tokio::test]
async fn waits_are_named_ten_messages_a_call() {
    for (messages, calls) in [(1, 1), (10, 1), (11, 2), (25, 3)] {
        let bench = Bench::standard().await;
        let event = bench.delivered(&many(&fixture("sqs/standard.json"), messages)).await;

        bench.invoke(&bench.worker(|_| Step::Busy), &event).await;

        assert_eq!(bench.changes_of_visibility().await, calls, "{messages} messages");
    }
}

#[tokio::test]
async fn what_is_acknowledged_needs_no_call() {
    let bench = Bench::standard().await;
    let event = bench.delivered(&fixture("sqs/standard.json")).await;

    bench.invoke(&bench.worker(|_| Step::Finish), &event).await;

    assert_eq!(bench.changes_of_visibility().await, 0);
}

#[tokio::test]
async fn a_wait_that_the_other_side_named_is_honoured() {
    let named = Duration::from_secs(40);
    let bench = Bench::standard().await;
    let event = bench.delivered(&only_the_first(&fixture("sqs/standard.json"))).await;

    bench.invoke(&bench.worker(move |_| Step::Throttled(named)), &event).await;

    bench.advance(39 * SECOND);
    assert_eq!(records(&bench.received(&event).await).len(), 0);
    bench.advance(SECOND);
    assert_eq!(labels(&bench.received(&event).await), ["a1"]);
}

#[tokio::test]
async fn a_wait_of_days_is_cut_to_what_sqs_takes() {
    let bench = Bench::standard().await;
    let event = bench.delivered(&only_the_first(&fixture("sqs/standard.json"))).await;
    let worker = bench.worker(|_| Step::Throttled(Duration::from_hours(100)));

    bench.invoke(&worker, &event).await;

    // SQS hides a message for 12 h at most, from its receipt; the cut leaves an hour for the batch before it.
    bench.advance(Duration::from_secs(11 * 3600 - 1));
    assert_eq!(records(&bench.received(&event).await).len(), 0);
    bench.advance(SECOND);
    assert_eq!(labels(&bench.received(&event).await), ["a1"]);
}

#[tokio::test]
async fn a_wait_that_cannot_be_named_changes_nothing_in_the_answer() {
    let bench = Bench::standard().await;
    let event = bench.delivered(&fixture("sqs/standard.json")).await;
    let worker = bench.worker(|label| if label == "b1" { Step::Finish } else { Step::Busy });
    bench.endpoint.fault("sqs.ChangeMessageVisibilityBatch", 100, json!({"status": 503})).await;

    assert_eq!(bench.invoke(&worker, &event).await, reporting(&event, &["a1", "c1"]));
}

#[tokio::test]
async fn one_wait_that_cannot_be_named_leaves_the_others_theirs() {
    let bench = Bench::standard().await;
    let mut event = bench.delivered(&fixture("sqs/standard.json")).await;
    event["Records"][0]["receiptHandle"] = json!("void");
    event["Records"][1].as_object_mut().unwrap().remove("receiptHandle");

    let answer = bench.invoke(&bench.worker(|_| Step::Busy), &event).await;

    assert_eq!(answer, reporting(&event, &["a1", "b1", "c1"]));
    bench.advance(2 * SECOND);
    assert_eq!(labels(&bench.received(&event).await), ["c1"]);
}

/// Dead letters that look, when one is about to be written, how its run stands.
struct Watching {
    memory: MemoryStore,
    seen: Arc<Mutex<Vec<RunStatus>>>,
    clock: jiff::Timestamp,
    run: RunKey,
}

impl DeadLetters for Watching {
    fn prepare<'a>(&'a self, _: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let found = Inbox::find(&self.memory, &self.run, self.clock).await?;
            self.seen.lock().unwrap().extend(found.map(|record| record.status));
            Ok(())
        })
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.memory.park(letter)
    }

    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        DeadLetters::find(&self.memory, id)
    }
}

#[tokio::test]
async fn a_permanent_failure_is_a_dead_letter_and_remembered_at_once_then_acknowledged() {
    let bench = Bench::standard().await;
    let event = bench.delivered(&only_the_first(&fixture("sqs/standard.json"))).await;
    let seen = Arc::<Mutex<Vec<_>>>::default();
    let watching = Watching {
        memory: bench.memory.clone(),
        seen: seen.clone(),
        clock: bench.now(),
        run: key(&records(&event)[0]),
    };
    let worker = bench.worker_with(|_| Step::Never, Arc::new(watching));

    let answer = bench.invoke(&worker, &event).await;

    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(*seen.lock().unwrap(), [RunStatus::Running], "a duplicate could have taken it");
    let record = bench.remembered(&records(&event)[0]).await.unwrap();
    assert_eq!(record.status, RunStatus::Parked);
    let (id, letter) = bench.letters().pop_first().unwrap();
    assert_eq!(id, record.run.key.as_str());
    assert_eq!((letter.class, letter.attempts), (FailureClass::Permanent, 1));
    assert!(letter.reason().ends_with("a1 can never be done"));
}

#[tokio::test]
async fn exhausted_attempts_are_a_dead_letter_then_acknowledged() {
    let bench = Bench::standard().await;
    let event = only_the_first(&fixture("sqs/standard.json"));
    let seen = Arc::<Mutex<Vec<_>>>::default();
    let watching = Watching {
        memory: bench.memory.clone(),
        seen: seen.clone(),
        clock: bench.now(),
        run: key(&records(&event)[0]),
    };
    let worker = bench.worker_with(|_| Step::Busy, Arc::new(watching));
    for _ in 0..4 {
        assert_eq!(bench.invoke(&worker, &event).await, reporting(&event, &["a1"]));
        assert!(bench.letters().is_empty());
    }

    let answer = bench.invoke(&worker, &event).await;

    assert_eq!(answer, json!({"batchItemFailures": []}));
    let (id, letter) = bench.letters().pop_first().unwrap();
    assert_eq!(id, key(&records(&event)[0]).as_str());
    assert_eq!((letter.class, letter.attempts), (FailureClass::Exhausted, 5));
    assert_eq!(*seen.lock().unwrap(), [RunStatus::Running], "a duplicate could have taken it");
    let record = bench.remembered(&records(&event)[0]).await.unwrap();
    assert_eq!((record.status, record.attempts), (RunStatus::Parked, 5));
}

/// Dead letters that are out of reach.
struct OutOfReach;

impl DeadLetters for OutOfReach {
    fn prepare<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { self.park(letter).await.map(drop) })
    }

    fn park<'a>(&'a self, _: &'a DeadLetter) -> BoxFuture<'a, Result<bool, StoreError>> {
        let error = StoreError::Unavailable { operation: "park", source: "out of reach".into() };
        Box::pin(ready(Err(error)))
    }

    fn find<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        Box::pin(ready(Ok(None)))
    }
}

#[tokio::test]
async fn what_cannot_be_parked_is_reported_and_stops_its_group() {
    let bench = Bench::fifo().await;
    let mut event = fixture("sqs/fifo.json");
    event["Records"][1]["body"] = json!("no envelope");
    let script = |label: &str| if label == "a1" { Step::Never } else { Step::Finish };
    let worker = bench.worker_with(script, Arc::new(OutOfReach));

    let answer = bench.invoke(&worker, &event).await;

    let mut ids: Vec<_> = records(&event).iter().map(|record| &record["messageId"]).collect();
    ids.sort_by_key(|id| id.as_str());
    let items: Vec<_> = ids.into_iter().map(|id| json!({"itemIdentifier": id})).collect();
    assert_eq!(answer, json!({"batchItemFailures": items}));
    assert_eq!(bench.log.started(), ["a1"], "{HANDLER} went on behind what was not parked");
}
