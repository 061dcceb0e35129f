//! Routes: how a message gets to its queue, side by side with others or one after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{ChargeCard, NoBank, Order, OrderPaid, OrderPlaced, ShopError};
use postroom::port::OutboxRow;
use postroom::{
    Command, Effects, Envelope, ExecuteError, Job, Listener, Message, MissingHandlers, OnUnknown,
    Origin, Outcome, Reactions, Routed, Task, Tx, TxError, Worker,
};
use serde::{Deserialize, Serialize};

use crate::shop::Shop;

/// Ships what was paid, and tells the customer when a task says so; one order at a time.
struct ShipOrder;

impl Listener<OrderPlaced> for ShipOrder {
    const NAME: &'static str = "ship-order";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderPlaced>, _: &mut Tx) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }
}

impl Listener<OrderPaid> for ShipOrder {
    const NAME: &'static str = "ship-order";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderPaid>, _: &mut Tx) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }
}

/// Asks where an order is.
#[derive(Serialize, Deserialize)]
struct TrackOrder {
    order: String,
}

impl Message for TrackOrder {
    const TYPE: &'static str = "order.track";
}

impl Task for TrackOrder {
    fn subject(&self) -> String {
        self.order.clone()
    }
}

impl Routed for TrackOrder {}

impl Job<TrackOrder> for ShipOrder {
    const NAME: &'static str = "ship-order";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    const TIME_NEEDED: Duration = Duration::from_secs(3);
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<TrackOrder>, _: &Effects) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }

    async fn record(&self, _: &Envelope<TrackOrder>, (): &(), _: &mut Tx) -> Result<(), ShopError> {
        Ok(())
    }
}

/// Places an order and has it tracked.
struct PlaceAndTrack {
    order: &'static str,
    after: Duration,
}

impl Command for PlaceAndTrack {
    const NAME: &'static str = "place-and-track";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        let order = self.order.to_owned();
        tx.save(&Order { id: order.clone(), paid: false })?;
        tx.emit(OrderPlaced { order: order.clone() })?;
        tx.enqueue(TrackOrder { order }, self.after)?;
        Ok(())
    }
}

/// Cards are charged side by side; what ships an order does so in order.
fn shop() -> Shop {
    let mut table = Reactions::default();
    table.row::<OrderPlaced>().queued::<ChargeCard, _>();
    table.row::<OrderPlaced>().queued_in_order::<ShipOrder, _>();
    table.row::<TrackOrder>().queued_in_order::<ShipOrder, _>();
    Shop::with(table)
}

async fn place(shop: &Shop, order: &'static str) {
    let command = PlaceAndTrack { order, after: Duration::ZERO };
    shop.runtime.execute(&command, &shop.origin()).await.unwrap();
}

#[tokio::test]
async fn what_is_queued_in_order_has_the_group_of_its_stream_or_subject() {
    let shop = shop();
    for order in ["1", "2"] {
        place(&shop, order).await;
    }

    let groups: Vec<_> =
        shop.queue.sent("ship-order").into_iter().map(|row| row.group.unwrap()).collect();

    let [placed_1, tracked_1, placed_2, tracked_2] = groups.try_into().unwrap();
    assert_ne!(placed_1, placed_2);
    assert_ne!(tracked_1, tracked_2);
    // An event is about its stream, `orders/1`, and this task about what it calls `1`.
    assert_ne!(placed_1, tracked_1);
    assert!(placed_1.len() <= 128 && placed_1.bytes().all(|byte| byte.is_ascii_graphic()));
}

#[tokio::test]
async fn what_one_stream_emits_is_of_one_group_and_what_is_merely_queued_of_its_tenant() {
    let shop = Shop::with({
        let mut table = Reactions::default();
        table.row::<OrderPlaced>().queued::<ChargeCard, _>();
        table.row::<OrderPlaced>().queued_in_order::<ShipOrder, _>();
        table.row::<OrderPaid>().queued_in_order::<ShipOrder, _>();
        table
    });
    let record = shop.placed("1").await;
    shop.card_worker(crate::shop::ScriptedBank::default()).process(&[record], None).await;

    let sent = shop.queue.sent("ship-order");

    let [placed, paid]: [OutboxRow; 2] = sent.try_into().unwrap();
    assert_eq!(placed.group, paid.group);
    let merely_queued = &shop.queue.sent("charge-card")[0].group;
    assert!(merely_queued.is_some() && *merely_queued != placed.group);
}

#[tokio::test]
async fn what_is_merely_queued_takes_turns_by_its_tenant() {
    let shop = Shop::with({
        let mut table = Reactions::default();
        table.row::<OrderPlaced>().queued::<ChargeCard, _>();
        table.row::<TrackOrder>().queued::<ShipOrder, _>();
        table
    });
    // No queue takes a space in a group.
    let tenants = ["north", "north", "a tenant with spaces"];
    for (order, tenant) in ["1", "2", "1"].into_iter().zip(tenants) {
        let origin = Origin { tenant_id: tenant.parse().unwrap(), ..shop.origin() };
        let command = PlaceAndTrack { order, after: Duration::ZERO };
        shop.runtime.execute(&command, &origin).await.unwrap();
    }

    let groups = |queue: &str| -> Vec<String> {
        shop.queue.sent(queue).into_iter().map(|row| row.group.unwrap()).collect()
    };

    let [first, second, other] = groups("charge-card").try_into().unwrap();
    assert_eq!(first, second);
    assert_ne!(first, other);
    assert!(other.len() <= 128 && other.bytes().all(|byte| byte.is_ascii_graphic()));
    // Of whichever queue.
    assert_eq!(groups("ship-order"), [first, second, other]);
}

