//! Schedules: whatever goes wrong on the way, every live thing has one task in each slot.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use postroom::doc_example::{Order, OrderPlaced, PlaceOrder, ShopError};
use postroom::memory::ManualClock;
use postroom::{
    Classify, Courier, Disposition, Effects, Envelope, Job, LiveShard, Message, OnUnknown, Origin,
    Outcome, Ports, RawEnvelope, Reactions, Record, Routed, Runtime, Schedule, ScheduleError,
    Scheduled, Stored, Task, Tx, Verdict, Worker,
};
use serde::{Deserialize, Serialize};

use crate::commands::Silence;
use crate::shop::{Mishap, Shop, tenant};

/// To count what one order holds, once a slot.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CountDue {
    order: u32,
    slot: Timestamp,
    keyed: bool,
}

impl Message for CountDue {
    const TYPE: &'static str = "count.due";
}

impl Task for CountDue {
    fn subject(&self) -> String {
        self.order.to_string()
    }

    fn key(&self) -> Option<String> {
        self.keyed.then(|| format!("{}#{}", self.order, self.slot))
    }
}

impl Routed for CountDue {}

/// Counts open orders.
struct CountOrders {
    keyed: bool,
    /// How long it takes to look at one.
    each: Duration,
    clock: Arc<ManualClock>,
}

impl Schedule for CountOrders {
    const NAME: &'static str = "count-orders";
    type Of = Order;
    type Id = u32;
    type Task = CountDue;

    fn task(&self, order: &u32, slot: Timestamp) -> CountDue {
        self.clock.advance(self.each);
        CountDue { order: *order, slot, keyed: self.keyed }
    }
}

/// Counts how often it ran.
#[derive(Clone, Default)]
struct CountOrder(Arc<AtomicUsize>);

impl Job<CountDue> for CountOrder {
    const NAME: &'static str = "count-order";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<CountDue>, _: &Effects) -> Result<Outcome, ShopError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Outcome::DONE)
    }

    async fn record(&self, _: &Envelope<CountDue>, (): &(), _: &mut Tx) -> Result<(), ShopError> {
        Ok(())
    }
}

pub(crate) const FIRST: &str = "2026-11-21T09:30:00Z";
const SECOND: &str = "2026-11-21T09:45:00Z";

pub(crate) fn table() -> Reactions {
    let mut table = Reactions::default();
    let _ = table.row::<OrderPlaced>();
    table.row::<CountDue>().queued::<CountOrder, _>();
    table
}

/// A shop where orders are counted.
pub(crate) struct Counting {
    pub(crate) shop: Shop,
    schedule: CountOrders,
}

impl Counting {
    fn new() -> Self {
        Self::with(table())
    }

    pub(crate) fn with(table: Reactions) -> Self {
        let shop = Shop::with(table);
        let (each, clock) = (Duration::ZERO, shop.clock.clone());
        Self { schedule: CountOrders { keyed: true, each, clock }, shop }
    }

    pub(crate) async fn place(
        &self,
        tenant: &str,
        orders: impl IntoIterator<Item = impl ToString>,
    ) {
        for order in orders {
            let origin = Origin { tenant_id: tenant.parse().unwrap(), ..self.shop.origin() };
            let command = PlaceOrder { order: order.to_string() };
            self.shop.runtime.execute(&command, &origin).await.unwrap();
        }
    }

    async fn run_until(&self, slot: &str, end: Timestamp) -> Result<Scheduled, ScheduleError> {
        self.shop.runtime.run_schedule(&self.schedule, slot.parse().unwrap(), end).await
    }

    pub(crate) async fn run(&self, slot: &str) -> Result<Scheduled, ScheduleError> {
        self.run_until(slot, "2027-01-01T00:00:00Z".parse().unwrap()).await
    }

    /// Every task that was sent.
    fn sent(&self) -> Vec<Envelope<CountDue>> {
        let rows = self.shop.queue.sent("count-order").into_iter();
        rows.map(|row| RawEnvelope::parse(&row.body).unwrap().decode().unwrap()).collect()
    }

    /// Which orders of which tenants have tasks, sorted; one for each that was sent.
    fn counted(&self) -> Vec<(String, u32)> {
        let sent = self.sent().into_iter();
        let mut tasks: Vec<_> =
            sent.map(|task| (task.tenant_id.to_string(), task.data.order)).collect();
        tasks.sort();
        tasks
    }

