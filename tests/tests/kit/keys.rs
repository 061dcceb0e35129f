//! What a handler knows messages by, and for how long.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{Bank, Order, OrderPlaced, PlaceOrder, ShopError};
use postroom::port::{FailureClass, Inbox, InboxRecord};
use postroom::{
    DedupKey, Disposition, Effects, Envelope, Job, Listener, OnUnknown, Origin, Outcome,
    RawEnvelope, Record, Runtime, Tx, Worker,
};

use crate::shop::{ScriptedBank, Shop};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;
const DAY: Duration = Duration::from_hours(24);

/// The order that it has no name for.
const NAMELESS: &str = "nameless";

/// Charges once for all orders, to which it gives one name.
struct ChargeOnce<const KEPT_DAYS: u64> {
    bank: ScriptedBank,
}

impl<const KEPT_DAYS: u64> Job<OrderPlaced> for ChargeOnce<KEPT_DAYS> {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    const KEPT: Duration = Duration::from_hours(24 * KEPT_DAYS);
    type Done = ();
    type Error = ShopError;

    fn key(message: &Envelope<OrderPlaced>) -> Option<DedupKey> {
        let name = if message.data.order == NAMELESS { "" } else { "all" };
        DedupKey::named(&message.tenant_id, name)
    }

    async fn perform(
        &self,
        _: &Envelope<OrderPlaced>,
        effects: &Effects,
    ) -> Result<Outcome, ShopError> {
        self.bank.charge(effects.idempotency_key())?;
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

fn worker<const KEPT_DAYS: u64>(shop: &Shop, bank: &ScriptedBank) -> Worker {
    shop.worker(ChargeOnce::<KEPT_DAYS> { bank: bank.clone() })
}

/// The message about an order that a tenant has placed.
async fn placed_by(shop: &Shop, tenant: &str, order: &str) -> Record {
    let origin = Origin { tenant_id: tenant.parse().unwrap(), ..shop.origin() };
    shop.runtime.execute(&PlaceOrder { order: order.to_owned() }, &origin).await.unwrap();
    let body = shop.sent().last().unwrap().body.clone();
    Record {
        message_id: format!("sqs-{tenant}-{order}"),
        body,
        group: None,
        receives: 1,
        refused: None,
    }
}

/// The record of the run that worked on a message.
async fn remembered(shop: &Shop, record: &Record) -> InboxRecord {
    let message = RawEnvelope::parse(&record.body).unwrap();
    let runs = Inbox::chain(&shop.memory, &message.tenant_id, &message.correlation_id, None);
    let mut runs = runs.await.unwrap().items;
    runs.retain(|found| found.run.message_id == message.id && found.run.handler == "charge-card");
    let [run] = runs.try_into().unwrap();
    run
}

#[tokio::test]
async fn messages_that_a_handler_gives_one_name_take_effect_once_and_under_one_key() {
    let shop = Shop::new();
    let records = [shop.placed("1").await, shop.placed("2").await];
    let bank = ScriptedBank::answering([Err(ShopError::Bank)]);
    let worker = worker::<0>(&shop, &bank);

    let mut dispositions = Vec::new();
    for record in [&records[0], &records[1], &records[0]] {
        dispositions.extend(worker.process(from_ref(record), None).await);
    }

    assert!(matches!(dispositions[0], Disposition::Redeliver { after: Some(_) }));
    assert_eq!(dispositions[1..], [ACKNOWLEDGE, ACKNOWLEDGE]);
    let keys = bank.keys.lock().unwrap().clone();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
    assert_eq!(remembered(&shop, &records[1]).await.attempts, 1);
}

#[tokio::test]
async fn other_tenants_may_give_the_same_name() {
    let shop = Shop::new();
    let bank = ScriptedBank::default();
    let worker = worker::<0>(&shop, &bank);

    for tenant in ["a", "b"] {
        let record = placed_by(&shop, tenant, "1").await;
        worker.process(from_ref(&record), None).await;
    }

    assert_eq!(bank.keys.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_message_without_a_key_is_parked_untried_with_its_handlers_name() {
    let shop = Shop::new();
    let record = shop.placed(NAMELESS).await;
    let bank = ScriptedBank::default();
    let worker = worker::<0>(&shop, &bank);

    for _ in 0..2 {
        assert_eq!(worker.process(from_ref(&record), None).await, [ACKNOWLEDGE]);
    }

    assert!(bank.keys.lock().unwrap().is_empty());
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!((letter.class, letter.attempts), (FailureClass::Permanent, 1));
    assert_eq!(letter.reason(), "charge-card knows the message by no key");
}

#[tokio::test]
async fn a_run_is_remembered_as_long_as_its_handler_says_and_never_too_short() {
    let longer = Runtime::REMEMBERS + 60 * DAY;

    assert_eq!(kept_for::<90>().await, longer);
    assert_eq!(kept_for::<1>().await, Runtime::REMEMBERS);
}

/// How long a job that says so many days is remembered.
async fn kept_for<const KEPT_DAYS: u64>() -> Duration {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let worker = worker::<KEPT_DAYS>(&shop, &ScriptedBank::default());
    worker.process(from_ref(&record), None).await;
    let run = remembered(&shop, &record).await.run;
    postroom::between(run.started_at, run.expires_at)
}

/// Turns an order from unpaid to paid and back, so that a second effect shows.
struct StampOnce;

impl Listener<OrderPlaced> for StampOnce {
    const NAME: &'static str = "charge-card";
    type Error = ShopError;

    fn key(event: &Envelope<OrderPlaced>) -> Option<DedupKey> {
        DedupKey::named(&event.tenant_id, "all")
    }

    async fn on(&self, _: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let mut order = tx.load(&Order::at("1")).await?.unwrap();
        order.paid = !order.paid;
        tx.save(&order)?;
        Ok(Outcome::DONE)
    }
}

#[tokio::test]
async fn events_that_a_queued_listener_gives_one_name_take_effect_once() {
    let shop = Shop::new();
    let records = [shop.placed("1").await, shop.placed("2").await];
    let letters = Arc::new(shop.memory.clone());
    let worker = Worker::new("charge-card", shop.runtime.clone(), letters).listener(StampOnce);

    for record in &records {
        assert_eq!(worker.process(from_ref(record), None).await, [ACKNOWLEDGE]);
    }

    assert!(shop.paid("1").await);
}