#[tokio::test]
async fn a_task_for_later_is_refused_where_tasks_are_taken_in_order() {
    let shop = shop();
    let command = PlaceAndTrack { order: "1", after: Duration::from_micros(1) };

    let refused = shop.runtime.execute(&command, &shop.origin()).await.unwrap_err();

    let ExecuteError::Command {
        source: ShopError::Tx(TxError::DelayedInOrder { queue, .. }), ..
    } = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(queue, "ship-order");
    assert!(shop.outbox().await.is_empty() && shop.queue.sent("charge-card").is_empty());
}

/// Why a table or a worker is not built.
fn refusal<T>(build: impl FnOnce() -> T) -> String {
    let refused = catch_unwind(AssertUnwindSafe(build)).map(drop).unwrap_err();
    refused.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn a_handler_is_queued_one_way_in_the_whole_table() {
    let message = refusal(|| {
        let mut table = Reactions::default();
        table.row::<OrderPlaced>().queued_in_order::<ShipOrder, _>();
        table.row::<OrderPaid>().queued::<ShipOrder, _>();
    });

    assert!(
        message.starts_with("ship-order is `queued` in one row and `queued_in_order`"),
        "{message}"
    );
}

#[test]
fn a_handler_needs_the_time_of_its_longest_job() {
    let mut table = Reactions::default();
    table.row::<TrackOrder>().queued_in_order::<ShipOrder, _>();
    // As a listener, which needs none.
    table.row::<OrderPlaced>().queued_in_order::<ShipOrder, _>();
    table.row::<OrderPlaced>().queued::<ChargeCard, _>();

    let needed = ["ship-order", "charge-card"].map(|handler| table.time_needed(handler));

    assert_eq!(needed, [Duration::from_secs(3), Duration::ZERO]);
}

#[test]
fn a_handler_stands_once_in_a_row() {
    let ways: [fn(&mut Reactions); 3] = [
        |table| table.row::<OrderPlaced>().in_request(ShipOrder),
        |table| table.row::<OrderPlaced>().queued::<ShipOrder, _>(),
        |table| table.row::<OrderPlaced>().queued_in_order::<ShipOrder, _>(),
    ];
    for (first, second) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)] {
        let message = refusal(|| {
            let mut table = Reactions::default();
            ways[first](&mut table);
            ways[second](&mut table);
        });

        assert_eq!(message, "ship-order stands twice in the row of order.placed");
    }
}

/// Was copied from [`ShipOrder`], and kept its name.
struct PackOrder;

impl Listener<OrderPaid> for PackOrder {
    const NAME: &'static str = "ship-order";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderPaid>, _: &mut Tx) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }
}

#[test]
fn a_name_is_one_handlers_in_the_whole_table() {
    let message = refusal(|| {
        let mut table = Reactions::default();
        table.row::<OrderPlaced>().queued::<ShipOrder, _>();
        table.row::<OrderPaid>().in_request(PackOrder);
    });

    assert!(message.starts_with("ship-order is the name of two handlers: "), "{message}");
    assert!(message.contains("::ShipOrder and ") && message.ends_with("::PackOrder"), "{message}");
}

/// A worker of the queue `ship-order`, as yet without handlers.
fn shipping(shop: &Shop) -> Worker {
    Worker::new("ship-order", shop.runtime.clone(), Arc::new(shop.memory.clone()))
}

#[test]
fn a_worker_has_one_handler_of_a_type() {
    let shop = shop();

    let message = refusal(|| {
        shipping(&shop).listener::<OrderPlaced, _>(ShipOrder).listener::<OrderPlaced, _>(ShipOrder)
    });

    assert_eq!(message, "ship-order is given two handlers of order.placed");
}

#[test]
fn a_worker_has_no_handler_of_another_queue() {
    let shop = shop();

    let message = refusal(|| shipping(&shop).job::<OrderPlaced, _>(ChargeCard { bank: NoBank }));

    assert_eq!(message, "charge-card is given messages of the queue of ship-order");
}

#[test]
fn a_worker_that_lacks_a_handler_of_what_its_queue_is_sent_is_found_out() {
    let shop = shop();

    let lacking = shipping(&shop).listener::<OrderPlaced, _>(ShipOrder).check();
    let whole = shipping(&shop)
        .listener::<OrderPlaced, _>(ShipOrder)
        .job::<TrackOrder, _>(ShipOrder)
        // No row sends it any more, but some may be left in the queue.
        .listener::<OrderPaid, _>(ShipOrder)
        .check();

    let missing = MissingHandlers { queue: "ship-order", types: vec![TrackOrder::TYPE] };
    assert_eq!(lacking, Err(missing));
    assert_eq!(whole, Ok(()));
}
