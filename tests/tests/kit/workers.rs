//! A worker: every record's message is done, parked, or delivered again. What becomes of a batch of them, line by line,
//! is said in `contract/batches`.

use std::future::ready;
use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{ChargeCard, Order, OrderPlaced, ShopError};
use postroom::port::{DeadLetter, DeadLetters, FailureClass, RunStatus, StoreError};
use postroom::{
    BoxFuture, Disposition, Effects, Envelope, Job, Listener, OnUnknown, Outcome, Record, Tx,
    Worker,
};

use crate::shop::{ScriptedBank, Shop, key};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;
const AT_ONCE: Disposition = Disposition::Redeliver { after: Some(Duration::ZERO) };

#[tokio::test]
async fn a_job_takes_effect_once_and_its_duplicates_change_nothing() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let bank = ScriptedBank::default();
    let worker = shop.card_worker(bank.clone());

    let first = worker.process(from_ref(&record), None).await;
    let again = worker.process(from_ref(&record), None).await;

    assert_eq!((first, again), (vec![ACKNOWLEDGE], vec![ACKNOWLEDGE]));
    assert_eq!(*bank.keys.lock().unwrap(), [key(&record).to_string()]);
    assert!(shop.paid("1").await);
    assert_eq!(shop.journal().await.len(), 2);
}

#[tokio::test]
async fn a_passing_failure_is_counted_and_tried_again_under_the_same_key() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let bank = ScriptedBank::answering([Err(ShopError::Bank), Err(ShopError::Bank)]);
    let worker = shop.card_worker(bank.clone());

    for attempt in 1..=2 {
        let dispositions = worker.process(from_ref(&record), None).await;
        let [Disposition::Redeliver { after: Some(after) }] = dispositions[..] else {
            panic!("{dispositions:?}")
        };
        assert!(after <= Duration::from_secs(10));
        assert_eq!(shop.status(&record).await, Some((RunStatus::Waiting, attempt)));
    }
    let done = worker.process(from_ref(&record), None).await;

    assert_eq!(done, [ACKNOWLEDGE]);
    let keys = bank.keys.lock().unwrap().clone();
    assert_eq!(keys, vec![key(&record).to_string(); 3]);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Done, 2)));
}

#[tokio::test]
async fn exhausted_attempts_are_parked_with_the_last_reason_and_not_run_again() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let bank = ScriptedBank::answering((0..5).map(|_| Err(ShopError::Bank)));
    let worker = shop.card_worker(bank.clone());

    let mut dispositions = Vec::new();
    for _ in 0..6 {
        dispositions.extend(worker.process(from_ref(&record), None).await);
    }

    assert!(dispositions[..4].iter().all(|disposition| *disposition != ACKNOWLEDGE));
    assert_eq!(dispositions[4..], [ACKNOWLEDGE, ACKNOWLEDGE]);
    assert_eq!(bank.keys.lock().unwrap().len(), 5);
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!((letter.attempts, letter.class), (5, FailureClass::Exhausted));
    assert_eq!(letter.causes.last().unwrap(), "the bank does not answer");
    assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 5)));
}

#[tokio::test]
async fn a_permanent_failure_is_parked_at_once() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let gone = Err(ShopError::Gone { order: "1".to_owned() });
    let worker = shop.card_worker(ScriptedBank::answering([gone]));

    let dispositions = worker.process(from_ref(&record), None).await;

    assert_eq!(dispositions, [ACKNOWLEDGE]);
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!(letter.class, FailureClass::Permanent);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 1)));
}

/// What a job does with an order.
enum Step {
    Finish,
    Panic,
}

/// A job without an effect, that finishes or not as its orders say.
struct Steps(fn(&str) -> Step);

impl Job<OrderPlaced> for Steps {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    const TIME_NEEDED: Duration = Duration::from_secs(10);
    type Done = ();
    type Error = ShopError;

    async fn perform(
        &self,
        message: &Envelope<OrderPlaced>,
        _: &Effects,
    ) -> Result<Outcome, ShopError> {
        match (self.0)(&message.data.order) {
            Step::Finish => {}
            Step::Panic => panic!("order {} is cursed", message.data.order),
        }
        Ok(Outcome::DONE)
    }

