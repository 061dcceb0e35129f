//! Nothing starts that cannot finish, nothing runs on, and the answer leaves in time.

use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{ChargeCard, NoBank, OrderPlaced, ShopError};
use postroom::port::{DeadLetter, DeadLetters, RunStatus, StoreError};
use postroom::{
    BoxFuture, Clock, Envelope, Listener, Outcome, Reactions, Runtime, SystemClock, Tx, Worker,
};
use postroom_aws::{Visibility, handle_batch};
use serde_json::{Value, json};
use tests::fixture;

use super::bench::{Bench, labels, records, reporting};
use super::work::{Log, Step, Work, give_way};
use crate::endpoint::Endpoint;

/// What is left of an invocation when its records are cancelled.
const MARGIN: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(1);

#[tokio::test]
async fn nothing_starts_inside_the_margin() {
    for (left, started) in [(MARGIN, 0), (MARGIN + MOMENT, 3)] {
        let bench = Bench::standard().await;
        let event = fixture("sqs/standard.json");
        let worker = bench.worker(|_| Step::Finish);

        let answer = bench.invoke_until(&worker, &event, bench.deadline_in(left)).await;

        assert_eq!(bench.log.started().len(), started);
        let failed: &[&str] = if started == 0 { &["a1", "b1", "c1"] } else { &[] };
        assert_eq!(answer, reporting(&event, failed));
    }
}

#[tokio::test]
async fn what_runs_at_the_margin_is_cancelled_and_what_is_finished_is_done() {
    let bench = Bench::standard().await;
    let event = fixture("sqs/standard.json");
    let worker = bench.worker(|label| if label == "b1" { Step::Hang } else { Step::Finish });
    let deadline = bench.now() + Duration::from_secs(30);

    let answer =
        bench.invoke_until(&worker, &event, bench.deadline_in(Duration::from_secs(30))).await;

    assert_eq!(answer, reporting(&event, &["b1"]));
    assert_eq!(bench.log.finished(), ["a1", "c1"]);
    assert!(bench.now() + MARGIN <= deadline, "cancelled at {}", bench.now());
    // Unfinished is failed: it had more time than it needs.
    let unfinished = bench.remembered(&records(&event)[1]).await.unwrap();
    assert_eq!((unfinished.status, unfinished.attempts), (RunStatus::Waiting, 1));
}

#[tokio::test]
async fn a_group_ends_at_the_margin_with_what_ran_then() {
    let bench = Bench::fifo().await;
    let event = fixture("sqs/fifo.json");
    let worker = bench.worker(|label| if label == "a1" { Step::Hang } else { Step::Finish });

    let answer =
        bench.invoke_until(&worker, &event, bench.deadline_in(Duration::from_secs(30))).await;

    assert_eq!(answer, reporting(&event, &["a1", "a2", "a3"]));
    assert_eq!(bench.log.finished(), ["b1", "b2"]);
}

#[tokio::test]
async fn what_was_not_started_comes_back_at_once() {
    for (bench, messages) in
        [(Bench::standard().await, "sqs/standard.json"), (Bench::fifo().await, "sqs/fifo.json")]
    {
        let event = bench.delivered(&fixture(messages)).await;
        let worker = bench.worker(|_| Step::Finish);

        bench.invoke_until(&worker, &event, bench.deadline_in(MARGIN)).await;

        let (mut sent, mut back) = (labels(&event), labels(&bench.received(&event).await));
        sent.sort();
        back.sort();
        assert_eq!(back, sent);
    }
}

#[tokio::test]
async fn what_was_cancelled_comes_back_after_its_back_off_and_those_behind_it_too() {
    let bench = Bench::fifo().await;
    let event = bench.delivered(&fixture("sqs/fifo.json")).await;
    let worker = bench.worker(|label| if label == "a1" { Step::Hang } else { Step::Finish });

    bench.invoke_until(&worker, &event, bench.deadline_in(Duration::from_secs(30))).await;

    bench.advance(Duration::from_secs(2));
    let again = bench.received(&event).await;
    assert_eq!(labels(&again), ["a1", "a2", "a3"]);
    let answer = bench.invoke(&bench.worker(|_| Step::Finish), &again).await;
    assert_eq!(answer, reporting(&again, &[]), "nobody holds it any more");
}

#[tokio::test]
async fn what_cannot_be_read_nor_parked_in_time_comes_back_at_once_and_holds_up_nobody() {
    let bench = Bench::standard().await;
    let mut event = fixture("sqs/standard.json");
    event["Records"][1]["body"] = json!("no envelope");
    let event = bench.delivered(&event).await;
    let unreadable: Vec<&Value> =
        records(&event).iter().filter(|record| record["body"] == "no envelope").collect();
    let worker = bench.worker_with(|_| Step::Finish, Arc::new(SlowToPark));
    let deadline = bench.now() + Duration::from_secs(30);

    let answer =
        bench.invoke_until(&worker, &event, bench.deadline_in(Duration::from_secs(30))).await;

    let id = &unreadable[0]["messageId"];
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": id}]}));
    assert_eq!(bench.log.finished().len(), 2);
    assert!(bench.now() + MARGIN <= deadline, "cancelled at {}", bench.now());
    let back = bench.received(&event).await;
    assert_eq!(records(&back).iter().map(|record| &record["messageId"]).collect::<Vec<_>>(), [id]);
}

