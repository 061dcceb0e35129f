//! Side by side, ten at most; in a FIFO queue one message of a group after the other.

use std::time::Duration;

use serde_json::json;
use tests::fixture;

use super::bench::{Bench, HANDLER, labels, many, records, reporting};
use super::work::Step;

/// The longest that a first failure waits.
const FIRST_WAIT: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_panic_is_one_records_failure_the_others_finish_and_the_next_invocation_is_answered() {
    let bench = Bench::standard().await;
    let event = bench.delivered(&fixture("sqs/standard.json")).await;
    let worker = bench.worker(|label| if label == "a1" { Step::Panic } else { Step::Finish });

    let answer = bench.invoke(&worker, &event).await;

    assert_eq!(answer, reporting(&event, &["a1"]));
    assert_eq!(bench.log.finished(), ["b1", "c1"]);
    let record = bench.remembered(&records(&event)[0]).await.unwrap();
    assert!(record.reason.unwrap().contains("the handler panicked: a1 is cursed"));

    bench.advance(FIRST_WAIT);
    let again = bench.received(&event).await;
    assert_eq!(labels(&again), ["a1"]);
    assert_eq!(bench.invoke(&worker, &again).await, reporting(&again, &["a1"]));
}

#[tokio::test]
async fn ten_records_run_at_once_and_no_more() {
    let bench = Bench::standard().await;
    let event = many(&fixture("sqs/standard.json"), 35);

    let answer = bench.invoke(&bench.worker(|_| Step::GiveWay), &event).await;

    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(bench.log.finished().len(), 35);
    assert_eq!(bench.log.peak(), 10);
}

#[tokio::test]
async fn ten_groups_run_at_once_and_no_more() {
    let bench = Bench::fifo().await;
    let event = many(&fixture("sqs/fifo.json"), 35);

    bench.invoke(&bench.worker(|_| Step::GiveWay), &event).await;

    assert_eq!(bench.log.finished().len(), 35);
    assert_eq!(bench.log.peak(), 10);
}

#[tokio::test]
async fn a_queue_is_fifo_by_its_arn_alone() {
    let mut event = fixture("sqs/standard.json");
    let groups: Vec<_> =
        records(&event).iter().map(|record| &record["attributes"]["MessageGroupId"]).collect();
    assert_eq!(groups, ["demo"; 3], "all of the fixture is of one group");

    let bench = Bench::standard().await;
    bench.invoke(&bench.worker(|_| Step::GiveWay), &event).await;
    assert_eq!(bench.log.peak(), 3, "a group of a standard queue means fairness, not order");

    for record in event["Records"].as_array_mut().unwrap() {
        record["eventSourceARN"] =
            json!(format!("arn:aws:sqs:us-east-1:000000000000:{HANDLER}.fifo"));
    }
    let bench = Bench::fifo().await;
    bench.invoke(&bench.worker(|_| Step::GiveWay), &event).await;
    assert_eq!(bench.log.peak(), 1);
}

#[tokio::test]
async fn a_group_runs_in_its_order_and_groups_run_side_by_side() {
    let bench = Bench::fifo().await;
    let event = bench.delivered(&fixture("sqs/fifo.json")).await;

    let answer = bench.invoke(&bench.worker(|_| Step::GiveWay), &event).await;

    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(bench.log.peak(), 2);
    let (a, b): (Vec<_>, Vec<_>) =
        bench.log.finished().into_iter().partition(|label| label.starts_with('a'));
    assert_eq!((a.join(" "), b.join(" ")), ("a1 a2 a3".to_owned(), "b1 b2".to_owned()));
}

#[tokio::test]
async fn a_failure_stops_its_own_group_only() {
    let bench = Bench::fifo().await;
    let event = bench.delivered(&fixture("sqs/fifo.json")).await;
    let worker = bench.worker(|label| if label == "a2" { Step::Busy } else { Step::Finish });

    let answer = bench.invoke(&worker, &event).await;

    assert_eq!(answer, reporting(&event, &["a2", "a3"]));
    assert_eq!(bench.log.finished(), ["a1", "b1", "b2"]);
    assert_eq!(bench.log.started().iter().filter(|label| *label == "a3").count(), 0);
    assert!(bench.remembered(&records(&event)[4]).await.is_none(), "a3 was not tried");
}

#[tokio::test]
async fn those_behind_a_failure_come_back_with_it_and_not_at_the_queues_own_time() {
    let bench = Bench::fifo().await;
    let event = bench.delivered(&fixture("sqs/fifo.json")).await;
    let worker = bench.worker(|label| if label == "a1" { Step::Busy } else { Step::Finish });
    bench.invoke(&worker, &event).await;

    // As SQS gives out nothing of a group while one of its messages is hidden, a successor could hold up its head.
    bench.advance(FIRST_WAIT);
    let again = bench.received(&event).await;

    assert_eq!(labels(&again), ["a1", "a2", "a3"]);
    assert_eq!(bench.invoke(&bench.worker(|_| Step::Finish), &again).await, reporting(&again, &[]));
    assert_eq!(bench.log.finished(), ["b1", "b2", "a1", "a2", "a3"]);
}

#[tokio::test]
async fn a_group_waits_for_what_another_worker_is_at() {
    let bench = Bench::fifo().await;
    let event = bench.delivered(&fixture("sqs/fifo.json")).await;
    let lease = Duration::from_secs(40);
    bench.leased_elsewhere(&records(&event)[0], lease).await;

    let answer = bench.invoke(&bench.worker(|_| Step::Finish), &event).await;

    assert_eq!(answer, reporting(&event, &["a1", "a2", "a3"]));
    assert_eq!(bench.log.finished(), ["b1", "b2"]);
    bench.advance(lease);
    assert_eq!(labels(&bench.received(&event).await), ["a1", "a2", "a3"]);
}

#[tokio::test]
async fn what_is_parked_skipped_or_a_duplicate_does_not_stop_its_group() {
    let bench = Bench::fifo().await;
    let event = fixture("sqs/fifo.json");
    let mut duplicate = event.clone();
    duplicate["Records"].as_array_mut().unwrap().truncate(1);
    bench.invoke(&bench.worker(|_| Step::Finish), &duplicate).await;

    let worker = bench.worker(|label| match label {
        "a2" => Step::Never,
        "b1" => Step::Skip,
        _ => Step::Finish,
    });
    let answer = bench.invoke(&worker, &event).await;

    assert_eq!(answer, json!({"batchItemFailures": []}));
    // a1 was done before, a2 is parked, b1 skipped.
    let mut started = bench.log.started();
    started.sort();
    assert_eq!(started, ["a1", "a2", "a3", "b1", "b2"]);
    assert_eq!(bench.letters().len(), 1);
}

#[tokio::test]
async fn interleaved_invocations_of_one_process_do_not_mix() {
    let bench = Bench::standard().await;
    let all = fixture("sqs/standard.json");
    let [first, second, _] = records(&all).as_slice() else { panic!("three records") };
    let (left, right) = (json!({"Records": [first]}), json!({"Records": [second]}));
    let worker = bench.worker(|label| if label == "b1" { Step::FailLater } else { Step::GiveWay });

    let (of_left, of_right) =
        tokio::join!(bench.invoke(&worker, &left), bench.invoke(&worker, &right));

    assert_eq!(bench.log.peak(), 2);
    assert_eq!(of_left, reporting(&left, &[]));
    assert_eq!(of_right, reporting(&right, &["b1"]));
}
