//! The mark on the wire.

use postroom::{DecodeError, RawEnvelope, Replayed};
use serde_json::{Value, json};

use crate::replayed::{marked, replay};
use crate::shop::Shop;

async fn body() -> Value {
    let record = Shop::new().placed("1").await;
    serde_json::from_str(&record.body).unwrap()
}

fn refused(body: &Value) -> (String, String) {
    match RawEnvelope::parse(&body.to_string()) {
        Err(DecodeError::Envelope { path, message }) => (path, message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_mark_travels_and_what_has_none_is_as_it_was() {
    let record = Shop::new().placed("1").await;
    let plain = RawEnvelope::parse(&record.body).unwrap();

    assert_eq!((plain.replay, plain.to_body()), (None, record.body.clone()));
    for again in [false, true] {
        let read = RawEnvelope::parse(&marked(&record, 7, again).body).unwrap();
        assert_eq!(read.replay, Some(Replayed { id: replay(7), again }));
        assert_eq!(read.scope(), again.then_some(replay(7)));
        let sent: Value = serde_json::from_str(&read.to_body()).unwrap();
        assert_eq!(sent["replayid"], json!(replay(7).to_string()));
        assert_eq!(sent.get("replayagain"), again.then_some(&json!(true)));
        assert_eq!(RawEnvelope::parse(&read.to_body()), Ok(read));
    }
}

#[tokio::test]
async fn again_by_no_replay_is_refused_and_named() {
    let mut body = body().await;
    for again in [true, false] {
        body["replayagain"] = json!(again);

        let (_, message) = refused(&body);

        assert!(message.contains("`replayid`"), "{message}");
    }
}

#[tokio::test]
async fn a_mark_that_is_none_is_refused_by_its_name() {
    for (name, value) in [
        ("replayid", json!("yesterday")),
        ("replayid", json!(7)),
        ("replayagain", json!("true")),
        ("replayagain", json!(1)),
    ] {
        let mut body = body().await;
        body["replayid"] = json!(replay(7).to_string());
        body[name] = value.clone();

        let (path, message) = refused(&body);

        assert_eq!(path, name, "{value}: {message}");
    }
}
