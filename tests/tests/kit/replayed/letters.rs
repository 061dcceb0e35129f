//! The dead letter of a replay's own run: one as any other.

use std::slice::from_ref;

use postroom::doc_example::ShopError;
use postroom::port::{LetterStatus, RunStatus};
use postroom::{Disposition, RawEnvelope, Record, Redrive, Worker};

use crate::office::{instead, last_sent, letter, office, operator};
use crate::replayed::{key_of, marked, replay, shop, status};
use crate::shop::{ScriptedBank, Shop, key};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;

/// An order that was charged, and whose charge failed for good when a replay had it made again.
async fn failed(shop: &Shop, worker: &Worker, bank: &ScriptedBank) -> Record {
    let record = shop.placed("1").await;
    worker.process(from_ref(&record), None).await;
    let gone = Err(ShopError::Gone { order: "1".to_owned() });
    bank.answers.lock().unwrap().push_back(gone);
    worker.process(&[marked(&record, 1, true)], None).await;
    record
}

#[tokio::test]
async fn it_is_beside_what_was_done_and_redriven_it_is_done() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    let record = failed(&shop, &worker, &bank).await;
    let id = key_of(&record, 1).to_string();
    let parked = letter(&shop, &id).await;

    office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();
    let redriven = last_sent(&shop);
    worker.process(from_ref(&redriven), None).await;

    assert_eq!(
        (parked.status, parked.handler.as_deref()),
        (LetterStatus::Open, Some("charge-card"))
    );
    assert_eq!(redriven.body, parked.body);
    assert_eq!(status(&shop, &key_of(&record, 1)).await, Some((RunStatus::Done, 0)));
    assert_eq!(status(&shop, &key(&record)).await, Some((RunStatus::Done, 0)));
    assert_eq!(bank.keys.lock().unwrap().last(), Some(&id));
}

#[tokio::test]
async fn late_copies_of_what_was_parked_or_discarded_do_nothing() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    let record = failed(&shop, &worker, &bank).await;
    let id = key_of(&record, 1).to_string();

    office(&shop).discard(&id, "once is enough", &operator(&shop)).await.unwrap();
    let late = worker.process(&[marked(&record, 1, true)], None).await;

    assert_eq!(late, [ACKNOWLEDGE]);
    assert_eq!(bank.keys.lock().unwrap().len(), 2);
    assert_eq!(status(&shop, &key(&record)).await, Some((RunStatus::Done, 0)));
}

#[tokio::test]
async fn what_is_sent_instead_is_of_the_same_replay() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    shop.place("2").await.unwrap();
    let record = failed(&shop, &worker, &bank).await;
    let id = key_of(&record, 1).to_string();
    // As somebody writes it who began with the message itself.
    let body = record.body.replace(r#""order":"1""#, r#""order":"2""#);

    office(&shop).edit(&id, instead(&body), &operator(&shop)).await.unwrap();
    let sent = last_sent(&shop);
    worker.process(from_ref(&sent), None).await;

    assert_eq!(RawEnvelope::parse(&sent.body).unwrap().scope(), Some(replay(1)));
    assert_eq!(bank.keys.lock().unwrap().last(), Some(&key_of(&sent, 1).to_string()));
    assert!(shop.paid("2").await);
}

#[tokio::test]
async fn what_a_queue_gave_up_is_kept_under_the_replays_own_key() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    let record = shop.placed("1").await;
    let again = marked(&record, 1, true);

    assert_eq!(shop.collector().collect("charge-card", &again).await, ACKNOWLEDGE);

    let id = key_of(&record, 1).to_string();
    assert_eq!(letter(&shop, &id).await.status, LetterStatus::Open);
    worker.process(&[again, record.clone()], None).await;
    assert_eq!(*bank.keys.lock().unwrap(), [key(&record).to_string()], "the message's own run");
}
