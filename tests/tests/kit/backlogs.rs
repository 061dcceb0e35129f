//! Queues of many messages, or of few that nothing helps, behind a gate: nothing is given out so often that its queue
//! gives it up.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postroom::doc_example::{Bank, ChargeCard, OrderPlaced, Settings, ShopError, reactions};
use postroom::memory::ManualClock;
use postroom::port::{Breaker, BreakerChange, Breakers, FailureClass};
use postroom::{
    BoxFuture, Clock, Disposition, Gate, Ids, Ports, Reactions, Record, Runtime, Worker,
};

use crate::shop::Shop;

/// How often a queue of the template gives a message out.
const MOST_RECEIVES: u32 = 100;

/// A clock by which everybody waits in a time of their own: each message has an invocation for itself.
struct OwnTime(Arc<ManualClock>);

impl Clock for OwnTime {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// A bank that is down until a time.
struct DownUntil(Timestamp, Arc<ManualClock>);

impl Bank for DownUntil {
    fn charge(&self, _: &str) -> Result<String, ShopError> {
        if self.1.now() < self.0 { Err(ShopError::Bank) } else { Ok("receipt".to_owned()) }
    }
}

/// Messages that all come at once, and then when they are told to.
struct Backlog {
    shop: Shop,
    waiting: BTreeMap<(Timestamp, String), Record>,
}

impl Backlog {
    async fn of(messages: usize) -> Self {
        let shop = Shop::with(reactions(&Settings { most_open_orders: 10_000 }));
        for order in 0..messages {
            shop.place(&order.to_string()).await.unwrap();
        }
        let now = shop.now();
        let records = shop.sent().into_iter().map(|row| {
            let message_id = format!("sqs-{}", row.message_id);
            Record { message_id, body: row.body, group: None, receives: 0, refused: None }
        });
        let waiting = records.map(|record| ((now, record.message_id.clone()), record)).collect();
        Self { shop, waiting }
    }

    /// A process whose jobs call a bank, down until a time, through its gate.
    fn worker(&self, per_second: Option<u32>, down_until: Timestamp) -> Worker {
        let shared = Arc::new(self.shop.memory.clone());
        let gate = Gate::new("bank", shared.clone(), shared.clone());
        let gate = Arc::new(gate.at_most(per_second.and_then(NonZeroU32::new)));
        let clock = Arc::new(OwnTime(self.shop.clock.clone()));
        let ports = Ports { clock, ..self.shop.runtime.ports().clone() };
        let job = ChargeCard { bank: DownUntil(down_until, self.shop.clock.clone()) };
        Worker::new("charge-card", Runtime::new(ports, Reactions::default()), shared)
            .gated_job::<OrderPlaced, _>(job, gate)
    }

    /// Gives out what is due until nothing is left, and answers how often it gave out the message that came most often.
    async fn drain(&mut self, worker: &Worker) -> u32 {
        let mut most = 0;
        while let Some(((due, message_id), mut record)) = self.waiting.pop_first() {
            self.shop.clock.set(due);
            record.receives += 1;
            most = most.max(record.receives);
            assert!(record.receives < MOST_RECEIVES, "the queue gives it up at {due}");
            let disposition = worker.process(from_ref(&record), None).await[0];
            if let Disposition::Redeliver { after } = disposition {
                self.waiting.insert((due + after.unwrap(), message_id), record);
            }
        }
        most
    }

    fn lasted(&self) -> Duration {
        let began: Timestamp = "2026-11-21T09:30:00Z".parse().unwrap();
        postroom::between(began, self.shop.now())
    }
}

#[tokio::test]
async fn of_a_long_backlog_nothing_is_given_up_for_waiting_and_the_rate_is_used() {
    let mut backlog = Backlog::of(2_000).await;
    let worker = backlog.worker(Some(1), backlog.shop.now());

    let most = backlog.drain(&worker).await;

    assert!(backlog.shop.memory.dead_letters().is_empty());
    // One a second cannot be done sooner; whoever waits longest may find nobody in its way for a while.
    assert!(most <= 20, "{most} receives");
    assert!(backlog.lasted() < Duration::from_secs(2 * 2_000), "{:?}", backlog.lasted());
}

#[tokio::test]
async fn a_prober_that_died_costs_those_who_wait_few_receives() {
    let mut backlog = Backlog::of(10).await;
    let until = backlog.shop.now() + Duration::from_mins(15);
    let probing = Breaker::Probing { openings: 1, prober: backlog.shop.ids.fresh().into(), until };
    let change = BreakerChange { provider: "bank", from: Breaker::Closed, to: probing };
    backlog.shop.memory.change(&change).await.unwrap();
    let worker = backlog.worker(None, backlog.shop.now());

    let most = backlog.drain(&worker).await;

    assert!(most <= 15, "{most} receives");
    assert!(backlog.lasted() < Duration::from_mins(30), "{:?}", backlog.lasted());
}

#[tokio::test]
async fn two_messages_that_always_fail_end_as_letters_although_each_keeps_the_other_probing() {
    let mut backlog = Backlog::of(2).await;
    let worker = backlog.worker(None, Timestamp::MAX);

    backlog.drain(&worker).await;

    let letters = backlog.shop.memory.dead_letters();
    let ends: Vec<_> = letters.iter().map(|letter| (letter.class, letter.attempts)).collect();
    assert_eq!(ends, [(FailureClass::Exhausted, 5); 2]);
}

#[tokio::test]
async fn an_outage_of_a_night_takes_nobodys_attempts() {
    let mut backlog = Backlog::of(2).await;
    let healed = backlog.shop.now() + Duration::from_hours(5);
    let worker = backlog.worker(None, healed);

    backlog.drain(&worker).await;

    assert!(backlog.shop.memory.dead_letters().is_empty());
    assert!(backlog.lasted() < Duration::from_mins(5 * 60 + 30), "{:?}", backlog.lasted());
}
