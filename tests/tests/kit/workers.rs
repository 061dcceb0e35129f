//! A worker: every record's message is done, parked, or delivered again.

use std::future::{pending, ready};
use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{ChargeCard, Order, OrderPlaced, ShopError};
use postroom::port::{
    Claim, Claimed, DeadLetter, DeadLetters, Inbox, LeaseError, Run, RunKey, RunStatus, StoreError,
};
use postroom::{
    BoxFuture, Disposition, Effects, Envelope, Ids, Job, Listener, OnUnknown, Outcome, RawEnvelope,
    Record, Tx, Worker,
};

use crate::shop::{Mishap, ScriptedBank, Shop, tenant};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;

fn envelope(record: &Record) -> RawEnvelope {
    RawEnvelope::parse(&record.body).unwrap()
}

fn key(record: &Record) -> RunKey {
    RunKey::of_handler("charge-card", envelope(record).id)
}

async fn status(shop: &Shop, record: &Record) -> Option<(RunStatus, u32)> {
    let found = Inbox::find(&shop.memory, &key(record), shop.now()).await.unwrap();
    found.map(|found| (found.status, found.attempts))
}

async fn paid(shop: &Shop, order: &str) -> bool {
    shop.runtime.reader(&tenant()).get(&Order::at(order)).await.unwrap().unwrap().value.paid
}

fn claim(shop: &Shop, record: &Record, lease: Duration) -> Claim {
    let envelope = envelope(record);
    let run = Run {
        key: key(record),
        handler: "charge-card".to_owned(),
        message_id: envelope.id,
        tenant_id: envelope.tenant_id,
        actor_id: envelope.actor_id,
        correlation_id: envelope.correlation_id,
        started_at: shop.now(),
        expires_at: shop.now() + Duration::from_hours(24),
    };
    Claim { run, owner: shop.ids.fresh().into(), until: shop.now() + lease }
}

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
    assert!(paid(&shop, "1").await);
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
        assert!(after < Duration::from_secs(4));
        assert_eq!(status(&shop, &record).await, Some((RunStatus::Waiting, attempt)));
    }
    let done = worker.process(from_ref(&record), None).await;

    assert_eq!(done, [ACKNOWLEDGE]);
    let keys = bank.keys.lock().unwrap().clone();
    assert_eq!(keys, vec![key(&record).to_string(); 3]);
    assert_eq!(status(&shop, &record).await, Some((RunStatus::Done, 2)));
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
    assert_eq!(
        (letter.id, letter.attempts, letter.permanent),
        (key(&record).to_string(), 5, false)
    );
    assert!(letter.reason.ends_with("the bank does not answer"), "{}", letter.reason);
    assert_eq!(letter.body, record.body);
    assert_eq!(status(&shop, &record).await, Some((RunStatus::Parked, 5)));
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
    assert!(letter.permanent);
    assert_eq!(status(&shop, &record).await, Some((RunStatus::Parked, 1)));
}

#[tokio::test]
async fn a_body_nobody_can_read_is_parked_with_the_path_and_harms_no_neighbour() {
    let shop = Shop::new();
    let good = shop.placed("1").await;
    let altered = |from: &str, to: &str| good.body.replace(from, to);
    let bodies = [
        "not json".to_owned(),
        "null".to_owned(),
        String::new(),
        altered("\"1.0\"", "\"2.0\""),
        altered("order.placed", "order.unheard_of"),
        altered("\"dataversion\":1", "\"dataversion\":2"),
        altered("{\"order\":\"1\"}", "{\"order\":7}"),
        altered("\"time\":\"2026", "\"time\":\"no time"),
    ];
    let mut records: Vec<_> = bodies
        .into_iter()
        .enumerate()
        .map(|(index, body)| Record { message_id: format!("bad-{index}"), body })
        .collect();
    records.push(good);
    let worker = shop.card_worker(ScriptedBank::default());

    let dispositions = worker.process(&records, None).await;

    assert_eq!(dispositions, [ACKNOWLEDGE; 9]);
    assert!(paid(&shop, "1").await);
    let reasons: Vec<_> =
        shop.memory.dead_letters().into_iter().map(|letter| letter.reason).collect();
    // Bodies with one event id share one dead letter: the last of them stands for both.
    assert!(reasons.len() >= 7, "{reasons:#?}");
    let told = |part: &str| reasons.iter().any(|reason| reason.contains(part));
    for part in ["`time`", "`2.0`", "order.unheard_of", "malformed at `order`"] {
        assert!(told(part), "{part} is in none of {reasons:#?}");
    }
}

struct Panics;

impl Job<OrderPlaced> for Panics {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(
        &self,
        message: &Envelope<OrderPlaced>,
        _: &Effects,
    ) -> Result<Outcome, ShopError> {
        assert!(message.data.order != "1", "order 1 is cursed");
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

    let dispositions = shop.worker(Panics).process(&records, None).await;

    assert!(matches!(dispositions[0], Disposition::Redeliver { after: Some(_) }));
    assert_eq!(dispositions[1], ACKNOWLEDGE);
    assert_eq!(status(&shop, &records[0]).await, Some((RunStatus::Waiting, 1)));
}

#[tokio::test]
async fn what_another_worker_is_at_is_delivered_again_when_its_lease_ends() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let lease = Duration::from_secs(40);
    shop.memory.claim(&claim(&shop, &record, lease)).await.unwrap();
    let bank = ScriptedBank::default();

