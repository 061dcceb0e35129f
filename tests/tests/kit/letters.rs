//! Dead letters: everything a person needs to understand a failure, and to repeat its message.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::ShopError;
use postroom::port::{DeadLetter, FailureClass, Inbox, RunStatus};
use postroom::{
    DecodeError, Disposition, Effects, Envelope, Job, Message, OnUnknown, Outcome, RawEnvelope,
    Record, Tx, Worker,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::shop::{ScriptedBank, Shop, key};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;

fn gone(order: &str) -> Result<String, ShopError> {
    Err(ShopError::Gone { order: order.to_owned() })
}

/// The letter of an order, by its id there.
fn letter_of(shop: &Shop, record: &Record) -> DeadLetter {
    let id = key(record).to_string();
    shop.memory.dead_letters().into_iter().find(|letter| letter.id == id).unwrap()
}

#[tokio::test]
async fn a_letter_tells_what_failed_why_how_often_and_since_when() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let worker = shop.card_worker(ScriptedBank::answering([Err(ShopError::Bank), gone("1")]));
    let first_failed_at = shop.now();
    worker.process(from_ref(&record), None).await;
    shop.clock.advance(Duration::from_secs(7));

    let dispositions = worker.process(from_ref(&record), None).await;

    assert_eq!(dispositions, [ACKNOWLEDGE]);
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!(letter.id, key(&record).to_string());
    assert_eq!(
        (letter.queue.as_str(), letter.handler.as_deref()),
        ("charge-card", Some("charge-card"))
    );
    assert_eq!(letter.body, record.body);
    assert_eq!(letter.causes, ["the run failed", "the handler failed", "order 1 is gone"]);
    assert_eq!(letter.reason(), "the run failed: the handler failed: order 1 is gone");
    assert_eq!((letter.class, letter.attempts), (FailureClass::Permanent, 2));
    assert_eq!(letter.first_failed_at, first_failed_at);
    assert_eq!(letter.last_failed_at, first_failed_at + Duration::from_secs(7));
    let envelope = letter.envelope.unwrap();
    let mut sent = RawEnvelope::parse(&record.body).unwrap();
    sent.data = Value::Null;
    assert_eq!(envelope, sent);
    assert_eq!(envelope.correlation_id.as_str(), "chain-1");
    assert_eq!(letter.code_version, postroom::CODE_VERSION);
}

#[tokio::test]
async fn exhausted_attempts_tell_the_first_failure_and_the_last() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let worker = shop.card_worker(ScriptedBank::answering((0..5).map(|_| Err(ShopError::Bank))));
    let first_failed_at = shop.now();

    for _ in 0..5 {
        worker.process(from_ref(&record), None).await;
        shop.clock.advance(Duration::from_mins(1));
    }

    let letter = letter_of(&shop, &record);
    assert_eq!((letter.class, letter.attempts), (FailureClass::Exhausted, 5));
    assert_eq!(letter.first_failed_at, first_failed_at);
    assert_eq!(letter.last_failed_at, first_failed_at + Duration::from_mins(4));
}

#[tokio::test]
async fn messages_that_failed_in_the_same_way_have_one_fingerprint() {
    let shop = Shop::new();
    let records = [shop.placed("1").await, shop.placed("2").await, shop.placed("3").await];
    let refused = ShopError::TooManyOpen { limit: 3 };
    let worker = shop.card_worker(ScriptedBank::answering([gone("1"), gone("2"), Err(refused)]));

    let dispositions = worker.process(&records, None).await;

    assert_eq!(dispositions, [ACKNOWLEDGE; 3]);
    let [first, second, other] =
        [0, 1, 2].map(|index: usize| letter_of(&shop, &records[index]).fingerprint);
    assert_eq!(first, second);
    assert_ne!(first, other);
}

#[tokio::test]
async fn a_message_that_no_handler_takes_keeps_its_envelope() {
    let shop = Shop::new();
    let mut record = shop.placed("1").await;
    record.body = record.body.replace("order.placed", "order.unheard_of");
    let worker = shop.card_worker(ScriptedBank::default());

    worker.process(from_ref(&record), None).await;

    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!(letter.id, "charge-card#sqs-1");
    assert_eq!((letter.queue.as_str(), letter.handler), ("charge-card", None));
    assert_eq!(letter.envelope.unwrap().r#type, "order.unheard_of");
}

#[tokio::test]
async fn an_envelope_too_large_to_keep_is_in_the_body_alone() {
    let shop = Shop::new();
    let mut record = shop.placed("1").await;
    record.body = record.body.replace("order.placed", &"order.placed".repeat(10_000));
    let worker = shop.card_worker(ScriptedBank::default());

    worker.process(from_ref(&record), None).await;

    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!((letter.envelope, letter.body), (None, record.body));
    assert!(letter.causes.iter().map(String::len).sum::<usize>() < 5_000);
}

/// An order whose older version nobody can read any more.
#[derive(Serialize, Deserialize)]
struct Cursed {}

impl Message for Cursed {
    const TYPE: &'static str = "order.placed";
    const VERSION: u32 = 2;

    fn upcast(from: u32, _: Value) -> Result<Value, DecodeError> {
        panic!("version {from} is cursed")
    }
}

struct NeverRun;

impl Job<Cursed> for NeverRun {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<Cursed>, _: &Effects) -> Result<Outcome, ShopError> {
        panic!("it was read")
    }

    async fn record(&self, _: &Envelope<Cursed>, (): &(), _: &mut Tx) -> Result<(), ShopError> {
        panic!("it was read")
    }
}

#[tokio::test]
async fn a_message_that_panics_whoever_reads_it_is_parked_at_once() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let worker = Worker::new("charge-card", shop.runtime.clone(), Arc::new(shop.memory.clone()));

    let dispositions = worker.job(NeverRun).process(from_ref(&record), None).await;

    assert_eq!(dispositions, [ACKNOWLEDGE]);
    let letter = letter_of(&shop, &record);
    assert_eq!((letter.class, letter.attempts), (FailureClass::Permanent, 1));
    assert!(letter.reason().ends_with("`data` of order.placed panicked: version 1 is cursed"));
    assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 1)));
}

/// As after a deployment: the worker that could read it died, and the next one cannot.
#[tokio::test]
async fn a_message_nobody_can_read_is_parked_when_the_lease_of_one_who_could_has_run_out() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let lease = Duration::from_secs(40);
    shop.memory.claim(&shop.claim_for(&record, lease)).await.unwrap();
    let worker = Worker::new("charge-card", shop.runtime.clone(), Arc::new(shop.memory.clone()));
    let worker = worker.job(NeverRun);

    let in_flight = worker.process(from_ref(&record), None).await;
    let letters = shop.memory.dead_letters();
    shop.clock.advance(lease);
    let afterwards = worker.process(from_ref(&record), None).await;

    assert_ne!(in_flight, [ACKNOWLEDGE]);
    assert!(letters.is_empty());
    assert_eq!(afterwards, [ACKNOWLEDGE]);
    assert_eq!(letter_of(&shop, &record).class, FailureClass::Permanent);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 1)));
}
