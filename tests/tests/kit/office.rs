//! What an operator does about dead letters: each decision once, and with all that belongs to it.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::ShopError;
use postroom::port::{DeadLetter, LetterStatus, RunStatus};
use postroom::{
    DeadLetterOffice, DecideError, Disposition, Edit, ExecuteError, Origin, RawEnvelope, Record,
    Redrive, Refuse, Worker,
};
use serde_json::json;

use crate::shop::{Mishap, ScriptedBank, Shop, key};

pub(crate) fn office(shop: &Shop) -> DeadLetterOffice {
    DeadLetterOffice::new(shop.runtime.clone(), Arc::new(shop.memory.clone()))
}

/// An operator's command, in a chain of its own.
pub(crate) fn operator(shop: &Shop) -> Origin {
    Origin { correlation_id: "operating".parse().unwrap(), ..shop.origin() }
}

/// A placed order whose message the bank refused for good; answers the message and its letter.
pub(crate) async fn parked(shop: &Shop, order: &str) -> (Record, String) {
    let record = shop.placed(order).await;
    let refused = Err(ShopError::Gone { order: order.to_owned() });
    shop.card_worker(ScriptedBank::answering([refused])).process(from_ref(&record), None).await;
    let letter = key(&record).to_string();
    (record, letter)
}

/// A worker that has not heard of any message yet.
pub(crate) fn old_worker(shop: &Shop) -> Worker {
    Worker::new("charge-card", shop.runtime.clone(), Arc::new(shop.memory.clone()))
}

/// A placed order whose message got to an old worker; its letter knows no handler.
pub(crate) async fn unheard_of(shop: &Shop) -> (Record, String) {
    let record = shop.placed("1").await;
    old_worker(shop).process(from_ref(&record), None).await;
    (record, "charge-card#sqs-1".to_owned())
}

/// A message in the place of a letter's.
pub(crate) fn instead(body: &str) -> Edit<'_> {
    Edit { body, again: false }
}

pub(crate) async fn letter(shop: &Shop, id: &str) -> DeadLetter {
    office(shop).find(id).await.unwrap().unwrap()
}

/// The message that was sent last, as its worker gets it.
pub(crate) fn last_sent(shop: &Shop) -> Record {
    let body = shop.sent().last().unwrap().body.clone();
    Record { message_id: "sqs-last".to_owned(), body, group: None, receives: 1, refused: None }
}

pub(crate) fn code<T>(decided: Result<T, ExecuteError<DecideError>>) -> &'static str {
    decided.map(drop).unwrap_err().refusal().unwrap().code
}

#[tokio::test]
async fn a_redriven_message_takes_effect_under_its_own_id() {
    let shop = Shop::new();
    let (record, id) = parked(&shop, "1").await;
    let sent_before = shop.sent().len();

    let redriven = office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();

    assert_eq!(shop.sent().len(), sent_before + 1);
    let again = last_sent(&shop);
    assert_eq!((again.body.as_str(), redriven.output.redrives), (record.body.as_str(), 1));
    assert_eq!(shop.status(&record).await, Some((RunStatus::Waiting, 0)));
    let bank = ScriptedBank::default();
    shop.card_worker(bank.clone()).process(&[again], None).await;
    assert!(shop.paid("1").await);
    assert_eq!(*bank.keys.lock().unwrap(), from_ref(&id));
    assert_eq!(letter(&shop, &id).await.status, LetterStatus::Redriven);
}

#[tokio::test]
async fn a_message_that_fails_again_is_open_again_with_attempts_of_its_own() {
    let shop = Shop::new();
    let (_, id) = parked(&shop, "1").await;
    office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();
    shop.clock.advance(Duration::from_mins(1));

    let refused = Err(ShopError::Gone { order: "1".to_owned() });
    let worker = shop.card_worker(ScriptedBank::answering([refused]));
    worker.process(&[last_sent(&shop)], None).await;

    let letter = letter(&shop, &id).await;
    assert_eq!((letter.status, letter.redrives, letter.attempts), (LetterStatus::Open, 1, 1));
    assert_eq!(letter.first_failed_at, shop.now());
}

