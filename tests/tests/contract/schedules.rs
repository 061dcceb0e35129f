//! What a schedule does to DynamoDB, and what it costs there.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postroom::doc_example::{Order, OrderPlaced, PlaceOrder, ShopError};
use postroom::memory::MemoryQueue;
use postroom::{
    Clock, Courier, Effects, Envelope, Ids, Job, Message, OnUnknown, Origin, Outcome, Ports,
    Reactions, Routed, Runtime, Schedule, ScheduleError, Scheduled, SystemClock, SystemIds, Task,
    Tx,
};
use postroom_aws::handle_slot;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::endpoint::Endpoint;

#[derive(Serialize, Deserialize)]
struct CountDue {
    order: String,
    slot: Timestamp,
}

impl Message for CountDue {
    const TYPE: &'static str = "count.due";
}

impl Task for CountDue {
    fn subject(&self) -> String {
        self.order.clone()
    }

    fn key(&self) -> Option<String> {
        Some(format!("{}#{}", self.order, self.slot))
    }
}

impl Routed for CountDue {}

struct CountOrders;

impl Schedule for CountOrders {
    const NAME: &'static str = "count-orders";
    type Of = Order;
    type Id = String;
    type Task = CountDue;

    fn task(&self, order: &String, slot: Timestamp) -> CountDue {
        CountDue { order: order.clone(), slot }
    }
}

struct CountOrder;

impl Job<CountDue> for CountOrder {
    const NAME: &'static str = "count-order";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<CountDue>, _: &Effects) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }

    async fn record(&self, _: &Envelope<CountDue>, (): &(), _: &mut Tx) -> Result<(), ShopError> {
        Ok(())
    }
}

/// Orders of a tenant on DynamoDB, and the queue their tasks are sent to.
async fn with_orders(orders: usize) -> (Endpoint, Runtime, MemoryQueue) {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let adapters = endpoint.adapters();
    let queue = MemoryQueue::new(["count-order"]);
    let ports = Ports {
        store: adapters.store,
        journal: adapters.journal,
        inbox: adapters.inbox,
        courier: Courier::new(adapters.outbox, Arc::new(queue.clone()), Arc::new(SystemClock)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
    };
    let mut table = Reactions::default();
    let _ = table.row::<OrderPlaced>();
    table.row::<CountDue>().queued::<CountOrder, _>();
    let runtime = Runtime::new(ports, table);
    for order in 0..orders {
        let origin = Origin {
            command_id: SystemIds.fresh().into(),
            tenant_id: "demo".parse().unwrap(),
            actor_id: None,
            correlation_id: "req-1".parse().unwrap(),
            traceparent: None,
            idempotency: None,
        };
        runtime.execute(&PlaceOrder { order: order.to_string() }, &origin).await.unwrap();
    }
    (endpoint, runtime, queue)
}

#[tokio::test]
async fn a_slot_costs_a_read_for_each_shard_and_a_write_for_25_things_and_its_repeat_sends_nothing()
{
    const OPERATIONS: [&str; 4] = ["Query", "TransactWriteItems", "GetItem", "BatchWriteItem"];
    let (endpoint, runtime, queue) = with_orders(26).await;
    let slot = "2026-11-21T09:30:00Z".parse().unwrap();
    let calls = async || {
        let mut calls = [0; OPERATIONS.len()];
        for (count, operation) in calls.iter_mut().zip(OPERATIONS) {
            *count = endpoint.calls(&format!("dynamodb.{operation}")).await;
        }
        calls
    };
    let run = async || {
        let before = calls().await;
        let done = runtime.run_schedule(&CountOrders, slot, Timestamp::MAX).await.unwrap();
        let after = calls().await;
        let mut costs = [0; OPERATIONS.len()];
        for (index, cost) in costs.iter_mut().enumerate() {
            *cost = after[index] - before[index];
        }
        (done, costs)
    };

    let first = run().await;
    let second = run().await;

    assert_eq!(first, (Scheduled { tasks: 26 }, [8, 2, 0, 2]));
    // The record of each command tells that it was done.
    assert_eq!(second, (Scheduled { tasks: 26 }, [8, 2, 2, 0]));
    assert_eq!(queue.sent("count-order").len(), 26);
}

#[tokio::test]
async fn a_slot_that_takes_too_long_is_given_up_before_its_invocation_ends() {
    let (endpoint, runtime, queue) = with_orders(1).await;
    let slot = "2026-11-21T09:30:00Z".parse().unwrap();
    endpoint.fault("dynamodb.Query", 100, json!({"delay_ms": 60_000})).await;
    let deadline = SystemClock.now() + Duration::from_secs(3);
    let deadline_ms = u64::try_from(deadline.as_millisecond()).unwrap();

    let late = handle_slot(&runtime, &CountOrders, slot, deadline_ms).await;

    assert!(matches!(late, Err(ScheduleError::OutOfTime { .. })), "{late:?}");
    assert!(SystemClock.now() < deadline);
    assert!(queue.sent("count-order").is_empty());
}
