//! Bodies: whatever they are, they are a message or fail for good, and what is a message stays the one it is.

use domain::campaigns::{CampaignCompleted, CampaignPublished};
use domain::statistics::StatisticsDue;
use postroom::{Classify, DecodeError, Message, RawEnvelope, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use tests::fixture;

use crate::input::{cases, json, mutated, mutations, text};

const SHIPPED: [&str; 5] = [
    "sqs/claimed.json",
    "sqs/replayed.json",
    "versions/campaign.published.v1.json",
    "versions/campaign.completed.v1.json",
    "versions/statistics.due.v1.json",
];

/// Reads a body as every message that it could be; what fails, fails for good and says where.
fn read(body: &str) {
    let envelope = match RawEnvelope::parse(body) {
        Ok(envelope) => envelope,
        Err(error) => return fails_for_good(&error),
    };
    let again = RawEnvelope::parse(&envelope.to_body());
    assert_eq!(again.as_ref(), Ok(&envelope), "it is another message once it has travelled");
    decode::<CampaignPublished>(&envelope);
    decode::<CampaignCompleted>(&envelope);
    decode::<StatisticsDue>(&envelope);
}

fn decode<M: Message>(envelope: &RawEnvelope) {
    if let Err(error) = envelope.decode::<M>() {
        fails_for_good(&error);
    }
}

fn fails_for_good(error: &DecodeError) {
    assert_eq!(error.verdict(), Verdict::Permanent);
    assert!(!error.to_string().is_empty());
}

/// A whole envelope of a shipped version.
fn shipped(which: Index) -> Value {
    let shipped = fixture(SHIPPED[which.index(SHIPPED.len())]);
    if let Some(body) = shipped["Records"][0]["body"].as_str() {
        // Its payload did not travel along, or a replay sent it.
        let mut envelope: Value = serde_json::from_str(body).unwrap();
        envelope["type"] = json!(CampaignPublished::TYPE);
        return envelope;
    }
    if shipped.get("specversion").is_some() {
        return shipped;
    }
    let mut envelope: Value = serde_json::from_str(
        fixture("sqs/sync-statistics.json")["Records"][0]["body"].as_str().unwrap(),
    )
    .unwrap();
    envelope["data"] = shipped;
    envelope
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn any_bytes_are_a_message_or_fail_for_good(bytes in vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_json_is_a_message_or_fails_for_good(body in json()) {
        read(&body.to_string());
    }

    #[test]
    fn a_damaged_message_is_a_message_or_fails_for_good(
        which in any::<Index>(),
        mutations in mutations(),
    ) {
        read(&mutated(shipped(which), &mutations).to_string());
    }

    #[test]
    fn a_message_that_is_cut_or_spliced_is_one_or_fails_for_good(
        which in any::<Index>(),
        at in any::<Index>(),
        to in any::<Index>(),
        between in text(),
    ) {
        let body = shipped(which).to_string();
        let [at, to] = [at, to].map(|place| body.floor_char_boundary(place.index(body.len())));
        read(&format!("{}{between}{}", &body[..at], &body[to..]));
    }

    #[test]
    fn whatever_a_message_says_can_travel(which in any::<Index>(), said in text(), subject in text(), number in any::<i64>()) {
        let mut envelope = shipped(which);
        envelope["data"] = json!({ "said": said, "number": number });
        envelope["subject"] = json!(subject);

        let body = RawEnvelope::parse(&envelope.to_string()).unwrap().to_body();

        // What SQS takes: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>,
        // from memory 2026-11-21.
        let taken = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
        prop_assert!(body.chars().all(taken), "{body:?}");
        let read = RawEnvelope::parse(&body).unwrap();
        prop_assert_eq!(&read.data["said"], &json!(said));
        prop_assert_eq!(read.subject, subject);
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn whatever_a_mark_is_it_is_a_replays_or_fails_for_good_and_never_lost(
        which in any::<Index>(),
        id in proptest::option::of(prop_oneof![json(), any::<u128>().prop_map(id)]),
        again in proptest::option::of(prop_oneof![json(), any::<bool>().prop_map(Value::from)]),
    ) {
        let mut envelope = shipped(which);
        let fields = envelope.as_object_mut().unwrap();
        fields.remove("replayid");
        fields.remove("replayagain");
        fields.extend(id.clone().map(|id| ("replayid".to_owned(), id)));
        fields.extend(again.clone().map(|again| ("replayagain".to_owned(), again)));
        let body = envelope.to_string();

        read(&body);

        let given = |value: &Option<Value>| value.as_ref().is_some_and(|value| !value.is_null());
        match RawEnvelope::parse(&body).map(|envelope| envelope.replay) {
            Ok(None) => prop_assert!(!given(&id) && !given(&again), "a mark was lost: {body}"),
            Ok(Some(mark)) => {
                prop_assert_eq!(id.and_then(|id| id.as_str()?.parse().ok()), Some(mark.id));
                prop_assert_eq!(again.unwrap_or(Value::Null) == json!(true), mark.again);
            }
            Err(_) => prop_assert!(given(&id) || given(&again), "unmarked, and refused: {body}"),
        }
    }
}

/// A UUID as JSON.
fn id(number: u128) -> Value {
    let digits = format!("{number:032x}");
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Value::from(parts.join("-"))
}

#[test]
fn a_body_of_endless_nesting_fails_for_good() {
    for open in ["[", "{\"a\":", "{\"data\":["] {
        read(&open.repeat(100_000));
    }
}
