//! Items are kept as [`keys`](crate::keys) documents them, attribute by attribute.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use postroom::RawEnvelope;
use postroom::port::{
    Breaker, DeadLetter, Destination, FailureClass, InRequest, JournalRecord, LetterStatus,
    OutboxRow, Run, RunKey, RunStatus,
};
use serde_json::{Value, json};

use crate::attributes::Attributes;
use crate::{breaker, dead_letters, inbox, journal, outbox};

const MESSAGE: &str = "7b0c0000-0000-5000-8000-00000000000b";

fn at() -> Timestamp {
    "2026-11-21T09:30:00Z".parse().unwrap()
}

/// As the AWS CLI shows an item.
fn shown(attributes: Attributes) -> Value {
    let shown = attributes.into_iter().map(|(name, value)| (name, one(value)));
    Value::Object(shown.collect())
}

fn one(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(digits) => json!({"N": digits}),
        AttributeValue::Bool(yes) => json!({"BOOL": yes}),
        AttributeValue::L(list) => json!({"L": list.into_iter().map(one).collect::<Vec<_>>()}),
        AttributeValue::M(map) => json!({"M": shown(map)}),
        other => panic!("no item holds a {other:?}"),
    }
}

#[test]
fn an_event_is_kept_as_documented() {
    let body = json!({
        "specversion": "1.0", "id": MESSAGE, "source": "/postroom",
        "type": "order.placed", "subject": "orders/1",
        "time": "2026-11-21T09:30:00.000000Z", "datacontenttype": "application/json",
        "data": {}, "correlationid": "req-1", "causationid": MESSAGE, "tenantid": "demo",
        "dataversion": 1, "streamversion": 2, "hops": 1,
    });
    let envelope = RawEnvelope::parse(&body.to_string()).unwrap();
    let reaction = InRequest { handler: "history".to_owned(), writes: 1, skipped: None };
    let record = JournalRecord {
        envelope: envelope.clone(),
        by: "place-order".to_owned(),
        in_request: vec![reaction],
        queued: vec!["charge-card".to_owned()],
    };

    let expected = json!({
        "stream": {"S": "demo#orders/1"},
        "version": {"N": "2"},
        "envelope": {"S": envelope.to_body()},
        "by": {"S": "place-order"},
        "in_request": {"L": [{"M": {"handler": {"S": "history"}, "writes": {"N": "1"}}}]},
        "queued": {"L": [{"S": "charge-card"}]},
        "chain": {"S": "demo#req-1"},
        "time": {"S": format!("2026-11-21T09:30:00.000000Z#01#0000000002#{MESSAGE}")},
    });
    assert_eq!(shown(journal::item(&record)), expected);
}

#[test]
fn an_outbox_row_is_kept_as_documented() {
    let row = OutboxRow {
        message_id: MESSAGE.parse().unwrap(),
        to: Destination::Queue("charge-card".to_owned()),
        due: at(),
        body: "{}".to_owned(),
        r#type: "order.placed".to_owned(),
        correlation_id: "req-1".parse().unwrap(),
        group: Some("5f0a".to_owned()),
        decision: Some(MESSAGE.parse().unwrap()),
    };

    let mut expected = json!({
        "shard": {"S": "3"},
        "due": {"S": format!("2026-11-21T09:30:00.000000Z#{MESSAGE}#charge-card")},
        "due_at": {"S": "2026-11-21T09:30:00.000000Z"},
        "handler": {"S": "charge-card"},
        "message_id": {"S": MESSAGE},
        "type": {"S": "order.placed"},
        "correlation_id": {"S": "req-1"},
        "group": {"S": "5f0a"},
        "decision": {"S": MESSAGE},
        "body": {"S": "{}"},
    });
    assert_eq!(shown(outbox::item(&row)), expected);
    let map = expected.as_object_mut().unwrap();
    map.remove("group");
    map.remove("decision");
    let plain = OutboxRow { group: None, decision: None, ..row };
    assert_eq!(shown(outbox::item(&plain)), expected);
    let map = expected.as_object_mut().unwrap();
    map.remove("handler");
    map["due"] = json!({"S": format!("2026-11-21T09:30:00.000000Z#{MESSAGE}#*")});
    let published = OutboxRow { to: Destination::Topic, ..plain };
    assert_eq!(shown(outbox::item(&published)), expected);
}

#[test]
fn an_inbox_record_is_kept_as_documented() {
    let message_id = MESSAGE.parse().unwrap();
    let run = Run {
        key: RunKey::of_handler("charge-card", message_id),
        handler: "charge-card".to_owned(),
        message_id,
        tenant_id: "demo".parse().unwrap(),
        actor_id: Some("ann".parse().unwrap()),
        correlation_id: "req-1".parse().unwrap(),
        started_at: at(),
        expires_at: at(),
    };

    let key = format!("charge-card#{MESSAGE}");
    let expected = json!({
        "key": {"S": key},
        "status": {"S": "running"},
        "handler": {"S": "charge-card"},
        "message_id": {"S": MESSAGE},
        "tenant_id": {"S": "demo"},
        "actor_id": {"S": "ann"},
        "correlation_id": {"S": "req-1"},
        "chain": {"S": "demo#req-1"},
        "started_at": {"S": "2026-11-21T09:30:00.000000Z"},
        "time": {"S": format!("2026-11-21T09:30:00.000000Z#{key}")},
        "expires_at": {"N": at().as_second().to_string()},
    });
    assert_eq!(shown(inbox::item(&run, RunStatus::Running)), expected);
}

