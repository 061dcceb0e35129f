//! What a topic promises to the courier.

use crate::BoxFuture;
use crate::contract::queue::Arrived;
use crate::contract::sample::{Sample, at};
use crate::port::{Destination, OutboxRow, Posted, Topic, TopicError};

/// A topic under test, and a look at what arrived behind it.
pub trait TopicUnderTest: Send + Sync {
    /// The adapter. Subscribed are `tell-owner`, for everything of `order.*`, and `count-orders`, for `order.placed` alone.
    fn topic(&self) -> &dyn Topic;

    /// Everything that arrived at the queue of a subscriber.
    fn arrived<'a>(&'a self, handler: &'a str) -> BoxFuture<'a, Vec<Arrived>>;
}

/// A full batch arrives at each subscriber that wants it, with its bodies unchanged and its attributes beside them.
pub async fn a_batch_of_ten_arrives_at_every_subscriber(subject: &dyn TopicUnderTest) {
    let rows: Vec<_> = (0..10).map(|n| row(n, "order.placed")).collect();

    let posted = subject.topic().publish(&rows).await.unwrap();

    assert_eq!(posted, Posted::default());
    let mut sent: Vec<Arrived> = rows.iter().map(arrival).collect();
    sent.sort();
    for subscriber in ["tell-owner", "count-orders"] {
        let mut arrived = subject.arrived(subscriber).await;
        arrived.sort();
        assert_eq!(arrived, sent, "{subscriber}");
    }
}

/// What a subscriber does not want goes to the others.
pub async fn a_subscriber_gets_the_types_that_it_wants(subject: &dyn TopicUnderTest) {
    let rows = ["order.placed", "order.shipped", "orders.counted", "bill.paid"];
    let rows = rows.map(|r#type| row(0, r#type));

    let posted = subject.topic().publish(&rows).await.unwrap();

    assert_eq!(posted, Posted::default());
    let types = async |subscriber| {
        let arrived = subject.arrived(subscriber).await.into_iter();
        let mut types: Vec<_> = arrived.map(|arrived| arrived.r#type).collect();
        types.sort();
        types
    };
    assert_eq!(types("tell-owner").await, ["order.placed", "order.shipped"]);
    assert_eq!(types("count-orders").await, ["order.placed"]);
}

/// As many bytes as a batch may have arrive.
pub async fn the_largest_batch_arrives(subject: &dyn TopicUnderTest) {
    let large = <dyn Topic>::BATCH_BYTES / 2;
    let rows = [0, 1].map(|n| OutboxRow { body: "x".repeat(large), ..row(n, "order.placed") });

    let posted = subject.topic().publish(&rows).await.unwrap();

    assert_eq!(posted, Posted::default());
    assert_eq!(subject.arrived("count-orders").await.len(), 2);
}

/// One row more than a topic takes is refused whole, and nothing arrives.
pub async fn more_than_a_batch_is_refused(subject: &dyn TopicUnderTest) {
    let rows: Vec<_> = (0..11).map(|n| row(n, "order.placed")).collect();

    let refused = subject.topic().publish(&rows).await.unwrap_err();

    assert!(matches!(refused, TopicError::Refused { .. }), "{refused:?}");
    assert_eq!(subject.arrived("tell-owner").await, []);
}

fn row(n: u64, r#type: &str) -> OutboxRow {
    let sample = Sample::new();
    let body = format!("{n} grüße \u{1F4EE} \"\\");
    let (to, r#type) = (Destination::Topic, r#type.to_owned());
    OutboxRow { to, body, r#type, ..sample.row_in_order(at(n), 0, "tenant-1") }
}

fn arrival(row: &OutboxRow) -> Arrived {
    Arrived {
        body: row.body.clone(),
        r#type: row.r#type.clone(),
        correlation_id: row.correlation_id.to_string(),
        group: row.group.clone(),
    }
}