    /// Lets a worker take every message that was sent; answers how often its job ran.
    async fn work(&self) -> usize {
        let job = CountOrder::default();
        let letters = Arc::new(self.shop.memory.clone());
        let worker = Worker::new(CountOrder::NAME, self.shop.runtime.clone(), letters);
        let worker = worker.job(job.clone());
        for (index, row) in self.shop.queue.sent("count-order").into_iter().enumerate() {
            let record = Record {
                message_id: format!("sqs-{index}"),
                body: row.body,
                group: None,
                receives: 1,
                refused: None,
            };
            assert_eq!(worker.process(&[record], None).await, [Disposition::Acknowledge]);
        }
        job.0.load(Ordering::Relaxed)
    }
}

fn of(tenant: &str, orders: impl IntoIterator<Item = u32>) -> Vec<(String, u32)> {
    orders.into_iter().map(|order| (tenant.to_owned(), order)).collect()
}

/// A tenant whose things are in another shard than those of `demo`.
fn elsewhere() -> String {
    let shard = |name: &str| LiveShard::of(&name.parse().unwrap(), Order::COLLECTION);
    (0..100).map(|n| format!("shop-{n}")).find(|name| shard(name) != shard("demo")).unwrap()
}

#[tokio::test]
async fn every_live_thing_of_every_tenant_has_one_task() {
    let counting = Counting::new();
    counting.place("demo", [1, 2]).await;
    counting.place("other", [2, 3]).await;

    let done = counting.run(FIRST).await.unwrap();

    assert_eq!(done, Scheduled { tasks: 4 });
    assert_eq!(counting.counted(), [of("demo", [1, 2]), of("other", [2, 3])].concat());
    assert!(counting.shop.outbox().await.is_empty());
}

#[tokio::test]
async fn a_slot_that_is_visited_again_commits_nothing_twice() {
    let counting = Counting::new();
    counting.place("demo", 0..60).await;
    counting.place("other", [1]).await;
    counting.run(FIRST).await.unwrap();
    let events = counting.shop.memory.journal_records().len();

    let again = counting.run(FIRST).await.unwrap();

    assert_eq!(again, Scheduled { tasks: 61 });
    assert_eq!(counting.counted(), [of("demo", 0..60), of("other", [1])].concat());
    assert_eq!(counting.shop.memory.journal_records().len(), events);
}

#[tokio::test]
async fn the_next_slot_has_tasks_of_its_own() {
    let counting = Counting::new();
    counting.place("demo", [1]).await;

    counting.run(FIRST).await.unwrap();
    counting.run(SECOND).await.unwrap();

    let slots: Vec<_> = counting.sent().iter().map(|task| task.data.slot.to_string()).collect();
    assert_eq!(slots, [FIRST, SECOND]);
    assert_eq!(counting.work().await, 2);
}

#[tokio::test]
async fn what_is_live_no_longer_has_no_task() {
    let counting = Counting::new();
    counting.place("demo", [1, 2]).await;
    counting.shop.pay("1").await;

    counting.run(FIRST).await.unwrap();

    assert_eq!(counting.counted(), of("demo", [2]));
}

#[tokio::test]
async fn what_only_got_an_event_is_as_live_as_before() {
    let counting = Counting::new();
    counting.place("demo", [1, 2]).await;
    counting.shop.pay("2").await;
    for order in ["1", "2"] {
        counting.shop.mention(order).await;
    }

    counting.run(FIRST).await.unwrap();

    assert_eq!(counting.counted(), of("demo", [1]));
}

#[tokio::test]
async fn a_run_that_ends_at_its_deadline_says_so_and_its_repeat_goes_on() {
    let mut counting = Counting::new();
    counting.place("demo", 0..60).await;
    counting.schedule.each = Duration::from_secs(1);
    // Time for the first command, and no other.
    let end = counting.shop.now() + Duration::from_secs(30);

    let late = counting.run_until(FIRST, end).await.unwrap_err();
    let sent = counting.sent().len();
    counting.run(FIRST).await.unwrap();

    assert!(matches!(late, ScheduleError::OutOfTime { .. }), "{late:?}");
    assert_eq!(late.verdict(), Verdict::RETRY);
    assert_eq!(sent, 25);
    assert_eq!(counting.counted(), of("demo", 0..60));
}

#[tokio::test]
async fn after_its_deadline_a_run_begins_nothing() {
    let counting = Counting::new();
    counting.place("demo", [1]).await;

    let late = counting.run_until(FIRST, counting.shop.now()).await.unwrap_err();

    assert!(matches!(late, ScheduleError::OutOfTime { .. }), "{late:?}");
    assert!(counting.sent().is_empty());
}

