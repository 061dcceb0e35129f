//! The example shop on memory adapters, with a store that can be told to misbehave.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postroom::chain::Sources;
use postroom::doc_example::{
    Bank, ChargeCard, Order, OrderPlaced, PlaceOrder, Settings, ShopError, reactions,
};
use postroom::memory::{ManualClock, MemoryQueue, MemoryStore, SeededIds};
use postroom::port::{
    Claim, CommitError, Inbox, Item, Journal, JournalRecord, Listing, Outbox, OutboxRow, Page, Run,
    RunKey, RunStatus, Store, StoreError,
};
use postroom::{
    BoxFuture, Clock, Collector, Command, Courier, ExecuteError, Executed, Ids, Job, Key, LiveItem,
    LiveShard, Origin, Ports, RawEnvelope, Reactions, Record, Runtime, TenantId, Transaction, Tx,
    Worker,
};

/// What the store does with one commit instead of just doing it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mishap {
    /// None: it is just done.
    Spared,
    /// Says that somebody was faster; writes nothing.
    LostRace,
    /// Writes it, and the answer is lost.
    AnswerLost,
    /// Loses the request, and nobody knows.
    RequestLost,
    /// Is throttled; writes nothing.
    Throttled,
    /// Is throttled after 4 s; writes nothing.
    ThrottledSlowly,
    /// Is refused for good; writes nothing.
    Refused,
}

/// A memory store whose next commits go wrong as scripted.
pub(crate) struct FaultyStore {
    pub(crate) inner: MemoryStore,
    clock: Arc<ManualClock>,
    script: Mutex<VecDeque<Mishap>>,
    lost_shard: Mutex<Option<LiveShard>>,
    builds_are_lost: AtomicBool,
    commits: Mutex<Vec<Transaction>>,
}

impl FaultyStore {
    /// Which builds of read models there are can, or cannot, be read.
    pub(crate) fn lose_builds(&self, lost: bool) {
        self.builds_are_lost.store(lost, Ordering::SeqCst);
    }
}

impl Store for FaultyStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        let of_builds = key.partition.as_str() == "#projections";
        if of_builds && self.builds_are_lost.load(Ordering::SeqCst) {
            let (operation, source) = ("read an item", "throttled".into());
            return Box::pin(ready(Err(StoreError::Unavailable { operation, source })));
        }
        self.inner.get(key)
    }

    fn get_many<'a>(
        &'a self,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Item>>, StoreError>> {
        self.inner.get_many(keys)
    }

    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>> {
        self.inner.list(listing)
    }

    fn live<'a>(
        &'a self,
        shard: &'a LiveShard,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LiveItem>, StoreError>> {
        if self.lost_shard.lock().unwrap().as_ref() == Some(shard) {
            let (operation, source) = ("list what is live", "the shard is gone".into());
            return Box::pin(ready(Err(StoreError::Unavailable { operation, source })));
        }
        self.inner.live(shard, after)
    }

    fn commit<'a>(&'a self, tx: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>> {
        Box::pin(async move {
            self.commits.lock().unwrap().push(tx.clone());
            let mishap = self.script.lock().unwrap().pop_front();
            match mishap {
                None | Some(Mishap::Spared) => self.inner.commit(tx).await,
                Some(Mishap::LostRace) => Err(CommitError::Condition { record: false }),
                Some(Mishap::AnswerLost) => {
                    self.inner.commit(tx).await?;
                    Err(CommitError::Unknown { source: "the answer was lost".into() })
                }
                Some(Mishap::RequestLost) => {
                    Err(CommitError::Unknown { source: "the request was lost".into() })
                }
                Some(mishap @ (Mishap::Throttled | Mishap::ThrottledSlowly)) => {
                    if matches!(mishap, Mishap::ThrottledSlowly) {
                        self.clock.advance(Duration::from_secs(4));
                    }
                    let source = "throttled".into();
                    let source = StoreError::Unavailable { operation: "commit", source };
                    Err(CommitError::Store { source })
                }
                Some(Mishap::Refused) => Err(CommitError::Store {
                    source: StoreError::Refused { operation: "commit", source: "no right".into() },
                }),
            }
        })
    }
}