#[tokio::test]
async fn a_deadline_that_makes_no_sense_counts_as_unknown() {
    // What `cargo lambda watch` names, none at all, the end of all numbers, and one that is a day ahead.
    let far = Duration::from_hours(24) + MOMENT;
    let bench = Bench::standard().await;
    for deadline_ms in [600_000, 0, u64::MAX, bench.deadline_in(far)] {
        let bench = Bench::standard().await;
        let event = fixture("sqs/standard.json");
        let worker = bench.worker(|label| if label == "c1" { Step::Hang } else { Step::Finish });
        let before = bench.now();

        let answer = bench.invoke_until(&worker, &event, deadline_ms).await;

        assert_eq!(answer, reporting(&event, &["c1"]), "{deadline_ms}");
        assert_eq!(bench.log.finished(), ["a1", "b1"]);
        assert_eq!(bench.now(), before + Duration::from_mins(1), "a run is bounded all the same");
    }
}

/// A worker on the adapters of AWS and by the machine's clock: what hangs here is the network.
async fn on_aws(with: impl FnOnce(Worker) -> Worker) -> (Endpoint, Worker, Visibility) {
    let mut endpoint = Endpoint::with_queues(&["charge-card"]).await;
    let ports = endpoint.aws.ports(&mut endpoint.env, &["charge-card"]);
    let visibility = endpoint.aws.visibility(&mut endpoint.env, "charge-card");
    let dead_letters = Arc::new(endpoint.aws.dead_letters(&mut endpoint.env));
    let worker =
        Worker::new("charge-card", Runtime::new(ports, Reactions::default()), dead_letters);
    (endpoint, with(worker), visibility)
}

/// Invokes a worker with 2 s left.
async fn answer_within_2_s(worker: &Worker, visibility: &Visibility, event: &Value) -> Value {
    let deadline = SystemClock.now() + Duration::from_secs(2);
    let deadline_ms = u64::try_from(deadline.as_millisecond()).unwrap();
    let batch = serde_json::from_value(event.clone()).unwrap();

    let answer = handle_batch(worker, visibility, batch, deadline_ms).await.unwrap();

    assert!(SystemClock.now() < deadline);
    serde_json::to_value(&answer).unwrap()
}

#[tokio::test]
async fn the_answer_leaves_before_the_deadline_even_when_sqs_does_not_answer() {
    let (endpoint, worker, visibility) =
        on_aws(|worker| worker.job(ChargeCard { bank: NoBank })).await;
    let event = fixture("sqs/standard.json");
    let slow = json!({"delay_ms": 60_000});
    endpoint.fault("sqs.ChangeMessageVisibilityBatch", 10, slow).await;

    let answer = answer_within_2_s(&worker, &visibility, &event).await;

    assert_eq!(answer, reporting(&event, &["a1", "b1", "c1"]));
    assert_eq!(endpoint.calls("sqs.ChangeMessageVisibilityBatch").await, 1);
}

/// A listener that never ends.
struct NeverReacts;

impl Listener<OrderPlaced> for NeverReacts {
    const NAME: &'static str = "charge-card";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderPlaced>, _: &mut Tx) -> Result<Outcome, ShopError> {
        pending().await
    }
}

#[tokio::test]
async fn the_answer_leaves_before_the_deadline_even_when_what_hung_cannot_be_recorded() {
    let (endpoint, worker, visibility) = on_aws(|worker| worker.listener(NeverReacts)).await;
    let event = fixture("sqs/standard.json");
    endpoint.fault("dynamodb.UpdateItem", 10, json!({"delay_ms": 60_000})).await;

    let answer = answer_within_2_s(&worker, &visibility, &event).await;

    assert_eq!(answer, reporting(&event, &["a1", "b1", "c1"]));
    assert_eq!(endpoint.calls("dynamodb.UpdateItem").await, 3);
    assert_eq!(
        endpoint.calls("sqs.ChangeMessageVisibilityBatch").await,
        1,
        "time was left to hide"
    );
}

#[tokio::test]
async fn the_answer_leaves_before_the_deadline_even_when_a_dead_letter_cannot_be_written() {
    let log = Log::default();
    let work = Work { script: Box::new(|_| Step::Finish), log: log.clone() };
    let (endpoint, worker, visibility) = on_aws(|worker| worker.job(work)).await;
    let mut event = fixture("sqs/standard.json");
    // Too large for one item: what does not fit is put first.
    event["Records"][1]["body"] = json!("no envelope ".repeat(40_000));
    endpoint.fault("dynamodb.PutItem", 10, json!({"delay_ms": 60_000})).await;

    let answer = answer_within_2_s(&worker, &visibility, &event).await;

    let unreadable = json!({"itemIdentifier": event["Records"][1]["messageId"]});
    assert_eq!(answer, json!({"batchItemFailures": [unreadable]}));
    assert_eq!(log.finished(), ["a1", "c1"]);
    assert_eq!(endpoint.calls("dynamodb.PutItem").await, 1);
}

/// A dead-letter store that answers when every invocation is long over.
struct SlowToPark;

impl DeadLetters for SlowToPark {
    fn prepare<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { self.park(letter).await.map(drop) })
    }

    fn park<'a>(&'a self, _: &'a DeadLetter) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async {
            for _ in 0..100 {
                give_way().await;
            }
            Ok(true)
        })
    }

    fn find<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        Box::pin(ready(Ok(None)))
    }
}
