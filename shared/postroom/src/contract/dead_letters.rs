//! What a store of dead letters promises.

use serde_json::Value;
use uuid::Uuid;

use crate::contract::Adapters;
use crate::contract::sample::{Sample, at};
use crate::port::{DeadLetter, FailureClass};

/// With everything that was known of the message.
pub async fn a_parked_letter_is_found(adapters: &Adapters) {
    let letter = letter(&Sample::new());

    adapters.dead_letters.park(&letter).await.unwrap();

    assert_eq!(adapters.dead_letters.find(&letter.id).await.unwrap(), Some(letter));
}

/// A body that told nothing is kept as it was received.
pub async fn an_unreadable_message_is_kept_too(adapters: &Adapters) {
    let letter = DeadLetter {
        body: "no JSON \u{1F4EE}".to_owned(),
        handler: None,
        envelope: None,
        ..letter(&Sample::new())
    };

    adapters.dead_letters.park(&letter).await.unwrap();

    assert_eq!(adapters.dead_letters.find(&letter.id).await.unwrap(), Some(letter));
}

/// As long as a queue takes messages, in characters of every width, and empty.
pub async fn a_huge_body_is_kept_whole(adapters: &Adapters) {
    for unit in ["\u{1F4EE}", "ü", "x", ""] {
        let body = unit.repeat((1 << 20) / unit.len().max(1));
        let letter = DeadLetter { body, ..letter(&Sample::new()) };

        adapters.dead_letters.park(&letter).await.unwrap();

        let found = adapters.dead_letters.find(&letter.id).await.unwrap();
        // Not `assert_eq!`: nobody reads a message of 2 MiB.
        assert!(found == Some(letter), "a body of `{unit}` is not the same");
    }
}

/// The later one.
pub async fn parking_twice_keeps_one(adapters: &Adapters) {
    let first = letter(&Sample::new());
    let class = FailureClass::Exhausted;
    let second = DeadLetter { attempts: 5, class, last_failed_at: at(9), ..first.clone() };

    adapters.dead_letters.park(&first).await.unwrap();
    adapters.dead_letters.park(&second).await.unwrap();

    assert_eq!(adapters.dead_letters.find(&first.id).await.unwrap(), Some(second));
}

/// Where nothing was parked, nothing is found.
pub async fn a_letter_that_never_was_is_absent(adapters: &Adapters) {
    assert_eq!(adapters.dead_letters.find("nobody#nothing").await.unwrap(), None);
}

fn letter(sample: &Sample) -> DeadLetter {
    let run = sample.run();
    DeadLetter {
        id: run.key.to_string(),
        queue: "move-thing".to_owned(),
        handler: Some(run.handler),
        body: r#"{"specversion":"1.0"}"#.to_owned(),
        envelope: Some(sample.event("a", 1).envelope.with(Value::Null)),
        causes: vec!["it rained".to_owned(), "heavily: \u{1F327}".to_owned()],
        fingerprint: Uuid::now_v7().into(),
        class: FailureClass::Permanent,
        attempts: 1,
        first_failed_at: at(1),
        last_failed_at: at(2),
    }
}