#[test]
fn a_breaker_is_kept_as_documented() {
    let key = json!({"S": "breaker#bank"});
    let closed = breaker::item("bank", Breaker::Closed);
    assert_eq!(shown(closed), json!({"key": key, "breaker": {"S": "closed"}}));

    let open = breaker::item("bank", Breaker::Open { openings: 3, probe_at: at() });
    let expected = json!({
        "key": key, "breaker": {"S": "open"}, "openings": {"N": "3"},
        "probe_at": {"S": "2026-11-21T09:30:00.000000Z"},
    });
    assert_eq!(shown(open), expected);

    let prober = MESSAGE.parse().unwrap();
    let probing = breaker::item("bank", Breaker::Probing { openings: 3, prober, until: at() });
    let expected = json!({
        "key": key, "breaker": {"S": "probing"}, "openings": {"N": "3"},
        "prober": {"S": MESSAGE}, "probe_until": {"S": "2026-11-21T09:30:00.000000Z"},
    });
    assert_eq!(shown(probing), expected);
}

fn dead_letter() -> DeadLetter {
    let envelope = RawEnvelope::parse(
        &json!({
            "specversion": "1.0", "id": MESSAGE, "source": "/postroom",
            "type": "order.placed", "subject": "orders/1",
            "time": "2026-11-21T09:30:00.000000Z", "datacontenttype": "application/json",
            "data": null, "correlationid": "req-1", "causationid": MESSAGE, "tenantid": "demo",
            "dataversion": 1, "streamversion": 2, "hops": 1,
        })
        .to_string(),
    );
    DeadLetter {
        id: format!("charge-card#{MESSAGE}"),
        queue: "charge-card".to_owned(),
        handler: Some("charge-card".to_owned()),
        body: "{}".to_owned(),
        envelope: Some(envelope.unwrap()),
        causes: vec!["the handler failed".to_owned(), "it rained".to_owned()],
        fingerprint: MESSAGE.parse().unwrap(),
        class: FailureClass::Permanent,
        attempts: 1,
        first_failed_at: at(),
        last_failed_at: at(),
        code_version: "0.1.0".to_owned(),
        status: LetterStatus::Open,
        redrives: 0,
        edited_as: None,
    }
}

#[test]
fn a_dead_letter_is_kept_as_documented() {
    let letter = dead_letter();

    let expected = json!({
        "id": {"S": letter.id},
        "queue": {"S": "charge-card"},
        "handler": {"S": "charge-card"},
        "body": {"S": "{}"},
        "envelope": {"S": letter.envelope.as_ref().unwrap().to_body()},
        "causes": {"L": [{"S": "the handler failed"}, {"S": "it rained"}]},
        "fingerprint": {"S": MESSAGE},
        "class": {"S": "permanent"},
        "attempts": {"N": "1"},
        "first_failed_at": {"S": "2026-11-21T09:30:00.000000Z"},
        "last_failed_at": {"S": "2026-11-21T09:30:00.000000Z"},
        "time": {"S": format!("2026-11-21T09:30:00.000000Z#{}", letter.id)},
        "code_version": {"S": "0.1.0"},
        "status": {"S": "open"},
        "open": {"S": letter.shard().to_string()},
        "message_id": {"S": MESSAGE},
        "type": {"S": "order.placed"},
        "tenant_id": {"S": "demo"},
        "correlation_id": {"S": "req-1"},
        "chain": {"S": "demo#req-1"},
    });
    assert_eq!(shown(dead_letters::first_item(&letter)), expected);
    assert_eq!(dead_letters::further_parts(&letter), []);
}

#[test]
fn a_body_that_no_handler_takes_is_kept_as_documented() {
    let class = FailureClass::Exhausted;
    let letter = DeadLetter { handler: None, envelope: None, class, ..dead_letter() };

    let item = shown(dead_letters::first_item(&letter));

    let names: Vec<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "attempts",
        "body",
        "causes",
        "class",
        "code_version",
        "fingerprint",
        "first_failed_at",
        "id",
        "last_failed_at",
        "open",
        "queue",
        "status",
        "time",
    ];
    assert_eq!(names, expected);
    assert_eq!(item["class"], json!({"S": "exhausted"}));
}

#[test]
fn a_huge_body_is_cut_as_documented() {
    let letter = DeadLetter { body: "x".repeat(300 * 1024) + "y", ..dead_letter() };

    let first = dead_letters::first_item(&letter);
    let [second] = dead_letters::further_parts(&letter).try_into().unwrap();

    assert_eq!(shown(first)["parts"], json!({"N": "2"}));
    let id = format!("charge-card#{MESSAGE}#body-1");
    assert_eq!(shown(second), json!({"id": {"S": id}, "body": {"S": "y"}}));
}
