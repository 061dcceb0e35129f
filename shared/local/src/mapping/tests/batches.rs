//! What goes into a batch, and how many are in flight.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{PATIENCE, Running};
use crate::filter::Filters;
use crate::mapping::MOST_BATCHES;

/// Long enough that what the test sends at once arrives within it.
const WINDOW: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_batch_has_no_more_messages_than_its_size() {
    let mut running = Running::start("q", |mapping| mapping.batch_size = 3);

    running.send(&["1", "2", "3", "4", "5", "6", "7"]);

    let mut sizes = Vec::new();
    for _ in 0..3 {
        sizes.push(running.next_bodies().await.len());
    }
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 3, 3]);
    running.holds(0).await;
    running.outlast_visibility();
    running.quiet().await;
}

#[tokio::test]
async fn a_window_begins_with_the_first_message_and_gathers_what_comes_within_it() {
    let mut running = Running::start("q", |mapping| {
        mapping.batching_window = WINDOW;
        mapping.maximum_concurrency = Some(1);
    });
    sleep(WINDOW / 2).await;
    let began = Instant::now();

    running.send(&["first"]);
    running.quiet().await;
    running.send(&["second"]);

    assert_eq!(running.next_bodies().await, ["first", "second"]);
    assert!(began.elapsed() >= WINDOW, "{:?}", began.elapsed());
    running.send(&["late"]);
    assert_eq!(running.next_bodies().await, ["late"]);
}

#[tokio::test]
async fn a_full_batch_does_not_wait_for_its_window() {
    let mut running = Running::start("q", |mapping| {
        (mapping.batch_size, mapping.batching_window) = (25, Duration::from_mins(1));
        mapping.maximum_concurrency = Some(1);
    });
    let bodies: Vec<String> = (0..25).map(|number| number.to_string()).collect();
    let began = Instant::now();

    running.send(&bodies.iter().map(String::as_str).collect::<Vec<_>>());

    assert_eq!(running.next_bodies().await, bodies);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_batch_is_no_larger_than_a_function_can_take() {
    let mut running = Running::start("q", |mapping| mapping.batching_window = WINDOW);
    let large = "x".repeat(1_000_000);

    running.send(&[large.as_str(); 8]);

    let sizes = [running.next_bodies().await.len(), running.next_bodies().await.len()];
    assert_eq!(sizes, [6, 2]);
}

#[tokio::test]
async fn no_more_batches_are_in_flight_than_maximum_concurrency_allows() {
    let cases = [(Some(2), 2), (Some(3), 3), (None, MOST_BATCHES), (Some(1_000), MOST_BATCHES)];

    for (maximum_concurrency, expected) in cases {
        let mut running = Running::start("q", |mapping| {
            (mapping.batch_size, mapping.maximum_concurrency) = (1, maximum_concurrency);
        });
        running.send(&["1", "2", "3", "4", "5", "6", "7"]);

        let mut in_flight = Vec::new();
        for _ in 0..expected {
            in_flight.push(running.next().await);
        }

        running.quiet().await;
        in_flight.pop().unwrap().succeed();
        running.next().await.succeed();
    }
}

#[tokio::test]
async fn what_no_filter_lets_pass_is_deleted_and_never_delivered() {
    let criteria = json!({ "Filters": [{ "Pattern": r#"{"body": {"kind": ["wanted"]}}"# }] });
    let mut running = Running::start("q", |mapping| {
        mapping.filters = Filters::read(&criteria).unwrap();
        mapping.maximum_concurrency = Some(1);
    });
    let wanted = r#"{"kind": "wanted"}"#;

    running.send(&[r#"{"kind": "other"}"#, wanted, "no json", wanted]);

    assert_eq!(running.next_bodies().await, [wanted, wanted]);
    running.holds(0).await;
}

#[tokio::test]
async fn what_is_filtered_out_takes_no_place_in_a_batch() {
    let criteria = json!({ "Filters": [{ "Pattern": r#"{"body": [{"prefix": "w"}]}"# }] });
    let mut running = Running::start("q", |mapping| {
        mapping.filters = Filters::read(&criteria).unwrap();
        (mapping.batch_size, mapping.batching_window) = (2, WINDOW);
        mapping.maximum_concurrency = Some(1);
    });

    running.send(&["w1", "other", "w2"]);

    assert_eq!(running.next_bodies().await, ["w1", "w2"]);
}
