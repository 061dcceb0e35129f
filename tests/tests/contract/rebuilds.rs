//! Read models are rebuilt, verified and removed over every adapter alike, and each event costs the same however many.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use postroom::contract::Adapters;
use postroom::doc_example::{Order, OrderPaid, OrderPlaced, PlaceOrder, Settings, reactions};
use postroom::memory::{MemoryQueue, SeededIds};
use postroom::port::{BuildRows, CommitError, Item, Listing, Page, Store, StoreError};
use postroom::{
    BoxFuture, BuildState, Clock, Command, Courier, Envelope, Generation, Ids, ItemWrite, Key,
    LiveItem, LiveShard, Origin, Place, Ports, Projection, ProjectionStatus, Projections,
    Projector, Reads, Rebuilds, Runtime, Stored, StreamRecord, SystemClock, Transaction, Tx,
    TxError, Verified, Verifier, View, WakeUp, events,
};
use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;
use crate::memory;

const LONGEST_USE: Duration = Duration::from_mins(20);

/// One row for each order, and one for all of them.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Count {
    id: String,
    events: u64,
}

impl Stored for Count {
    const COLLECTION: &'static str = "counts";

    fn place(&self) -> Place<Self> {
        Place::new(&self.id)
    }
}

events! {
    /// What can happen to an order.
    enum OrderEvent { OrderPlaced, OrderPaid }
}

struct CountOrders;

impl Projection for CountOrders {
    const NAME: &'static str = "count-orders";
    const READS: Reads = Reads::Only(&[Order::COLLECTION]);
    const MAKES: &'static [&'static str] = &[Count::COLLECTION];
    type Event = OrderEvent;
    type Error = TxError;

    async fn apply(
        &self,
        event: &Envelope<OrderEvent>,
        view: &mut View<'_>,
    ) -> Result<(), TxError> {
        for id in [event.subject.as_str(), "all"] {
            let events = view.load(&Place::<Count>::new(id)).await?.map_or(0, |found| found.events);
            view.save(&Count { id: id.to_owned(), events: events + 1 })?;
        }
        Ok(())
    }
}

/// The time, and as much later as it was told: an adapter takes time of its own, and a clock by hand leaves it none.
#[derive(Default)]
struct LaterClock(AtomicU64);

impl LaterClock {
    fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for LaterClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        SystemClock.sleep(duration)
    }
}

/// Lets something happen to an order that changes nothing of it.
struct Mention {
    order: String,
}

impl Command for Mention {
    const NAME: &'static str = "mention";
    type Output = ();
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), TxError> {
        tx.load(&Place::<Order>::new(&self.order)).await?;
        let (order, receipt) = (self.order.clone(), "again".to_owned());
        tx.emit(OrderPaid { order, receipt }).map(drop)
    }
}

/// A store that refuses to write down what becomes of builds, once it has so many times.
struct Halting {
    store: Arc<dyn Store>,
    writes_left: AtomicU64,
}

impl Halting {
    fn has_builds(tx: &Transaction) -> bool {
        let of_builds = |key: &Key| key.partition.as_str() == "#projections";
        tx.items()
            .iter()
            .any(|write| matches!(write, ItemWrite::Save { key, .. } if of_builds(key)))
    }

    fn took_one(&self) -> bool {
        let writes = &self.writes_left;
        writes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

impl Store for Halting {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        self.store.get(key)
    }

    fn get_many<'a>(
        &'a self,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Item>>, StoreError>> {
        self.store.get_many(keys)
    }

    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>> {
        self.store.list(listing)
    }

    fn live<'a>(
        &'a self,
        shard: &'a LiveShard,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LiveItem>, StoreError>> {
        self.store.live(shard, after)
    }

    fn commit<'a>(&'a self, tx: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>> {
        if Self::has_builds(tx) && !self.took_one() {
            let source = StoreError::Refused { operation: "commit", source: "no right".into() };
            return Box::pin(ready(Err(CommitError::Store { source })));
        }
        self.store.commit(tx)
    }
}

