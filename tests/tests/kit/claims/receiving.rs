//! What becomes of a message whose payload is elsewhere.

use std::time::Duration;

use bytes::Bytes;
use postroom::port::{ObjectError, Payloads, RunStatus};
use postroom::{Disposition, Record};
use serde_json::{Value, json};

use super::press::{LARGE, Print, Printer, Write, first_book, place_of, record, text};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;

#[tokio::test]
async fn a_handler_gets_its_message_whole_and_knows_it_by_its_own_key() {
    let printer = Printer::new();
    let sent = printer.ordered(LARGE).await;

    assert_eq!(printer.work(&sent).await, ACKNOWLEDGE);

    assert_eq!((printer.printed(), printer.calls()), (vec![LARGE], (1, 1)));
    assert_eq!(printer.status(&first_book()).await, Some(RunStatus::Done));
}

/// A message may come again, and another may have the same payload.
#[tokio::test]
async fn whoever_has_read_a_payload_leaves_it_there() {
    let printer = Printer::new();
    let sent = printer.ordered(LARGE).await;

    printer.work(&sent).await;

    let kept = printer.bucket.objects.get_payload(&place_of(&sent), 1).await;
    assert_eq!(kept.unwrap(), Bytes::from("{"));
    assert_eq!(printer.work(&sent).await, ACKNOWLEDGE);
    assert!(printer.shop.memory.dead_letters().is_empty());
}

#[tokio::test]
async fn what_a_replay_sends_is_known_for_one_wherever_its_payload_is() {
    let printer = Printer::new();
    let sent = printer.ordered(LARGE).await;
    printer.work(&sent).await;
    let mut body: Value = serde_json::from_str(&sent.body).unwrap();
    body["replayid"] = json!("019aa5c2-7b10-7c3e-8a41-5d0f6e2b9c11");
    let marked = |body: &Value| Record { body: body.to_string(), ..sent.clone() };

    let once = printer.work(&marked(&body)).await;
    printer.calls();
    body["replayagain"] = json!(true);
    let again = printer.work(&marked(&body)).await;

    assert_eq!([once, again], [ACKNOWLEDGE; 2]);
    assert_eq!((printer.printed(), printer.calls()), (vec![LARGE], (0, 0)), "refused unread");
    let [letter] = printer.shop.memory.dead_letters().try_into().unwrap();
    let kept: Value = serde_json::from_str(&letter.body).unwrap();
    assert_eq!((&kept["dataref"], &kept["replayagain"]), (&body["dataref"], &json!(true)));
    assert!(letter.reason().contains("press is not replayable"), "{}", letter.reason());
}

#[tokio::test]
async fn a_bucket_that_does_not_answer_is_nobodys_attempt() {
    let printer = Printer::new();
    let sent = printer.ordered(LARGE).await;

    printer.bucket.objects.fail(1);
    let disposition = printer.work(&sent).await;

    let Disposition::Redeliver { after: Some(after) } = disposition else {
        panic!("{disposition:?}");
    };
    assert!(after >= Duration::from_millis(500), "{after:?}");
    assert_eq!(printer.status(&first_book()).await, None);
    assert!(printer.shop.memory.dead_letters().is_empty());
    assert_eq!(printer.work(&sent).await, ACKNOWLEDGE);
    assert_eq!(printer.printed(), [LARGE]);
}

#[tokio::test]
async fn a_batch_may_have_messages_of_both_kinds() {
    let printer = Printer::new();
    let texts = [LARGE, 7, LARGE + 1].map(text).to_vec();
    printer.execute(&Print(texts, Duration::ZERO)).await.unwrap();
    let sent = printer.sent();
    let numbered = |(number, row): (usize, &postroom::port::OutboxRow)| Record {
        message_id: format!("sqs-{number}"),
        ..record(&row.body)
    };
    let records: Vec<Record> = sent.iter().enumerate().map(numbered).collect();

    let dispositions = printer.worker().process(&records, None).await;

    assert_eq!(dispositions, [ACKNOWLEDGE; 3]);
    let mut lengths = printer.printed();
    lengths.sort_unstable();
    assert_eq!(lengths, [7, LARGE, LARGE + 1]);
}

#[tokio::test]
async fn a_payload_that_was_removed_is_parked_with_its_reason() {
    let printer = Printer::new();
    let sent = printer.ordered(LARGE).await;
    printer.bucket.objects.remove(&place_of(&sent));

    assert_eq!(printer.work(&sent).await, ACKNOWLEDGE);

    let letter = printer.letter();
    assert_eq!(letter.body, sent.body);
    assert!(letter.reason().contains("the bucket has removed it"), "{}", letter.reason());
    let missing = ObjectError::Missing { key: place_of(&sent) }.to_string();
    assert!(letter.reason().contains(&missing), "{}", letter.reason());
    assert!(printer.printed().is_empty());
}

#[tokio::test]
async fn a_worker_that_is_told_of_no_bucket_parks_what_it_cannot_read() {
    let sent = Printer::new().ordered(LARGE).await;
    let printer = Printer::without_bucket();

    assert_eq!(printer.work(&sent).await, ACKNOWLEDGE);

    let reason = printer.letter().reason();
    assert!(reason.contains("nothing is read from buckets here"), "{reason}");
}

#[tokio::test]
async fn what_is_done_stays_done_when_its_payload_is_removed() {
    let printer = Printer::new();
    printer.execute(&Write(text(LARGE))).await.unwrap();
    let sent = printer.last_sent();
    printer.work(&sent).await;
    printer.bucket.objects.remove(&place_of(&sent));

    assert_eq!(printer.work(&sent).await, ACKNOWLEDGE);

    assert!(printer.shop.memory.dead_letters().is_empty());
    assert_eq!(printer.printed(), [LARGE]);
}

/// It would take up to a hundred times as much as others do.
#[tokio::test]
async fn a_payload_is_fetched_when_the_one_before_was_handled() {
    let printer = Printer::new().slow();
    let books = vec![text(LARGE), text(LARGE + 1), text(LARGE + 2)];
    printer.execute(&Print(books, Duration::ZERO)).await.unwrap();
    let records: Vec<Record> = printer.sent().iter().map(|row| record(&row.body)).collect();

    printer.worker().process(&records, None).await;

    assert_eq!(printer.most_at_once(), 1);
}
