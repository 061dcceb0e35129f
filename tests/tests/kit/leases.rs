//! Leases: one worker at a time, and a late one changes nothing.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{Bank, Order, OrderPlaced, ShopError};
use postroom::port::{Inbox, RunStatus};
use postroom::{Disposition, Effects, Envelope, Job, OnUnknown, Outcome, Record, Tx};

use crate::shop::{Mishap, ScriptedBank, Shop};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;

#[tokio::test]
async fn what_another_worker_is_at_is_delivered_again_when_its_lease_ends() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let lease = Duration::from_secs(40);
    shop.memory.claim(&shop.claim_for(&record, lease)).await.unwrap();
    let bank = ScriptedBank::default();

    let dispositions = shop.card_worker(bank.clone()).process(from_ref(&record), None).await;

    assert_eq!(dispositions, [Disposition::Redeliver { after: Some(lease) }]);
    assert!(bank.keys.lock().unwrap().is_empty());
    assert_eq!(shop.status(&record).await, Some((RunStatus::Running, 0)));
}

/// Its lease runs out, and another worker takes over and finishes, while it is still at it.
struct Slow {
    shop: Arc<Shop>,
    rival: ScriptedBank,
    record: Record,
    then: Result<(), fn() -> ShopError>,
}

impl Job<OrderPlaced> for Slow {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<OrderPlaced>, _: &Effects) -> Result<Outcome, ShopError> {
        self.shop.clock.advance(Duration::from_hours(1));
        let rival = self.shop.card_worker(self.rival.clone());
        rival.process(from_ref(&self.record), None).await;
        self.then.map(|()| Outcome::DONE).map_err(|error| error())
    }

    async fn record(
        &self,
        message: &Envelope<OrderPlaced>,
        (): &(),
        tx: &mut Tx,
    ) -> Result<(), ShopError> {
        let mut order = tx.load(&Order::at(&message.data.order)).await?.unwrap();
        order.paid = false;
        tx.save(&order)?;
        Ok(())
    }
}

#[tokio::test]
async fn a_late_owner_changes_nothing() {
    let shop = Arc::new(Shop::new());
    let record = shop.placed("1").await;
    let slow = Slow {
        shop: shop.clone(),
        rival: ScriptedBank::default(),
        record: record.clone(),
        then: Ok(()),
    };

    let dispositions = shop.worker(slow).process(from_ref(&record), None).await;

    assert!(shop.paid("1").await, "the late owner has overwritten the rival's work");
    assert_eq!(dispositions, [ACKNOWLEDGE]);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Done, 0)));
}

#[tokio::test]
async fn a_late_owner_that_fails_for_good_parks_nothing() {
    let gone: fn() -> ShopError = || ShopError::Gone { order: "1".to_owned() };
    for rivals_answer in [Ok("receipt".to_owned()), Err(ShopError::Bank)] {
        let shop = Arc::new(Shop::new());
        let record = shop.placed("1").await;
        let rival_is_done = rivals_answer.is_ok();
        let rival = ScriptedBank::answering([rivals_answer]);
        let slow = Slow { shop: shop.clone(), rival, record: record.clone(), then: Err(gone) };

        let dispositions = shop.worker(slow).process(from_ref(&record), None).await;

        assert!(shop.memory.dead_letters().is_empty());
        assert_eq!(dispositions == [ACKNOWLEDGE], rival_is_done, "{dispositions:?}");
    }
}

/// Charges at most once, and then does something else.
struct AtMostOnce {
    bank: ScriptedBank,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    Finish,
    Panic,
    FailToRecord,
}

impl Job<OrderPlaced> for AtMostOnce {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Park;
    type Done = ();
    type Error = ShopError;

    async fn perform(
        &self,
        _: &Envelope<OrderPlaced>,
        effects: &Effects,
    ) -> Result<Outcome, ShopError> {
        self.bank.charge(effects.idempotency_key())?;
        assert!(!matches!(self.then, Then::Panic), "after the effect");
        Ok(Outcome::DONE)
    }

    async fn record(
        &self,
        _: &Envelope<OrderPlaced>,
        (): &(),
        _: &mut Tx,
    ) -> Result<(), ShopError> {
        match self.then {
            Then::FailToRecord => Err(ShopError::Bank),
            Then::Finish | Then::Panic => Ok(()),
        }
    }
}

#[tokio::test]
async fn an_effect_that_must_not_repeat_does_not_whatever_goes_wrong_behind_it() {
    let wrongs = [
        (Then::Panic, vec![]),
        (Then::FailToRecord, vec![]),
        (Then::Finish, vec![Mishap::Throttled; 4]),
        (Then::Finish, vec![Mishap::LostRace; 5]),
    ];
    for (then, mishaps) in wrongs {
        let shop = Shop::new();
        let record = shop.placed("1").await;
        shop.mishaps(mishaps);
        let bank = ScriptedBank::default();
        let worker = shop.worker(AtMostOnce { bank: bank.clone(), then });

        for _ in 0..3 {
            assert_eq!(worker.process(from_ref(&record), None).await, [ACKNOWLEDGE]);
        }

        assert_eq!(bank.keys.lock().unwrap().len(), 1);
        assert_eq!(shop.memory.dead_letters().len(), 1);
        assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 1)));
    }
}

#[tokio::test]
async fn an_effect_that_must_not_repeat_is_tried_again_when_it_says_that_it_did_not_happen() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let bank = ScriptedBank::answering([Err(ShopError::Bank)]);
    let worker = shop.worker(AtMostOnce { bank: bank.clone(), then: Then::Finish });

    let first = worker.process(from_ref(&record), None).await;
    let second = worker.process(from_ref(&record), None).await;

    assert!(matches!(first[..], [Disposition::Redeliver { after: Some(_) }]));
    assert_eq!(second, [ACKNOWLEDGE]);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Done, 1)));
}

#[tokio::test]
async fn an_effect_that_must_not_repeat_is_parked_when_its_outcome_is_unknown() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let lease = Duration::from_secs(40);
    shop.memory.claim(&shop.claim_for(&record, lease)).await.unwrap();
    shop.clock.advance(2 * lease);
    let bank = ScriptedBank::default();

    let dispositions = shop
        .worker(AtMostOnce { bank: bank.clone(), then: Then::Finish })
        .process(from_ref(&record), None)
        .await;

    assert_eq!(dispositions, [ACKNOWLEDGE]);
    assert!(bank.keys.lock().unwrap().is_empty());
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert!(letter.reason().contains("without a trace"), "{letter:?}");
    assert_eq!(shop.status(&record).await.unwrap().0, RunStatus::Parked);
}

#[tokio::test]
async fn what_a_job_did_is_recorded_again_after_a_lost_race_but_not_done_again() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    shop.mishaps([Mishap::LostRace, Mishap::AnswerLost]);
    let bank = ScriptedBank::default();

    let dispositions = shop.card_worker(bank.clone()).process(&[record], None).await;

    assert_eq!(dispositions, [ACKNOWLEDGE]);
    assert_eq!(bank.keys.lock().unwrap().len(), 1);
    assert_eq!(shop.journal().await.len(), 2);
}
