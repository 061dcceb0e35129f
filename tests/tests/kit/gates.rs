//! Jobs behind a gate: while their service is down nothing is claimed, no attempt is counted, and nobody overtakes.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{Bank, ChargeCard, OrderPlaced, ShopError};
use postroom::port::{Breaker, Breakers, RunStatus};
use postroom::{Disposition, Gate, Record, Worker};

use crate::shop::{ScriptedBank, Shop};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;

/// A process whose jobs call the bank through its gate.
fn worker(shop: &Shop, bank: &ScriptedBank) -> Worker {
    worker_of(shop, bank.clone())
}

fn worker_of<B: Bank>(shop: &Shop, bank: B) -> Worker {
    let shared = Arc::new(shop.memory.clone());
    let gate = Arc::new(Gate::new("bank", shared.clone(), shared.clone()));
    let job = ChargeCard { bank };
    Worker::new("charge-card", shop.runtime.clone(), shared).gated_job::<OrderPlaced, _>(job, gate)
}

async fn records(shop: &Shop, count: usize) -> Vec<Record> {
    let mut records = Vec::new();
    for order in 0..count {
        records.push(shop.placed(&order.to_string()).await);
    }
    records
}

/// A bank that is down for so many calls.
fn down_for(calls: usize) -> ScriptedBank {
    ScriptedBank::answering((0..calls).map(|_| Err(ShopError::Bank)))
}

fn calls(bank: &ScriptedBank) -> usize {
    bank.keys.lock().unwrap().len()
}

async fn breaker(shop: &Shop) -> Breaker {
    Breakers::find(&shop.memory, "bank").await.unwrap()
}

fn waits(disposition: Disposition) -> Duration {
    match disposition {
        Disposition::Redeliver { after: Some(after) } => after,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn while_the_service_is_down_nothing_is_claimed_and_messages_wait_for_the_probe() {
    let shop = Shop::new();
    let records = records(&shop, 20).await;
    let bank = down_for(100);
    let worker = worker(&shop, &bank);

    let dispositions = worker.process(&records, None).await;

    assert_eq!(calls(&bank), 5);
    for (record, disposition) in records.iter().zip(dispositions).skip(5) {
        let wait = waits(disposition);
        assert!((10_000..=11_250).contains(&wait.as_millis()), "{wait:?}");
        assert_eq!(shop.status(record).await, None, "it was claimed");
    }
}

#[tokio::test]
async fn a_probe_that_fails_is_no_attempt_however_often() {
    let shop = Shop::new();
    let records = records(&shop, 5).await;
    let bank = down_for(25);
    let worker = worker(&shop, &bank);
    worker.process(&records, None).await;
    let probe = shop.placed("probe").await;

    for time in 1..=20 {
        let wait = waits(worker.process(from_ref(&probe), None).await[0]);
        assert!(wait <= Duration::from_mins(17), "{wait:?}");
        shop.clock.advance(wait);
        assert!(calls(&bank) < 5 + time, "it was tried before its time");
    }
    while calls(&bank) < 25 {
        let wait = waits(worker.process(from_ref(&probe), None).await[0]);
        shop.clock.advance(wait);
    }
    assert_eq!(shop.status(&probe).await, Some((RunStatus::Waiting, 0)));
    assert_eq!(worker.process(from_ref(&probe), None).await, [ACKNOWLEDGE]);

    assert_eq!(breaker(&shop).await, Breaker::Closed);
    assert_eq!(worker.process(&records, None).await, [ACKNOWLEDGE; 5]);
    assert!(shop.memory.dead_letters().is_empty());
}

#[tokio::test]
async fn failures_of_a_message_alone_are_its_own_and_open_nothing() {
    let shop = Shop::new();
    let records = records(&shop, 10).await;
    let gone = || Err(ShopError::Gone { order: "1".to_owned() });
    let bank = ScriptedBank::answering((0..10).map(|_| gone()));

    worker(&shop, &bank).process(&records, None).await;

    assert_eq!(shop.memory.dead_letters().len(), 10);
    assert_eq!(breaker(&shop).await, Breaker::Closed);
}

#[tokio::test]
async fn a_message_that_always_fails_is_parked_although_it_opens_the_breaker() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let bank = down_for(5);
    let worker = worker(&shop, &bank);

    for _ in 0..4 {
        waits(worker.process(from_ref(&record), None).await[0]);
    }
    let last = worker.process(from_ref(&record), None).await;

    assert_eq!(last, [ACKNOWLEDGE]);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 5)));
    assert!(matches!(breaker(&shop).await, Breaker::Open { .. }));
}

#[tokio::test]
async fn a_duplicate_that_is_elected_leaves_the_probe_to_a_message_that_calls() {
    let shop = Shop::new();
    let done = shop.placed("done").await;
    let records = records(&shop, 5).await;
    let bank = ScriptedBank::default();
    let worker = worker(&shop, &bank);
    worker.process(from_ref(&done), None).await;
    bank.answers.lock().unwrap().extend((0..5).map(|_| Err(ShopError::Bank)));
    worker.process(&records, None).await;
    shop.clock.advance(Duration::from_secs(12));

    let duplicate = worker.process(from_ref(&done), None).await;
    let next = worker.process(&records[..1], None).await;

    assert_eq!((duplicate, next), (vec![ACKNOWLEDGE], vec![ACKNOWLEDGE]));
    assert_eq!(breaker(&shop).await, Breaker::Closed);
}

/// Panics when it is asked.
struct Bomb;

impl Bank for Bomb {
    fn charge(&self, _: &str) -> Result<String, ShopError> {
        panic!("no bank can do that")
    }
}

#[tokio::test]
async fn a_prober_that_panics_leaves_the_probe_to_the_next() {
    let shop = Shop::new();
    let records = records(&shop, 5).await;
    let bank = down_for(5);
    let worker = worker(&shop, &bank);
    worker.process(&records, None).await;
    shop.clock.advance(Duration::from_secs(12));
    let probe = shop.placed("probe").await;

    let panicked = worker_of(&shop, Bomb).process(from_ref(&probe), None).await;
    let next = worker.process(&records[..1], None).await;

    assert!(matches!(panicked[0], Disposition::Redeliver { .. }), "{panicked:?}");
    assert_eq!(shop.status(&probe).await, Some((RunStatus::Waiting, 1)));
    assert_eq!(next, [ACKNOWLEDGE]);
    assert_eq!(breaker(&shop).await, Breaker::Closed);
}

#[tokio::test]
async fn behind_a_head_that_waits_for_the_probe_nobody_of_its_group_overtakes() {
    let shop = Shop::new();
    let others = records(&shop, 5).await;
    let bank = down_for(5);
    let worker = worker(&shop, &bank);
    worker.process(&others, None).await;
    let mut group = Vec::new();
    for order in ["first", "second", "third"] {
        group.push(Record { group: Some("g".to_owned()), ..shop.placed(order).await });
    }

    let held = worker.process(&group, None).await;
    shop.clock.advance(waits(held[0]));
    let done = worker.process(&group, None).await;

    // All wait as long as the head: the queue gives out nothing of the group before, and then the head first.
    assert_eq!(held, [held[0]; 3]);
    assert_eq!(done, [ACKNOWLEDGE; 3]);
    let in_order: Vec<_> =
        group.iter().map(|record| crate::shop::key(record).to_string()).collect();
    assert_eq!(bank.keys.lock().unwrap()[5..], in_order);
}
