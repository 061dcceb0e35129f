//! Dead letters whose message has its payload elsewhere.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::port::{LetterStatus, RunStatus};
use postroom::{
    DeadLetterOffice, DecideError, Disposition, Edit, ExecuteError, RawEnvelope, Record, Redrive,
};
use serde_json::{Value, json};

use super::press::{LARGE, Printer, first_book, place_of, text};
use crate::office::operator;

fn office(printer: &Printer) -> DeadLetterOffice {
    let (runtime, letters) = (printer.shop.runtime.clone(), Arc::new(printer.shop.memory.clone()));
    DeadLetterOffice::new(runtime, letters)
}

#[tokio::test]
async fn a_letter_keeps_where_the_payload_is_and_redriven_it_is_done() {
    let mut printer = Printer::new().jammed();
    let sent = printer.ordered(LARGE).await;
    assert_eq!(printer.work(&sent).await, Disposition::Acknowledge);
    let letter = printer.letter();
    assert_eq!((&letter.body, &letter.id), (&sent.body, &first_book().to_string()));
    assert_eq!(letter.envelope.unwrap().data, Value::Null);

    office(&printer)
        .redrive(&letter.id, Redrive::default(), &operator(&printer.shop))
        .await
        .unwrap();
    printer.mended();

    let again = printer.last_sent();
    assert_eq!(again.body, sent.body);
    assert_eq!(printer.work(&again).await, Disposition::Acknowledge);
    assert_eq!((printer.printed(), printer.calls()), (vec![LARGE], (1, 2)));
    assert_eq!(printer.status(&first_book()).await, Some(RunStatus::Done));
}

/// The collector has no handlers, and reads the payload to know by which key one has.
#[tokio::test]
async fn what_a_queue_gives_up_is_parked_under_its_handlers_own_key() {
    let printer = Printer::new();
    let sent = printer.ordered(LARGE).await;

    let disposition = printer.collector().collect("press", &sent).await;

    assert_eq!(disposition, Disposition::Acknowledge);
    assert_eq!((printer.letter().id, printer.letter().body), (first_book().to_string(), sent.body));
    assert_eq!(printer.status(&first_book()).await, Some(RunStatus::Parked));
}

#[tokio::test]
async fn what_a_queue_gives_up_waits_for_its_bucket() {
    let printer = Printer::new();
    let sent = printer.ordered(LARGE).await;
    printer.bucket.objects.fail(1);

    let disposition = printer.collector().collect("press", &sent).await;

    assert_eq!(disposition, Disposition::Redeliver { after: None });
    assert!(printer.shop.memory.dead_letters().is_empty());
}

/// A queue cannot give up for ever what nobody will ever read.
#[tokio::test]
async fn what_a_queue_gives_up_is_kept_without_its_payload_too() {
    let printer = Printer::new();
    let sent = printer.ordered(LARGE).await;
    printer.bucket.objects.remove(&place_of(&sent));

    assert_eq!(printer.collector().collect("press", &sent).await, Disposition::Acknowledge);

    assert_eq!(printer.letter().body, sent.body);
}

/// The letter of a small book, and its message with a large text in the place of the small one.
async fn to_be_edited(printer: &Printer) -> (String, String) {
    let sent = printer.ordered(10).await;
    printer.work(&sent).await;
    let mut message: Value = serde_json::from_str(&sent.body).unwrap();
    message["data"]["text"] = json!(text(LARGE));
    (printer.letter().id, message.to_string())
}

#[tokio::test]
async fn an_operators_large_message_travels_by_way_of_the_bucket() {
    let mut printer = Printer::new().jammed();
    let (id, body) = to_be_edited(&printer).await;

    let edit = Edit { body: &body, again: false };
    office(&printer).edit(&id, edit, &operator(&printer.shop)).await.unwrap();
    printer.mended();

    let sent = printer.last_sent();
    assert!(RawEnvelope::parse(&sent.body).unwrap().payload_elsewhere().is_some());
    // The press knows both by one key: it first learns who stands in.
    let at_once = Disposition::Redeliver { after: Some(Duration::ZERO) };
    assert_eq!(printer.work(&sent).await, at_once);
    assert_eq!(printer.work(&sent).await, Disposition::Acknowledge);
    assert_eq!(printer.printed(), [LARGE]);
}

#[tokio::test]
async fn without_a_bucket_an_operators_large_message_is_refused() {
    let printer = Printer::without_bucket().jammed();
    let (id, body) = to_be_edited(&printer).await;

    let edit = Edit { body: &body, again: false };
    let refused = office(&printer).edit(&id, edit, &operator(&printer.shop)).await.unwrap_err();

    assert!(
        matches!(
            refused,
            ExecuteError::Command { source: DecideError::TooLarge { limit: 204_800, .. }, .. }
        ),
        "{refused:?}"
    );
    assert_eq!(printer.letter().status, LetterStatus::Open);
}

/// What somebody else has put on a queue, where more fits than in the outbox.
#[tokio::test]
async fn a_strangers_large_message_is_redriven_by_way_of_the_bucket() {
    let mut printer = Printer::new().jammed();
    let (_, body) = to_be_edited(&Printer::new().jammed()).await;
    let record = Record { body, ..printer.ordered(10).await };
    printer.worker().process(from_ref(&record), None).await;
    let letter = printer.letter();
    assert_eq!(letter.body, record.body);

    office(&printer)
        .redrive(&letter.id, Redrive::default(), &operator(&printer.shop))
        .await
        .unwrap();
    printer.mended();

    let again = printer.last_sent();
    assert!(again.body.len() < 1_000, "{}", again.body);
    assert_eq!(printer.work(&again).await, Disposition::Acknowledge);
    assert_eq!(printer.printed(), [LARGE]);
}
