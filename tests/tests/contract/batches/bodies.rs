//! Bodies are decoded one by one: what cannot be read is that record's own failure, parked with its reason.

use serde_json::{Value, json};
use tests::fixture;

use super::bench::{Bench, HANDLER, records, reporting};
use super::work::Step;

const NONE: &[&str] = &[];

/// The unreadable records of the fixture in their order, the good one left out, each with its reason.
const REASONS: [&str; 10] = [
    "not an envelope at `.`: expected ident at line 1",
    "not an envelope at `.`: invalid type: null",
    "not an envelope at `.`: EOF while parsing a value",
    "not an envelope at `subject`: EOF while parsing a string",
    "not an envelope at `.`: missing field `tenantid`",
    "not an envelope at `time`: ",
    "`specversion` is `2.0`, not `1.0`",
    "`type` is `order.unheard_of`, which has no handler here",
    "`dataversion` 2 of order.placed is newer than 1, the newest this code knows",
    "`data` of order.placed is malformed at `order`: invalid type: integer `7`, expected a string",
];

#[tokio::test]
async fn a_body_that_is_no_message_is_parked_with_its_reason_and_path_and_harms_no_neighbour() {
    for bench in [Bench::standard().await, Bench::fifo().await] {
        let worker = bench.worker(|_| Step::Finish);
        let event = fixture("sqs/unreadable.json");

        let answer = bench.invoke(&worker, &event).await;

        assert_eq!(answer, reporting(&json!({"Records": []}), NONE));
        assert_eq!(bench.log.finished(), ["a1"]);
        let letters: Vec<_> = bench.letters().into_values().collect();
        let mut unread = records(&event).clone();
        unread.remove(4);
        for (record, reason) in unread.iter().zip(REASONS) {
            let letter = letters.iter().find(|letter| record["body"] == letter.body.as_str());
            let letter = letter.unwrap_or_else(|| panic!("{record:#} was not parked"));
            assert!(letter.reason().contains(reason), "{reason}: {:?}", letter.causes);
        }
        assert_eq!(letters.len(), REASONS.len());
    }
}

#[tokio::test]
async fn the_letter_of_what_tells_no_event_is_named_after_queue_and_message() {
    let bench = Bench::standard().await;
    let mut event = fixture("sqs/unreadable.json");
    event["Records"].as_array_mut().unwrap().truncate(1);

    bench.invoke(&bench.worker(|_| Step::Finish), &event).await;

    let message_id = event["Records"][0]["messageId"].as_str().unwrap();
    assert!(bench.letters().contains_key(&format!("{HANDLER}#{message_id}")));
}

#[tokio::test]
async fn a_huge_body_is_parked_whole() {
    let bench = Bench::standard().await;
    let mut event = fixture("sqs/standard.json");
    let huge = format!("\"{}\"", "x".repeat((1 << 20) - 2));
    event["Records"][1]["body"] = Value::from(huge.clone());

    let answer = bench.invoke(&bench.worker(|_| Step::Finish), &event).await;

    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(bench.log.finished(), ["a1", "c1"]);
    let [letter] = bench.memory.dead_letters().try_into().unwrap();
    assert!(letter.body == huge, "the body of {} bytes is another", letter.body.len());
    assert!(letter.reason().len() < 5_000);
}

/// Queues that are subscribed to a topic get its notifications; how, may change while some are on their way.
#[tokio::test]
async fn a_message_is_the_same_whether_its_topic_wrapped_it_or_not() {
    let bench = Bench::standard().await;
    let mut event = fixture("sqs/standard.json");
    let raw = records(&event)[0].clone();
    let mut notification = fixture("sns/notification.json");
    assert_eq!(notification["Message"], raw["body"]);
    let mut wrapped = raw.clone();
    wrapped["messageId"] = json!("wrapped");
    wrapped["body"] = json!(notification.to_string());
    notification["Message"] = json!("nobody's");
    let mut foreign = raw.clone();
    foreign["messageId"] = json!("foreign");
    foreign["body"] = json!(notification.to_string());
    event["Records"] = json!([wrapped, foreign, raw]);
    let event = bench.delivered(&event).await;

    let answer = bench.invoke(&bench.worker(|_| Step::Finish), &event).await;

    assert_eq!(answer, reporting(&json!({"Records": []}), NONE));
    assert_eq!(bench.log.finished(), ["a1"]);
    let [letter] = bench.letters().into_values().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(letter.body, notification.to_string());
    assert!(letter.reason().contains(":local-events: not an envelope"), "{}", letter.reason());
}

#[tokio::test]
async fn a_batch_without_records_has_no_failures() {
    let bench = Bench::standard().await;

    let answer = bench.invoke(&bench.worker(|_| Step::Finish), &json!({"Records": []})).await;

    assert_eq!(answer, json!({"batchItemFailures": []}));
}
