//! Leases: one worker at a time, and a late one changes nothing.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{Bank, Order, OrderPlaced, ShopError};
use postroom::port::{Claimed, Inbox, LeaseError, RunStatus};
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
}

impl Job<OrderPlaced> for Slow {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<OrderPlaced>, _: &Effects) -> Result<Outcome, ShopError> {
        self.shop.clock.advance(Duration::from_hours(1));
        let rival = self.shop.card_worker(self.rival.clone());
        assert_eq!(rival.process(from_ref(&self.record), None).await, [ACKNOWLEDGE]);
        Ok(Outcome::DONE)
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
    let slow = Slow { shop: shop.clone(), rival: ScriptedBank::default(), record: record.clone() };

    let dispositions = shop.worker(slow).process(from_ref(&record), None).await;

    assert!(shop.paid("1").await, "the late owner has overwritten the rival's work");
    assert_eq!(dispositions, [ACKNOWLEDGE]);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Done, 0)));
}

#[tokio::test]
async fn only_the_holder_renews_releases_or_fails_a_lease() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let lease = Duration::from_secs(40);
    let old = shop.claim_for(&record, lease);
    shop.memory.claim(&old).await.unwrap();
    shop.clock.advance(2 * lease);
    let new = shop.claim_for(&record, lease);
    let taken = shop.memory.claim(&new).await;

    let late = shop.memory.renew(&old.run.key, old.owner, new.until).await;

    assert_eq!(taken.unwrap(), Claimed::Granted { attempts: 0, unknown: true });
    assert!(matches!(late, Err(LeaseError::LeaseLost)));
    assert!(shop.memory.renew(&old.run.key, new.owner, new.until).await.is_ok());
}

struct AtMostOnce(ScriptedBank);

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
        self.0.charge(effects.idempotency_key())?;
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
async fn an_effect_that_must_not_repeat_is_parked_when_its_outcome_is_unknown() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let lease = Duration::from_secs(40);
    shop.memory.claim(&shop.claim_for(&record, lease)).await.unwrap();
    shop.clock.advance(2 * lease);
    let bank = ScriptedBank::default();

    let dispositions = shop.worker(AtMostOnce(bank.clone())).process(from_ref(&record), None).await;

    assert_eq!(dispositions, [ACKNOWLEDGE]);
    assert!(bank.keys.lock().unwrap().is_empty());
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert!(letter.reason.contains("without a trace"), "{}", letter.reason);
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