/// A shop on some adapters.
struct Bench {
    clock: Arc<LaterClock>,
    ids: SeededIds,
    runtime: Runtime,
    rows: Arc<dyn BuildRows>,
    projector: Projector,
}

impl Bench {
    fn on(adapters: &Adapters) -> Self {
        Self::storing(adapters, adapters.store.clone())
    }

    fn storing(adapters: &Adapters, store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(LaterClock::default());
        let nowhere = Arc::new(MemoryQueue::new(["charge-card"]));
        let ports = Ports {
            store,
            journal: adapters.journal.clone(),
            inbox: adapters.inbox.clone(),
            courier: Courier::new(adapters.outbox.clone(), nowhere, clock.clone()),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::new(1)),
        };
        let runtime = Runtime::new(ports, reactions(&Settings { most_open_orders: 5_000 }));
        let letters = adapters.dead_letters.clone();
        let projector = Projector::new("project-views", runtime.clone(), letters);
        Self {
            clock,
            ids: SeededIds::new(2),
            runtime,
            rows: adapters.rows.clone(),
            projector: projector.projection(CountOrders),
        }
    }

    fn origin(&self) -> Origin {
        Origin {
            command_id: self.ids.fresh().into(),
            tenant_id: "demo".parse().unwrap(),
            actor_id: None,
            correlation_id: "chain-1".parse().unwrap(),
            traceparent: None,
            idempotency: None,
        }
    }

    /// An order of so many events.
    async fn order(&self, number: u32, events: u32) {
        let command = PlaceOrder { order: number.to_string() };
        self.runtime.execute(&command, &self.origin()).await.unwrap();
        for _ in 1..events {
            let command = Mention { order: number.to_string() };
            self.runtime.execute(&command, &self.origin()).await.unwrap();
        }
    }

    /// Places orders, each an event, and lets the read model know.
    async fn orders(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.order(number, 1).await;
            let record = StreamRecord {
                sequence_number: number.to_string(),
                body: "{}".to_owned(),
                wake_up: WakeUp::of_key(&format!("demo#orders/{number}"), "1"),
            };
            assert_eq!(self.projector.process(&[record], None).await, None);
        }
    }

    fn rebuilds(&self) -> Rebuilds {
        Rebuilds::new(self.runtime.clone(), ["count-orders"])
    }

    async fn ask(&self) -> ProjectionStatus {
        let asked = self.rebuilds().request("count-orders", &self.origin()).await;
        asked.unwrap().output
    }

    async fn status(&self) -> ProjectionStatus {
        self.rebuilds().find("count-orders").await.unwrap().unwrap()
    }

    async fn verify(&self) -> Verified {
        let projections = Projections::default().with(CountOrders);
        Verifier::new(self.runtime.clone(), projections).verify("count-orders").await.unwrap()
    }

    /// Every row of a build, its build left out.
    async fn made(&self, build: &str) -> Vec<(String, serde_json::Value)> {
        let (mut keys, mut after, mut pages) = (Vec::new(), None, 0);
        while pages == 0 || after.is_some() {
            let page = self.rows.keys(after.as_deref()).await.unwrap();
            keys.extend(page.items);
            after = page.next;
            pages += 1;
            assert!(pages < 100, "the keys have no end");
        }
        let build = format!("@{build}");
        keys.retain(|key| key.partition.as_str().contains(&build));
        let mut made = Vec::new();
        for key in keys {
            let item: Item = self.runtime.ports().store.get(&key).await.unwrap().unwrap();
            made.push((key.to_string().replace(&build, ""), item.data));
        }
        made.sort_by(|(left, _), (right, _)| left.cmp(right));
        made
    }
}