/// Its letter was written by an old worker, to which another delivery of it had come.
#[tokio::test]
async fn what_was_done_already_is_acknowledged_by_its_key() {
    let shop = Shop::new();
    let (record, id) = unheard_of(&shop).await;
    let bank = ScriptedBank::default();
    let worker = shop.card_worker(bank.clone());
    worker.process(from_ref(&record), None).await;

    office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();
    let again = worker.process(&[last_sent(&shop)], None).await;

    assert_eq!(again, [Disposition::Acknowledge]);
    assert_eq!(bank.keys.lock().unwrap().len(), 1);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Done, 0)));
}

#[tokio::test]
async fn a_letter_that_came_back_twice_is_redriven_only_when_somebody_says_so() {
    let shop = Shop::new();
    let (_, id) = parked(&shop, "1").await;
    for _ in 0..2 {
        office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();
        let refused = Err(ShopError::Gone { order: "1".to_owned() });
        let worker = shop.card_worker(ScriptedBank::answering([refused]));
        worker.process(&[last_sent(&shop)], None).await;
    }
    let sent = shop.sent().len();

    let third = office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await;
    let again = Redrive { again: true, ..Redrive::default() };

    assert_eq!(code(third), "dead-letter-redriven-often");
    assert_eq!(shop.sent().len(), sent);
    let redriven = office(&shop).redrive(&id, again, &operator(&shop)).await.unwrap();
    assert_eq!(redriven.output.redrives, 3);
}

#[tokio::test]
async fn a_letter_is_decided_about_once() {
    let shop = Shop::new();
    let (_, id) = parked(&shop, "1").await;
    office(&shop).discard(&id, "a test order", &operator(&shop)).await.unwrap();
    let sent = shop.sent().len();

    let late = office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await;

    assert_eq!(code(late), "dead-letter-not-open");
    assert_eq!(shop.sent().len(), sent);
    let unknown = office(&shop).discard("nobody#nothing", "why not", &operator(&shop)).await;
    assert_eq!(code(unknown), "dead-letter-not-found");
}

#[tokio::test]
async fn a_message_that_a_worker_is_at_is_left_to_it() {
    let shop = Shop::new();
    let (record, id) = unheard_of(&shop).await;
    let lease = Duration::from_secs(40);
    postroom::port::Inbox::claim(&shop.memory, &shop.claim_for(&record, lease)).await.unwrap();

    let meanwhile = office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await;
    shop.clock.advance(lease);
    let afterwards = office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await;

    assert_eq!(code(meanwhile), "dead-letter-in-flight");
    assert_eq!(afterwards.unwrap().output.redrives, 1);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Running, 0)), "its outcome is unknown");
}

#[tokio::test]
async fn what_is_no_message_can_only_be_edited_or_discarded() {
    let shop = Shop::new();
    let sent = shop.placed("1").await;
    let garbled = Record { body: sent.body.replace("specversion", "specvision"), ..sent.clone() };
    shop.card_worker(ScriptedBank::default()).process(&[garbled], None).await;
    let id = "charge-card#sqs-1";

    let redriven = office(&shop).redrive(id, Redrive::default(), &operator(&shop)).await;
    let nonsense = office(&shop).edit(id, instead("{}"), &operator(&shop)).await;
    let mended = office(&shop).edit(id, instead(&sent.body), &operator(&shop)).await.unwrap();

    assert_eq!((code(redriven), code(nonsense)), ("dead-letter-unreadable", "no-message"));
    shop.card_worker(ScriptedBank::default()).process(&[last_sent(&shop)], None).await;
    assert!(shop.paid("1").await);
    assert_eq!(letter(&shop, id).await.edited_as, Some(mended.output.message_id));
}