#[tokio::test]
async fn a_command_that_fails_holds_up_no_other_and_is_made_good_by_the_repeat() {
    let counting = Counting::new();
    counting.place("demo", 0..60).await;
    counting.shop.mishaps([Mishap::Refused]);

    let failed = counting.run(FIRST).await.unwrap_err();
    let sent = counting.sent().len();
    counting.run(FIRST).await.unwrap();

    assert!(matches!(failed, ScheduleError::Enqueue { .. }), "{failed:?}");
    assert_eq!(sent, 35);
    assert_eq!(counting.counted(), of("demo", 0..60));
}

#[tokio::test]
async fn a_message_that_was_not_handed_over_is_sent_by_the_relay() {
    let counting = Counting::new();
    counting.place("demo", [1]).await;
    counting.shop.queue.fail_sends(1);

    counting.run(FIRST).await.unwrap();
    assert!(counting.sent().is_empty());
    let far = "2027-01-01T00:00:00Z".parse().unwrap();
    counting.shop.runtime.ports().courier.relay(counting.shop.now(), far).await.unwrap();

    assert_eq!(counting.counted(), of("demo", [1]));
}

#[tokio::test]
async fn queues_that_do_not_answer_are_waited_for_once_a_run() {
    let mut counting = Counting::new();
    counting.place("demo", 0..120).await;
    let shop = &mut counting.shop;
    let (outbox, before) = (Arc::new(shop.memory.clone()), shop.now());
    let courier = Courier::new(outbox, Arc::new(Silence), shop.clock.clone());
    let ports = Ports { courier, ..shop.runtime.ports().clone() };
    shop.runtime = Runtime::new(ports, table());
    let deadline = before + Duration::from_secs(3);

    let done = counting.run_until(FIRST, deadline).await.unwrap();

    assert_eq!(done, Scheduled { tasks: 120 });
    assert_eq!(counting.shop.now(), before + Duration::from_secs(1));
    assert_eq!(counting.shop.outbox().await.len(), 120);
}

#[tokio::test]
async fn when_what_is_live_has_changed_the_repeat_leaves_nothing_out_and_nothing_runs_twice() {
    let counting = Counting::new();
    counting.place("demo", 10..60).await;
    counting.run(FIRST).await.unwrap();
    counting.shop.pay("30").await;
    // Before all the others: every command of the repeat holds other things than before.
    counting.place("demo", [1]).await;

    counting.run(FIRST).await.unwrap();

    let orders: BTreeSet<_> = counting.sent().iter().map(|task| task.data.order).collect();
    assert_eq!(orders, [1].into_iter().chain(10..60).collect());
    assert!(counting.sent().len() > orders.len());
    assert_eq!(counting.work().await, 51);
}

#[tokio::test]
async fn a_thing_under_an_odd_id_holds_up_no_other() {
    let counting = Counting::new();
    counting.place("demo", ["1", "two", "3"]).await;

    let failed = counting.run(FIRST).await.unwrap_err();

    assert!(matches!(&failed, ScheduleError::Id { id, .. } if id == "two"), "{failed:?}");
    assert_eq!(failed.verdict(), Verdict::Permanent);
    assert_eq!(counting.counted(), of("demo", [1, 3]));
}

#[tokio::test]
async fn a_shard_that_cannot_be_read_holds_up_no_other() {
    let counting = Counting::new();
    let other = elsewhere();
    counting.place("demo", [1]).await;
    counting.place(&other, [2]).await;
    counting.shop.lose_shard(LiveShard::of(&tenant(), Order::COLLECTION));

    let failed = counting.run(FIRST).await.unwrap_err();

    assert!(matches!(failed, ScheduleError::List { .. }), "{failed:?}");
    assert_eq!(counting.counted(), of(&other, [2]));
}

#[tokio::test]
async fn a_schedule_whose_tasks_have_no_key_is_refused() {
    let mut counting = Counting::new();
    counting.place("demo", [1]).await;
    counting.schedule.keyed = false;

    let failed = counting.run(FIRST).await.unwrap_err();

    assert!(matches!(failed, ScheduleError::Keyless { .. }), "{failed:?}");
    assert!(counting.sent().is_empty());
}

#[tokio::test]
async fn the_chain_of_a_task_names_its_schedule_and_its_slot() {
    let counting = Counting::new();
    counting.place("demo", [1]).await;

    counting.run(FIRST).await.unwrap();

    let [task] = counting.sent().try_into().ok().unwrap();
    assert_eq!(task.correlation_id.as_str(), "count-orders.20261121T093000Z");
    assert_eq!((task.subject.as_str(), task.actor_id), ("1", None));
}