    let dispositions = shop.card_worker(bank.clone()).process(from_ref(&record), None).await;

    assert_eq!(dispositions, [Disposition::Redeliver { after: Some(lease) }]);
    assert!(bank.keys.lock().unwrap().is_empty());
    assert_eq!(status(&shop, &record).await, Some((RunStatus::Running, 0)));
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

    assert!(paid(&shop, "1").await, "the late owner has overwritten the rival's work");
    assert_eq!(dispositions, [ACKNOWLEDGE]);
    assert_eq!(status(&shop, &record).await, Some((RunStatus::Done, 0)));
}

#[tokio::test]
async fn only_the_holder_renews_releases_or_fails_a_lease() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let lease = Duration::from_secs(40);
    let old = claim(&shop, &record, lease);
    shop.memory.claim(&old).await.unwrap();
    shop.clock.advance(2 * lease);
    let new = claim(&shop, &record, lease);
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
        use postroom::doc_example::Bank;
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
    shop.memory.claim(&claim(&shop, &record, lease)).await.unwrap();
    shop.clock.advance(2 * lease);
    let bank = ScriptedBank::default();

    let dispositions = shop.worker(AtMostOnce(bank.clone())).process(from_ref(&record), None).await;

    assert_eq!(dispositions, [ACKNOWLEDGE]);
    assert!(bank.keys.lock().unwrap().is_empty());
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert!(letter.reason.contains("without a trace"), "{}", letter.reason);
    assert_eq!(status(&shop, &record).await.unwrap().0, RunStatus::Parked);
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

struct Endless;

impl Job<OrderPlaced> for Endless {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(
        &self,
        message: &Envelope<OrderPlaced>,
        _: &Effects,
    ) -> Result<Outcome, ShopError> {
        if message.data.order == "1" {
            pending::<()>().await;
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
async fn what_runs_at_the_deadline_is_cancelled_and_what_is_done_stays_done() {
    let shop = Shop::new();
    let records = [shop.placed("2").await, shop.placed("1").await];
    let deadline = shop.now() + Duration::from_secs(30);

    let dispositions = shop.worker(Endless).process(&records, Some(deadline)).await;

    assert_eq!(dispositions, [ACKNOWLEDGE, Disposition::Redeliver { after: None }]);
    assert!(shop.now() < deadline, "the answer leaves before the deadline");
}

#[tokio::test]
async fn nothing_starts_inside_the_last_second() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let bank = ScriptedBank::default();
    let deadline = shop.now() + Duration::from_millis(900);

    let dispositions =
        shop.card_worker(bank.clone()).process(from_ref(&record), Some(deadline)).await;

    assert_eq!(dispositions, [Disposition::Redeliver { after: None }]);
    assert!(bank.keys.lock().unwrap().is_empty());
    assert_eq!(status(&shop, &record).await, None);
}

/// Counts the orders it has seen in the order itself, or fails when told to.
struct Stamp {
    fails: bool,
}

impl Listener<OrderPlaced> for Stamp {
    const NAME: &'static str = "charge-card";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        if self.fails {
            return Err(ShopError::Bank);
        }
        let mut order = tx.load(&Order::at(&event.data.order)).await?.unwrap();
        order.paid = !order.paid;
        tx.save(&order)?;
        Ok(Outcome::DONE)
    }
}

fn listening(shop: &Shop, fails: bool) -> Worker {
    let letters = Arc::new(shop.memory.clone());
    Worker::new("charge-card", shop.runtime.clone(), letters).listener(Stamp { fails })
}

#[tokio::test]
async fn a_queued_listener_commits_its_key_with_its_writes() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let worker = listening(&shop, false);

    for _ in 0..3 {
        assert_eq!(worker.process(from_ref(&record), None).await, [ACKNOWLEDGE]);
    }

    assert!(paid(&shop, "1").await);
    assert_eq!(status(&shop, &record).await, Some((RunStatus::Done, 0)));
}

#[tokio::test]
async fn an_error_after_the_effect_is_a_duplicate_and_no_failure() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    listening(&shop, false).process(from_ref(&record), None).await;

    let again = listening(&shop, true).process(from_ref(&record), None).await;

    assert_eq!(again, [ACKNOWLEDGE]);
    assert_eq!(status(&shop, &record).await, Some((RunStatus::Done, 0)));
}

/// A dead-letter store that is out of reach.
struct NoLetters;

impl DeadLetters for NoLetters {
    fn park<'a>(&'a self, _: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
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
    let unreadable = Record { message_id: "bad".to_owned(), body: "null".to_owned() };
    let gone = Err(ShopError::Gone { order: "1".to_owned() });
    let bank = ScriptedBank::answering([gone]);
    let worker = Worker::new("charge-card", shop.runtime.clone(), Arc::new(NoLetters));

    let dispositions =
        worker.job(ChargeCard { bank }).process(&[record.clone(), unreadable], None).await;

    assert_eq!(dispositions, [Disposition::Redeliver { after: None }; 2]);
    assert_eq!(status(&shop, &record).await, Some((RunStatus::Running, 0)));
}