#[tokio::test]
async fn an_edited_message_is_another_one_that_names_the_old_as_its_cause() {
    let shop = Shop::new();
    shop.place("2").await.unwrap();
    let (record, id) = parked(&shop, "1").await;
    let old = RawEnvelope::parse(&record.body).unwrap();
    let body = record.body.replace(r#""order":"1""#, r#""order":"2""#);

    let edited = office(&shop).edit(&id, instead(&body), &operator(&shop)).await.unwrap().output;

    let sent = RawEnvelope::parse(&last_sent(&shop).body).unwrap();
    assert_eq!((sent.id, sent.causation_id), (edited.message_id, old.id));
    assert_ne!(sent.id, old.id);
    assert_eq!((sent.data, sent.correlation_id), (json!({"order": "2"}), old.correlation_id));
    let bank = ScriptedBank::default();
    shop.card_worker(bank.clone()).process(&[last_sent(&shop), record.clone()], None).await;
    assert_eq!((shop.paid("1").await, shop.paid("2").await), (false, true));
    assert_eq!(bank.keys.lock().unwrap().len(), 1, "the old message stays parked");
}

/// Read and written again, as whoever edits a message has it read and written.
#[tokio::test]
async fn a_number_that_nobody_edited_stays_what_it_was() {
    for float in ["31.245270191439438", "121.48791951161945", "9007199254740993"] {
        let shop = Shop::new();
        let (record, id) = parked(&shop, "1").await;
        let number = format!(r#""order":"1","weight":{float}"#);
        let body = record.body.replace(r#""order":"1""#, &number);

        office(&shop).edit(&id, instead(&body), &operator(&shop)).await.unwrap();

        assert!(last_sent(&shop).body.contains(&number), "{}", last_sent(&shop).body);
    }
}

#[tokio::test]
async fn an_edit_does_not_move_a_message_to_another_tenant() {
    let shop = Shop::new();
    let (record, id) = parked(&shop, "1").await;
    let body = record.body.replace(r#""tenantid":"demo""#, r#""tenantid":"rival""#);

    let moved = office(&shop).edit(&id, instead(&body), &operator(&shop)).await;

    assert_eq!(code(moved), "other-tenant");
    assert_eq!(letter(&shop, &id).await.status, LetterStatus::Open);
}

#[tokio::test]
async fn an_edit_names_the_letters_message_as_its_cause_whatever_its_own_id_says() {
    let shop = Shop::new();
    let (record, id) = parked(&shop, "1").await;
    let old = RawEnvelope::parse(&record.body).unwrap();
    let body = record.body.replace(&old.id.to_string(), "0192f0c1-0000-7000-8000-000000000000");
    assert_ne!(body, record.body);

    office(&shop).edit(&id, instead(&body), &operator(&shop)).await.unwrap();

    assert_eq!(RawEnvelope::parse(&last_sent(&shop).body).unwrap().causation_id, old.id);
}

#[tokio::test]
async fn an_edit_does_not_move_a_message_to_another_chain() {
    let shop = Shop::new();
    let (record, id) = parked(&shop, "1").await;
    let body = record.body.replace(r#""correlationid":"chain-1""#, r#""correlationid":"chain-2""#);

    let moved = office(&shop).edit(&id, instead(&body), &operator(&shop)).await;

    assert_eq!(code(moved), "other-chain");
    assert_eq!(letter(&shop, &id).await.status, LetterStatus::Open);
}

#[tokio::test]
async fn every_action_is_written_down_with_who_when_and_why() {
    let shop = Shop::new();
    let (record, id) = parked(&shop, "1").await;
    let origin = operator(&shop);
    office(&shop).redrive(&id, Redrive::default(), &origin).await.unwrap();
    let refused = Err(ShopError::Gone { order: "1".to_owned() });
    shop.card_worker(ScriptedBank::answering([refused])).process(&[record], None).await;
    let redriven_at = shop.now();
    shop.clock.advance(Duration::from_secs(3));

    office(&shop).discard(&id, "a test order", &operator(&shop)).await.unwrap();

    let [redriven, discarded] = office(&shop).actions(&id).await.unwrap().try_into().unwrap();
    assert_eq!((redriven.action.as_str(), redriven.at), ("redrive-dead-letter", redriven_at));
    assert_eq!(redriven.command_id, origin.command_id);
    assert_eq!(redriven.actor_id.unwrap().as_str(), "ann");
    assert!(redriven.message_id.is_some());
    assert_eq!(discarded.action, "discard-dead-letter");
    assert_eq!((discarded.reason.as_deref(), discarded.at), (Some("a test order"), shop.now()));
}

#[tokio::test]
async fn a_redrive_whose_answer_was_lost_is_one_redrive() {
    let shop = Shop::new();
    let (_, id) = parked(&shop, "1").await;
    let sent = shop.sent().len();
    shop.mishaps([Mishap::AnswerLost]);

    office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();

    assert_eq!((letter(&shop, &id).await.redrives, shop.sent().len()), (1, sent + 1));
}
