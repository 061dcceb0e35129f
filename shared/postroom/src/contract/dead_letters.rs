//! What a store of dead letters promises.

use crate::contract::Adapters;
use crate::contract::sample::{Sample, at};
use crate::port::DeadLetter;

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
        message_id: None,
        r#type: None,
        tenant_id: None,
        correlation_id: None,
        ..letter(&Sample::new())
    };

    adapters.dead_letters.park(&letter).await.unwrap();

    assert_eq!(adapters.dead_letters.find(&letter.id).await.unwrap(), Some(letter));
}

/// The later one.
pub async fn parking_twice_keeps_one(adapters: &Adapters) {
    let first = letter(&Sample::new());
    let second = DeadLetter { attempts: 5, parked_at: at(9), ..first.clone() };

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
        handler: run.handler,
        body: r#"{"specversion":"1.0"}"#.to_owned(),
        reason: "it rained: heavily".to_owned(),
        permanent: true,
        attempts: 1,
        parked_at: at(1),
        message_id: Some(run.message_id),
        r#type: Some("thing.moved".to_owned()),
        tenant_id: Some(run.tenant_id),
        correlation_id: Some(run.correlation_id),
    }
}
