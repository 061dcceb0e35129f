//! What a replay's own run makes.

use std::collections::BTreeSet;
use std::slice::from_ref;

use postroom::port::RunStatus;
use postroom::{MessageId, RawEnvelope, Redrive};

use crate::office::{last_sent, office, operator};
use crate::replayed::{key_of, marked, paid, shop, status};
use crate::shop::{Mishap, ScriptedBank, Shop};

/// The tasks that were sent, by their ids.
fn notes(shop: &Shop) -> Vec<MessageId> {
    shop.queue.sent("write-note").iter().map(|row| row.message_id).collect()
}

#[tokio::test]
async fn what_it_emits_is_new_and_no_replay() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    let record = shop.placed("1").await;
    let message = RawEnvelope::parse(&record.body).unwrap();

    for delivery in [&record, &marked(&record, 1, true), &marked(&record, 2, true)] {
        worker.process(from_ref(delivery), None).await;
    }

    let events = paid(&shop).await;
    let ids: BTreeSet<_> = events.iter().map(|event| event.id).collect();
    let causes: BTreeSet<_> = events.iter().map(|event| event.causation_id).collect();
    assert_eq!((events.len(), ids.len(), causes.len()), (3, 3, 3));
    assert_eq!(events[0].causation_id, message.id);
    assert!(events.iter().all(|event| event.replay.is_none()));
    let sent = shop.queue.sent("write-note");
    assert!(sent.iter().all(|row| !row.body.contains("replay")), "{sent:?}");
}

#[tokio::test]
async fn each_try_of_it_emits_the_same() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    let record = shop.placed("1").await;
    let again = marked(&record, 1, true);
    worker.process(from_ref(&record), None).await;
    let before = shop.commits().len();
    shop.mishaps([Mishap::Refused]);
    worker.process(from_ref(&again), None).await;
    assert_eq!(status(&shop, &key_of(&record, 1)).await, Some((RunStatus::Parked, 1)));

    let refused = shop.commits()[before].clone();
    let id = key_of(&record, 1).to_string();
    office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();
    worker.process(&[last_sent(&shop)], None).await;

    let commits = shop.commits();
    let done = commits.last().unwrap();
    let ids = |tx: &postroom::Transaction| {
        let events = tx.events().iter().map(|event| event.envelope.id);
        events.chain(tx.outbox().iter().map(|row| row.message_id)).collect::<Vec<_>>()
    };
    assert_eq!(ids(&refused), ids(done));
}

/// Its key says what is to be done once, and its job has done it.
#[tokio::test]
async fn a_task_with_a_key_is_the_one_it_was_and_one_without_is_new() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    let record = shop.placed("1").await;

    for delivery in [&record, &marked(&record, 1, true)] {
        worker.process(from_ref(delivery), None).await;
    }

    let [plain, keyed, plain_again, keyed_again] = notes(&shop).try_into().unwrap();
    assert_ne!(plain, plain_again);
    assert_eq!(keyed, keyed_again);
}
