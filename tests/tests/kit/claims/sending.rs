//! What is sent by way of a bucket, and what is not.

use std::time::Duration;

use postroom::doc_example::ShopError;
use postroom::port::ObjectError;
use postroom::{ClaimChecks, Classify, ExecuteError, RawEnvelope, SettleError, TxError, Verdict};
use serde_json::{Value, json};

use super::press::{BUCKET, LARGE, Print, Printer, Write, place_of, text};

/// The most bytes that travel whole.
const MOST: usize = 200 * 1024;
const DAY: Duration = Duration::from_hours(24);

fn print(bytes: usize) -> Print {
    Print(vec![text(bytes)], Duration::ZERO)
}

/// How much of a message is not its text.
async fn besides() -> usize {
    let printer = Printer::new();
    printer.ordered(0).await.body.len()
}

fn too_large(error: ExecuteError<ShopError>) -> (usize, usize) {
    match error {
        ExecuteError::Command {
            source: ShopError::Tx(TxError::TooLarge { bytes, limit, .. }),
            ..
        } => (bytes, limit),
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn what_is_too_large_to_travel_travels_without_its_payload() {
    let printer = Printer::new();

    let sent = printer.ordered(LARGE).await;

    let body: Value = serde_json::from_str(&sent.body).unwrap();
    assert!(sent.body.len() < 1_000, "{}", sent.body);
    assert_eq!(body.get("data"), None);
    let bytes = json!({ "title": "book 0", "text": text(LARGE) }).to_string().len();
    assert_eq!(body["datasize"], bytes);
    let (reference, digest) = (body["dataref"].as_str().unwrap(), &body["datasha256"]);
    assert!(reference.starts_with(&format!("s3://{BUCKET}/claims/")), "{reference}");
    assert!(reference.ends_with(digest.as_str().unwrap()), "{reference}");
    assert!(!reference.contains("demo"), "a tenant's name is nothing for a key: {reference}");
    for (name, value) in [("type", "book.print"), ("tenantid", "demo"), ("subject", "book 0")] {
        assert_eq!(body[name], value);
    }
    assert_eq!(printer.calls(), (1, 0));
}

#[tokio::test]
async fn what_fits_travels_whole_and_one_byte_more_does_not() {
    let besides = besides().await;
    let printer = Printer::new();

    let fits = printer.ordered(MOST - besides).await;
    assert_eq!((fits.body.len(), printer.calls()), (MOST, (0, 0)));
    let larger = printer.ordered(MOST - besides + 1).await;

    assert!(RawEnvelope::parse(&larger.body).unwrap().payload_elsewhere().is_some());
    assert_eq!(printer.calls(), (1, 0));
}

#[tokio::test]
async fn where_nothing_is_large_the_bucket_is_never_asked() {
    let printer = Printer::new();

    let sent = printer.ordered(1_000).await;
    printer.work(&sent).await;

    assert_eq!((printer.printed(), printer.calls()), (vec![1_000], (0, 0)));
}

#[tokio::test]
async fn a_payload_that_cannot_be_put_leaves_nothing_written_and_may_pass() {
    let printer = Printer::new();
    printer.bucket.objects.fail(1);

    let failed = printer.execute(&print(LARGE)).await.unwrap_err();

    let ExecuteError::Settle { source: SettleError::Payload { source }, .. } = &failed else {
        panic!("{failed:?}");
    };
    assert!(matches!(source, ObjectError::Unavailable { .. }), "{source:?}");
    assert_eq!(failed.verdict(), Verdict::RETRY);
    assert!(
        printer.shop.commits().is_empty(),
        "the payload was not there, and nobody waited for it"
    );
    assert!(printer.sent().is_empty() && printer.shop.outbox().await.is_empty());
}

#[tokio::test]
async fn a_rehearsal_puts_nothing() {
    let printer = Printer::new();

    let (runtime, origin) = (&printer.shop.runtime, printer.shop.origin());
    runtime.rehearse(&print(LARGE), &origin).await.unwrap();

    assert_eq!(printer.calls(), (0, 0));
}

#[tokio::test]
async fn without_a_bucket_what_travels_whole_is_all_there_is() {
    let besides = besides().await;
    let printer = Printer::without_bucket();

    printer.execute(&print(MOST - besides)).await.unwrap();
    let refused = printer.execute(&print(MOST - besides + 1)).await.unwrap_err();

    assert_eq!(refused.verdict(), Verdict::Permanent);
    assert_eq!(too_large(refused), (MOST + 1, MOST));
}

#[tokio::test]
async fn a_payload_has_five_mebibytes_at_most_and_those_of_a_transaction_four_times_that() {
    let printer = Printer::new();
    let besides = json!({ "title": "book 0", "text": "" }).to_string().len();
    let longest = ClaimChecks::MAX_BYTES - besides;

    printer.execute(&print(longest)).await.unwrap();
    let refused = printer.execute(&print(longest + 1)).await.unwrap_err();
    let books = |count| Print(vec![text(longest); count], Duration::ZERO);
    printer.execute(&books(4)).await.unwrap();
    let too_many = printer.execute(&books(5)).await.unwrap_err();

    assert_eq!(too_large(refused), (ClaimChecks::MAX_BYTES + 1, ClaimChecks::MAX_BYTES));
    assert_eq!(too_large(too_many).1, 4 * ClaimChecks::MAX_BYTES);
}

/// Later than that the bucket would have removed it.
#[tokio::test]
async fn what_lies_in_a_bucket_is_due_within_a_month() {
    let printer = Printer::new();
    let later = |days, bytes| Print(vec![text(bytes)], days * DAY);

    printer.execute(&later(30, LARGE)).await.unwrap();
    printer.execute(&later(31, 1_000)).await.unwrap();
    let refused = printer.execute(&later(31, LARGE)).await.unwrap_err();

    assert!(
        matches!(
            refused,
            ExecuteError::Command { source: ShopError::Tx(TxError::DelayedPayload { .. }), .. }
        ),
        "{refused:?}"
    );
    assert_eq!(refused.verdict(), Verdict::Permanent);
}

#[tokio::test]
async fn an_event_is_whole_in_the_journal_however_it_travels() {
    let printer = Printer::new();

    printer.execute(&Write(text(LARGE))).await.unwrap();

    let [written] = printer.shop.journal().await.try_into().unwrap();
    assert_eq!(written.envelope.payload_elsewhere(), None);
    assert_eq!(written.envelope.data["text"].as_str().unwrap().len(), LARGE);
    printer.work(&printer.last_sent()).await;
    assert_eq!((printer.printed(), printer.calls()), (vec![LARGE], (1, 1)));
}

#[tokio::test]
async fn an_event_that_does_not_fit_the_journal_is_refused() {
    let printer = Printer::new();

    let refused = printer.execute(&Write(text(390 * 1024))).await.unwrap_err();

    assert_eq!(too_large(refused).1, 390 * 1024);
    assert_eq!(printer.calls(), (0, 0));
}

/// One object for one content: whoever sends it once more puts it there once more.
#[tokio::test]
async fn the_same_payload_lies_at_one_place() {
    let printer = Printer::new();

    let (first, second) = (printer.ordered(LARGE).await, printer.ordered(LARGE).await);
    let other = printer.ordered(LARGE + 1).await;

    assert_eq!(place_of(&first), place_of(&second));
    assert_ne!(place_of(&first), place_of(&other));
}
