//! Envelopes that lie about where their payload is: parked with the reason, mostly without asking anybody.

use bytes::Bytes;
use postroom::port::{FailureClass, Payloads};
use postroom::{Disposition, RawEnvelope, Record};
use serde_json::{Value, json};
use tests::fixture;

use super::press::{BUCKET, LARGE, Printer, place_of, record};

/// A message with some fields replaced, or taken out where they are `null`.
fn damaged(sent: &Record, damage: &Value) -> Record {
    let mut body: Value = serde_json::from_str(&sent.body).unwrap();
    let fields = body.as_object_mut().unwrap();
    for (name, value) in damage.as_object().unwrap() {
        match value {
            Value::Null => drop(fields.remove(name)),
            value => drop(fields.insert(name.clone(), value.clone())),
        }
    }
    record(&body.to_string())
}

/// Why it was parked, and how often its bucket was asked.
async fn parked(printer: &Printer, message: &Record) -> (String, usize) {
    printer.calls();
    assert_eq!(printer.work(message).await, Disposition::Acknowledge);
    let letter = printer.letter();
    assert_eq!((letter.class, &letter.body), (FailureClass::Permanent, &message.body));
    assert!(printer.printed().is_empty());
    (letter.reason(), printer.calls().1)
}

#[tokio::test]
async fn nothing_is_read_but_what_this_system_puts_for_this_tenant() {
    let sent = Printer::new().ordered(LARGE).await;
    let place = place_of(&sent);
    let other_digest = "0".repeat(64);
    let elsewhere = [
        format!("https://{BUCKET}.s3.amazonaws.com/{place}"),
        format!("S3://{BUCKET}/{place}"),
        format!("s3://other-{BUCKET}/{place}"),
        format!("s3://{BUCKET}/imports/../{place}"),
        format!("s3://{BUCKET}/{place}/../x"),
        format!("s3://{BUCKET}/{place}?versionId=1"),
        format!("s3://{BUCKET}/imports/demo/1.csv"),
        format!("s3://{BUCKET}//{place}"),
        format!("s3://{BUCKET}"),
        String::new(),
    ];
    for reference in elsewhere {
        let printer = Printer::new();
        let message = damaged(&sent, &json!({ "dataref": reference }));

        let (reason, asked) = parked(&printer, &message).await;

        assert!(reason.contains("only `s3://shop-objects/claims/"), "{reference}: {reason}");
        assert_eq!(asked, 0, "{reference}");
    }
    for (damage, expected) in [
        (json!({ "tenantid": "other" }), "may be read"),
        (json!({ "datasha256": other_digest }), "may be read"),
        (json!({ "datasha256": null }), "no `datasha256`"),
        (json!({ "datasha256": "../../x" }), "no `datasha256`"),
        (json!({ "datasha256": "A".repeat(64) }), "no `datasha256`"),
        (json!({ "datasize": null }), "no `datasize`"),
        (json!({ "datasize": 5 * 1024 * 1024 + 1 }), "where 5242880 are read"),
        (json!({ "datasize": u64::MAX }), "where 5242880 are read"),
        (json!({ "datasize": -1 }), "not an envelope at `datasize`"),
        (json!({ "dataref": 7 }), "not an envelope at `dataref`"),
        (json!({ "dataref": null }), "missing field `data`"),
    ] {
        let printer = Printer::new();

        let (reason, asked) = parked(&printer, &damaged(&sent, &damage)).await;

        assert!(reason.contains(expected), "{damage}: {reason}");
        assert_eq!(asked, 0, "{damage}");
    }
}

#[tokio::test]
async fn another_payload_than_was_put_is_not_handled() {
    let printer = Printer::new();
    let sent = printer.ordered(LARGE).await;
    let key = place_of(&sent);
    let put = printer.bucket.objects.get_payload(&key, u64::MAX).await.unwrap();
    let one_letter_else = [&put[..put.len() - 3], b"y\"}"].concat();
    for (body, expected) in [
        (one_letter_else.into(), "has not the `datasha256`"),
        (put.slice(1..), "has not the `datasize`"),
        ([&put[..], b" "].concat().into(), "has not the `datasize`"),
        (Bytes::new(), "has not the `datasize`"),
    ] {
        let printer = Printer::new();
        printer.bucket.objects.put_payload(&key, body).await.unwrap();

        let (reason, asked) = parked(&printer, &sent).await;

        assert!(reason.contains(expected), "{reason}");
        assert_eq!(asked, 1);
    }
}

/// As when somebody else's program has put it there, and tells it rightly.
#[tokio::test]
async fn a_payload_that_its_handler_cannot_read_is_parked() {
    let sent = Printer::new().ordered(LARGE).await;
    let (of_tenant, _) = place_of(&sent).as_str().rsplit_once('/').map(own).unwrap();
    for (body, digest, expected) in [
        (
            "no json",
            "5ad3040044b6d872316bf4312926c3b9eac7faf4eca2966e8ac41dfdf9c803f5",
            "is not JSON",
        ),
        (
            r#"{"title":7,"text":""}"#,
            "7aae458fd78ed00bf9939a4e81c5f373db5aa1322a315632708d7b0f4ea8bc7d",
            "`data` of book.print is malformed at `title`",
        ),
    ] {
        let printer = Printer::new();
        let place = format!("{of_tenant}/{digest}");
        let key = place.parse().unwrap();
        printer.bucket.objects.put_payload(&key, body.into()).await.unwrap();
        let reference = format!("s3://{BUCKET}/{place}");
        let told = json!({ "dataref": reference, "datasha256": digest, "datasize": body.len() });

        let (reason, asked) = parked(&printer, &damaged(&sent, &told)).await;

        assert!(reason.contains(expected), "{reason}");
        assert_eq!(asked, 1);
    }
}

fn own((before, after): (&str, &str)) -> (String, String) {
    (before.to_owned(), after.to_owned())
}

#[test]
fn a_message_with_both_is_one_that_travelled_whole() {
    let event = fixture("sqs/claimed.json");
    let body = event["Records"][0]["body"].as_str().unwrap();
    let mut with_both: Value = serde_json::from_str(body).unwrap();
    with_both["data"] = json!({ "title": "book", "text": "x" });

    let read = RawEnvelope::parse(&with_both.to_string()).unwrap();

    assert_eq!(read.payload_elsewhere(), None);
    assert_eq!(read.data["title"], "book");
}

#[test]
fn an_envelope_without_its_payload_is_read_and_written_as_it_is() {
    let event = fixture("sqs/claimed.json");
    let body = event["Records"][0]["body"].as_str().unwrap();

    let read = RawEnvelope::parse(body).unwrap();

    let (reference, bytes) = read.payload_elsewhere().unwrap();
    assert!(reference.starts_with("s3://shop-objects/claims/"), "{reference}");
    assert_eq!(bytes, 307_236);
    assert_eq!(read.to_body(), body);
}