/// A bank that answers as scripted and remembers under which keys it was asked.
#[derive(Clone, Default)]
pub(crate) struct ScriptedBank {
    pub(crate) answers: Arc<Mutex<VecDeque<Result<String, ShopError>>>>,
    pub(crate) keys: Arc<Mutex<Vec<String>>>,
}

impl ScriptedBank {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Result<String, ShopError>>) -> Self {
        let bank = Self::default();
        bank.answers.lock().unwrap().extend(answers);
        bank
    }
}

impl Bank for ScriptedBank {
    fn charge(&self, key: &str) -> Result<String, ShopError> {
        self.keys.lock().unwrap().push(key.to_owned());
        self.answers.lock().unwrap().pop_front().unwrap_or_else(|| Ok("receipt".to_owned()))
    }
}

pub(crate) struct Shop {
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) memory: MemoryStore,
    pub(crate) queue: Arc<MemoryQueue>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ids: Arc<SeededIds>,
    pub(crate) runtime: Runtime,
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::with(reactions(&Settings { most_open_orders: 20 }))
    }

    pub(crate) fn with(reactions: Reactions) -> Self {
        let memory = MemoryStore::default();
        let clock = Arc::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap()));
        let store = Arc::new(FaultyStore {
            inner: memory.clone(),
            clock: clock.clone(),
            script: Mutex::default(),
            lost_shard: Mutex::default(),
            builds_are_lost: AtomicBool::default(),
            commits: Mutex::default(),
        });
        let queue = Arc::new(MemoryQueue::new(reactions.queues()));
        let courier = Courier::new(Arc::new(memory.clone()), queue.clone(), clock.clone());
        Self::of(reactions, memory, store, queue, clock, courier)
    }

    /// A shop whose messages go another way.
    pub(crate) fn with_courier(courier: impl FnOnce(&Self) -> Courier) -> Self {
        let shop = Self::new();
        let courier = courier(&shop);
        let table = reactions(&Settings { most_open_orders: 20 });
        Self::of(table, shop.memory, shop.store, shop.queue, shop.clock, courier)
    }

    fn of(
        reactions: Reactions,
        memory: MemoryStore,
        store: Arc<FaultyStore>,
        queue: Arc<MemoryQueue>,
        clock: Arc<ManualClock>,
        courier: Courier,
    ) -> Self {
        crate::lines::listen();
        let ids = Arc::new(SeededIds::new(1));
        let ports = Ports {
            store: store.clone(),
            journal: Arc::new(memory.clone()),
            inbox: Arc::new(memory.clone()),
            courier,
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let runtime = Runtime::new(ports, reactions);
        Self { store, memory, queue, clock, ids, runtime }
    }

    pub(crate) fn mishaps(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        self.store.script.lock().unwrap().extend(mishaps);
    }

    /// From now on a shard of what is live cannot be read.
    pub(crate) fn lose_shard(&self, shard: LiveShard) {
        *self.store.lost_shard.lock().unwrap() = Some(shard);
    }

    /// Every transaction sent to the store, in order.
    pub(crate) fn commits(&self) -> Vec<Transaction> {
        self.store.commits.lock().unwrap().clone()
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin {
            command_id: self.ids.fresh().into(),
            tenant_id: tenant(),
            actor_id: Some("ann".parse().unwrap()),
            correlation_id: "chain-1".parse().unwrap(),
            traceparent: None,
            idempotency: None,
        }
    }

    pub(crate) async fn place(
        &self,
        order: &str,
    ) -> Result<Executed<u64>, ExecuteError<ShopError>> {
        let command = PlaceOrder { order: order.to_owned() };
        self.runtime.execute(&command, &self.origin()).await
    }

    /// Lets an order be paid, and so no longer be live.
    pub(crate) async fn pay(&self, order: &str) {
        self.runtime.execute(&Pay(order.to_owned()), &self.origin()).await.unwrap();
    }

    /// Lets something happen to an order that changes nothing of it.
    pub(crate) async fn mention(&self, order: &str) {
        self.runtime.execute(&Mention(order.to_owned()), &self.origin()).await.unwrap();
    }

    /// Places an order and answers the message its card job got.
    pub(crate) async fn placed(&self, order: &str) -> Record {
        self.place(order).await.unwrap();
        let body = self.sent().last().unwrap().body.clone();
        Record { message_id: format!("sqs-{order}"), body, group: None, receives: 1, refused: None }
    }

    pub(crate) fn sent(&self) -> Vec<OutboxRow> {
        self.queue.sent("charge-card")
    }

    pub(crate) async fn outbox(&self) -> Vec<OutboxRow> {
        let mut rows = Vec::new();
        for shard in 0..postroom::port::SHARDS {
            let by = "9999-01-01T00:00:00Z".parse().unwrap();
            rows.extend(self.memory.due(shard, by, None).await.unwrap().items);
        }
        rows
    }

    pub(crate) async fn journal(&self) -> Vec<JournalRecord> {
        let chain = "chain-1".parse().unwrap();
        Journal::chain(&self.memory, &tenant(), &chain, None).await.unwrap().items
    }

    pub(crate) fn card_worker<B: Bank>(&self, bank: B) -> Worker {
        self.worker(ChargeCard { bank })
    }

    pub(crate) fn worker<J: Job<OrderPlaced>>(&self, job: J) -> Worker {
        Worker::new(J::NAME, self.runtime.clone(), Arc::new(self.memory.clone())).job(job)
    }

    pub(crate) fn collector(&self) -> Collector {
        Collector::new(self.runtime.clone(), Arc::new(self.memory.clone()))
    }

    /// How a record's run stands, and how often it failed.
    pub(crate) async fn status(&self, record: &Record) -> Option<(RunStatus, u32)> {
        let found = Inbox::find(&self.memory, &key(record), self.now()).await.unwrap();
        found.map(|found| (found.status, found.attempts))
    }

    pub(crate) async fn paid(&self, order: &str) -> bool {
        let found = self.runtime.reader(&tenant()).get(&Order::at(order)).await.unwrap();
        found.unwrap().value.paid
    }

    /// What a worker of its own would ask the inbox before it runs a record.
    pub(crate) fn claim_for(&self, record: &Record, lease: Duration) -> Claim {
        let envelope = RawEnvelope::parse(&record.body).unwrap();
        let run = Run {
            key: key(record),
            handler: "charge-card".to_owned(),
            message_id: envelope.id,
            tenant_id: envelope.tenant_id,
            actor_id: envelope.actor_id,
            correlation_id: envelope.correlation_id,
            started_at: self.now(),
            expires_at: self.now() + Duration::from_hours(24),
        };
        Claim { run, owner: self.ids.fresh().into(), until: self.now() + lease }
    }

    /// Where its chains are read.
    pub(crate) fn sources(&self) -> Sources<'_> {
        Sources { journal: &self.memory, inbox: &self.memory, letters: &self.memory }
    }

    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }
}

struct Pay(String);

impl Command for Pay {
    const NAME: &'static str = "pay";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        tx.load(&Order::at(&self.0)).await?;
        tx.save(&Order { id: self.0.clone(), paid: true })?;
        Ok(())
    }
}

struct Mention(String);

impl Command for Mention {
    const NAME: &'static str = "mention";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        tx.load(&Order::at(&self.0)).await?;
        tx.emit(OrderPlaced { order: self.0.clone() })?;
        Ok(())
    }
}

pub(crate) fn tenant() -> TenantId {
    "demo".parse().unwrap()
}

/// Under which key a record's run is remembered.
pub(crate) fn key(record: &Record) -> RunKey {
    RunKey::of_handler("charge-card", RawEnvelope::parse(&record.body).unwrap().id)
}