/// What is rebuilt while events go on is what they make, and the journal agrees.
async fn a_build_is_what_its_events_make(adapters: &Adapters) {
    let bench = Bench::on(adapters);
    bench.orders(0..70).await;
    let first = bench.verify().await;
    bench.ask().await;
    bench.orders(70..73).await;

    let walked = bench.projector.walk(None).await.unwrap();
    let second = bench.verify().await;

    assert!(walked.events >= 70, "{walked:?}");
    assert_eq!(bench.status().await.building, None);
    let counted = |verified: &Verified| (verified.streams, verified.events, verified.rows);
    assert_eq!((first.build, counted(&first)), (Generation::FIRST, (70, 70, 70 + 70 + 1)));
    assert_eq!((second.build.to_string().as_str(), counted(&second)), ("2", (73, 73, 73 + 73 + 1)));
    for verified in [first, second] {
        assert_eq!((verified.differences, verified.moving), (vec![], 0));
    }
    assert_eq!(bench.made("2").await, bench.made("1").await);
}

/// Whoever walks goes on where the one before stood.
async fn a_walk_goes_on_where_it_stopped(adapters: &Adapters) {
    // That it is asked for, that this code makes it, and the first page's step.
    let writes_left = AtomicU64::new(3);
    let halting = Arc::new(Halting { store: adapters.store.clone(), writes_left });
    let bench = Bench::storing(adapters, halting.clone());
    // More than a page of the journal on any adapter.
    let orders = 120;
    bench.orders(0..orders).await;
    let asked = bench.ask().await.building.unwrap();

    bench.projector.walk(None).await.unwrap_err();
    let stands = bench.status().await.building.unwrap();
    halting.writes_left.store(u64::MAX, Ordering::SeqCst);
    let rest = bench.projector.walk(None).await.unwrap();

    assert_eq!((stands.state, stands.generation), (BuildState::Walking, asked.generation));
    assert!(stands.events > 0 && rest.events > 0, "{stands:?}");
    assert_eq!(stands.events + rest.events, u64::from(orders));
    assert_eq!((bench.verify().await.differences, bench.status().await.building), (vec![], None));
}

/// What was read before is removed when nobody reads it any more, whatever is read now.
async fn an_earlier_build_is_removed(adapters: &Adapters) {
    let bench = Bench::on(adapters);
    bench.orders(0..60).await;
    bench.ask().await;
    bench.projector.walk(None).await.unwrap();

    let early = bench.projector.sweep(&*bench.rows, None).await.unwrap();
    bench.clock.advance(LONGEST_USE);
    let late = bench.projector.sweep(&*bench.rows, None).await.unwrap();

    assert_eq!((early.rows, late.rows), (0, 60 + 60 + 1));
    assert_eq!(bench.made("1").await, []);
    assert_eq!(bench.verify().await.differences, []);
}

macro_rules! over_every_adapter {
    ($($promise:ident,)*) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $promise() {
                super::$promise(&super::memory::adapters().await).await;
            })*
        }
        mod on_dynamodb {
            $(#[tokio::test]
            async fn $promise() {
                let mut endpoint = super::Endpoint::with_queues(&[]).await;
                super::$promise(&endpoint.adapters()).await;
            })*
        }
    };
}

over_every_adapter! {
    a_build_is_what_its_events_make,
    a_walk_goes_on_where_it_stopped,
    an_earlier_build_is_removed,
}

/// How often stores are called for a rebuild of two streams of so many events each.
async fn calls_of_a_rebuild(events: u32) -> u64 {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let bench = Bench::on(&endpoint.adapters());
    for number in 0..2 {
        bench.order(number, events).await;
    }
    bench.ask().await;
    let before = endpoint.all_calls().await;

    let walked = bench.projector.walk(None).await.unwrap();

    assert_eq!(walked.events, u64::from(2 * events));
    endpoint.all_calls().await - before
}

/// A walk that applied a stream from its beginning with each of its pages would grow with the square of its journal.
#[tokio::test]
async fn a_rebuild_of_twice_the_events_makes_twice_the_calls() {
    let (some, twice) = (calls_of_a_rebuild(40).await, calls_of_a_rebuild(80).await);

    // What a walk makes once, and what a page and a stream make that are begun and not full.
    let not_of_an_event = 20;
    assert!(twice.abs_diff(2 * some) <= not_of_an_event, "{some} calls, then {twice}");
    // Of an event: the inbox, the position and two rows are read, and all of it is one transaction.
    assert!(some <= 80 * 5 + not_of_an_event, "{some} calls");
}