    async fn record(
        &self,
        _: &Envelope<OrderPlaced>,
        (): &(),
        _: &mut Tx,
    ) -> Result<(), ShopError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_panic_is_one_records_failure_and_the_others_finish() {
    let shop = Shop::new();
    let records = [shop.placed("1").await, shop.placed("2").await];

    let dispositions = shop
        .worker(Steps(|order| if order == "1" { Step::Panic } else { Step::Finish }))
        .process(&records, None)
        .await;

    assert!(matches!(dispositions[0], Disposition::Redeliver { after: Some(_) }));
    assert_eq!(dispositions[1], ACKNOWLEDGE);
    assert_eq!(shop.status(&records[0]).await, Some((RunStatus::Waiting, 1)));
}

#[tokio::test]
async fn nothing_starts_with_less_time_than_it_needs() {
    // Its ten seconds, and the last second.
    for (left_ms, disposition) in [(11_000, ACKNOWLEDGE), (10_999, AT_ONCE)] {
        let shop = Shop::new();
        let record = shop.placed("1").await;
        let worker = shop.worker(Steps(|_| Step::Finish));
        let deadline = shop.now() + Duration::from_millis(left_ms);

        let dispositions = worker.process(from_ref(&record), Some(deadline)).await;

        assert_eq!(dispositions, [disposition]);
        assert_eq!(shop.status(&record).await.is_some(), disposition == ACKNOWLEDGE);
    }
}

/// Turns an order from unpaid to paid and back, so that a second effect shows; or fails.
struct Stamp {
    fails: Option<fn() -> ShopError>,
}

impl Listener<OrderPlaced> for Stamp {
    const NAME: &'static str = "charge-card";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        if let Some(error) = self.fails {
            return Err(error());
        }
        let mut order = tx.load(&Order::at(&event.data.order)).await?.unwrap();
        order.paid = !order.paid;
        tx.save(&order)?;
        Ok(Outcome::DONE)
    }
}

fn listening(shop: &Shop, fails: Option<fn() -> ShopError>) -> Worker {
    let letters = Arc::new(shop.memory.clone());
    Worker::new("charge-card", shop.runtime.clone(), letters).listener(Stamp { fails })
}

#[tokio::test]
async fn a_queued_listener_commits_its_key_with_its_writes() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let worker = listening(&shop, None);

    for _ in 0..3 {
        assert_eq!(worker.process(from_ref(&record), None).await, [ACKNOWLEDGE]);
    }

    assert!(shop.paid("1").await);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Done, 0)));
}

#[tokio::test]
async fn an_error_after_the_effect_is_a_duplicate_and_no_failure() {
    let permanent: fn() -> ShopError = || ShopError::Gone { order: "1".to_owned() };
    for error in [|| ShopError::Bank, permanent] {
        let shop = Shop::new();
        let record = shop.placed("1").await;
        listening(&shop, None).process(from_ref(&record), None).await;

        let again = listening(&shop, Some(error)).process(from_ref(&record), None).await;

        assert_eq!(again, [ACKNOWLEDGE]);
        assert_eq!(shop.status(&record).await, Some((RunStatus::Done, 0)));
        assert!(shop.memory.dead_letters().is_empty());
    }
}

/// A dead-letter store that is out of reach.
struct NoLetters;

impl DeadLetters for NoLetters {
    fn prepare<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { self.park(letter).await.map(drop) })
    }

    fn park<'a>(&'a self, _: &'a DeadLetter) -> BoxFuture<'a, Result<bool, StoreError>> {
        let error = StoreError::Unavailable { operation: "park", source: "out of reach".into() };
        Box::pin(ready(Err(error)))
    }

    fn find<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        Box::pin(ready(Ok(None)))
    }
}

#[tokio::test]
async fn what_cannot_be_parked_is_not_acknowledged() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let unreadable = Record {
        message_id: "bad".to_owned(),
        body: "null".to_owned(),
        group: None,
        receives: 1,
        refused: None,
    };
    let gone = Err(ShopError::Gone { order: "1".to_owned() });
    let bank = ScriptedBank::answering([gone]);
    let worker = Worker::new("charge-card", shop.runtime.clone(), Arc::new(NoLetters));

    let dispositions =
        worker.job(ChargeCard { bank }).process(&[record.clone(), unreadable], None).await;

    assert_eq!(dispositions, [Disposition::Redeliver { after: None }; 2]);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Running, 0)));
}
