//! What the kit costs, in calls to its ports.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use postroom::doc_example::{Order, OrderPlaced, ShopError};
use postroom::memory::{ManualClock, MemoryQueue, MemoryStore, SeededIds};
use postroom::port::{
    Claim, Claimed, FailedRun, Failures, Inbox, InboxRecord, LeaseError, Outbox, OutboxRow, Page,
    Posted, Queue, QueueError, RunKey, StoreError,
};
use postroom::{
    BoxFuture, Command, CorrelationId, Courier, Disposition, Envelope, Idempotency, Listener,
    MessageId, Origin, Outcome, OwnerToken, Ports, Reactions, Record, Runtime, TenantId, Tx,
    Worker,
};

use crate::shop::Shop;

#[derive(Default)]
struct Calls {
    sends: AtomicUsize,
    removals: AtomicUsize,
    inbox: AtomicUsize,
}

/// The memory adapters, counted.
struct Counted {
    memory: MemoryStore,
    queue: MemoryQueue,
    calls: Arc<Calls>,
}

fn one_more(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::Relaxed);
}

fn taken(count: &AtomicUsize) -> usize {
    count.swap(0, Ordering::Relaxed)
}

impl Queue for Counted {
    fn send<'a>(
        &'a self,
        handler: &'a str,
        rows: &'a [OutboxRow],
    ) -> BoxFuture<'a, Result<Posted, QueueError>> {
        one_more(&self.calls.sends);
        self.queue.send(handler, rows)
    }
}

impl Outbox for Counted {
    fn due<'a>(
        &'a self,
        shard: u8,
        by: Timestamp,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<OutboxRow>, StoreError>> {
        self.memory.due(shard, by, after)
    }

    fn remove<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<(), StoreError>> {
        one_more(&self.calls.removals);
        self.memory.remove(rows)
    }
}

impl Inbox for Counted {
    fn find<'a>(
        &'a self,
        key: &'a RunKey,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<InboxRecord>, StoreError>> {
        one_more(&self.calls.inbox);
        Inbox::find(&self.memory, key, now)
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Claimed, StoreError>> {
        one_more(&self.calls.inbox);
        self.memory.claim(claim)
    }

    fn renew<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        one_more(&self.calls.inbox);
        self.memory.renew(key, owner, until)
    }

    fn release<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        one_more(&self.calls.inbox);
        self.memory.release(key, owner, at)
    }

    fn fail<'a>(&'a self, failed: &'a FailedRun) -> BoxFuture<'a, Result<Failures, LeaseError>> {
        one_more(&self.calls.inbox);
        self.memory.fail(failed)
    }

    fn stand_in<'a>(
        &'a self,
        key: &'a RunKey,
        message: MessageId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        one_more(&self.calls.inbox);
        self.memory.stand_in(key, message)
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<InboxRecord>, StoreError>> {
        Inbox::chain(&self.memory, tenant, correlation_id, after)
    }
}

/// A runtime on counted adapters, with one listener behind a queue.
fn counted() -> (Runtime, MemoryStore, MemoryQueue, Arc<Calls>) {
    let (memory, queue, calls) =
        (MemoryStore::default(), MemoryQueue::new(["seen"]), Arc::<Calls>::default());
    let counted =
        Arc::new(Counted { memory: memory.clone(), queue: queue.clone(), calls: calls.clone() });
    let clock = Arc::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap()));
    let ports = Ports {
        store: Arc::new(memory.clone()),
        journal: Arc::new(memory.clone()),
        inbox: counted.clone(),
        courier: Courier::new(counted.clone(), counted, clock.clone()),
        clock,
        ids: Arc::new(SeededIds::new(1)),
    };
    let mut table = Reactions::default();
    table.row::<OrderPlaced>().queued::<Seen, _>();
    (Runtime::new(ports, table), memory, queue, calls)
}

struct Seen;

impl Listener<OrderPlaced> for Seen {
    const NAME: &'static str = "seen";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        tx.put_view(&Order { id: format!("seen-{}", event.data.order), paid: false })?;
        Ok(Outcome::DONE)
    }
}

struct PlaceMany(usize);

impl Command for PlaceMany {
    const NAME: &'static str = "place-many";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        tx.save(&Order { id: "1".to_owned(), paid: false })?;
        for _ in 0..self.0 {
            tx.emit(OrderPlaced { order: "1".to_owned() })?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_command_sends_ten_messages_a_call_and_removes_twenty_five_rows_a_call() {
    for (messages, sends, removals) in [(1, 1, 1), (10, 1, 1), (11, 2, 1), (26, 3, 2)] {
        let (runtime, _, queue, calls) = counted();

        runtime.execute(&PlaceMany(messages), &Shop::new().origin()).await.unwrap();

        assert_eq!(queue.sent("seen").len(), messages);
        assert_eq!((taken(&calls.sends), taken(&calls.removals)), (sends, removals), "{messages}");
        assert_eq!(taken(&calls.inbox), 0);
    }
}

#[tokio::test]
async fn a_queued_listener_pays_nothing_for_its_key() {
    let (runtime, memory, queue, calls) = counted();
    runtime.execute(&PlaceMany(1), &Shop::new().origin()).await.unwrap();
    let body = queue.sent("seen")[0].body.clone();
    let worker = Worker::new("seen", runtime, Arc::new(memory)).listener(Seen);

    let record =
        Record { message_id: "sqs-1".to_owned(), body, group: None, receives: 1, refused: None };
    let dispositions = worker.process(&[record], None).await;

    assert_eq!(dispositions, [Disposition::Acknowledge]);
    assert_eq!(taken(&calls.inbox), 0);
}

/// Writes over whatever is there, or refuses to.
struct Settle {
    refused: bool,
}

impl Command for Settle {
    const NAME: &'static str = "settle";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        if self.refused {
            return Err(ShopError::TooManyOpen { limit: 0 });
        }
        Ok(tx.put_view(&Order { id: "1".to_owned(), paid: true })?)
    }
}

#[tokio::test]
async fn an_idempotency_key_costs_one_read_where_nothing_was_done_and_nothing_otherwise() {
    let (runtime, _, _, calls) = counted();
    let shop = Shop::new();
    let keyed = |key: &str| {
        let fingerprint = String::new();
        let idempotency = Some(Idempotency { key: key.parse().unwrap(), fingerprint });
        Origin { idempotency, ..shop.origin() }
    };

    runtime.execute(&Settle { refused: false }, &keyed("done")).await.unwrap();
    assert_eq!(taken(&calls.inbox), 0);

    runtime.execute(&Settle { refused: false }, &keyed("done")).await.unwrap();
    assert_eq!(taken(&calls.inbox), 1);

    // One more than without a key: the other is the note of the refusal.
    runtime.execute(&Settle { refused: true }, &keyed("refused")).await.unwrap_err();
    assert_eq!(taken(&calls.inbox), 2);

    runtime.execute(&Settle { refused: true }, &shop.origin()).await.unwrap_err();
    assert_eq!(taken(&calls.inbox), 1);
}
