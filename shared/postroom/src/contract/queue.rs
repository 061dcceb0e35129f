//! What a queue promises to the courier.

use crate::BoxFuture;
use crate::contract::sample::{Sample, at};
use crate::port::{Depths, OutboxRow, Posted, Queue, QueueDepth, QueueError};

/// A queue under test, and a look at what arrived behind it.
pub trait QueueUnderTest: Send + Sync {
    /// The adapter. It has queues for the handlers `tell-owner` and, in order, `tell-in-order`, and for no other.
    fn queue(&self) -> &dyn Queue;

    /// What counts the messages of its queues.
    fn depths(&self) -> &dyn Depths;

    /// Everything that arrived at the queue of a handler; of each group in the order in which it is given out.
    fn arrived<'a>(&'a self, handler: &'a str) -> BoxFuture<'a, Vec<Arrived>>;
}

/// A message as a worker would receive it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrived {
    /// The body.
    pub body: String,
    /// The attribute `type`.
    pub r#type: String,
    /// The attribute `correlation_id`.
    pub correlation_id: String,
    /// The group, if it has one.
    pub group: Option<String>,
}

/// A full batch arrives, with its bodies unchanged and its attributes beside them.
pub async fn a_batch_of_ten_arrives(subject: &dyn QueueUnderTest) {
    let rows = rows(10);

    let posted = subject.queue().send("tell-owner", &rows).await.unwrap();

    assert_eq!(posted, Posted::default());
    let mut arrived = subject.arrived("tell-owner").await;
    let mut sent: Vec<Arrived> = rows.iter().map(arrival).collect();
    arrived.sort();
    sent.sort();
    assert_eq!(arrived, sent);
}

/// What was sent waits in its queue, and in no other.
pub async fn what_was_sent_is_counted(subject: &dyn QueueUnderTest) {
    subject.queue().send("tell-owner", &rows(3)).await.unwrap();

    let depths = subject.depths().depths().await.unwrap();

    let depth = |queue: &str, waiting| QueueDepth {
        queue: queue.to_owned(),
        waiting,
        in_flight: 0,
        dead: 0,
    };
    assert_eq!(depths, [depth("tell-in-order", 0), depth("tell-owner", 3)]);
}

/// What is in order arrives with its groups, each in the order it was sent.
pub async fn a_group_arrives_in_order(subject: &dyn QueueUnderTest) {
    let sample = Sample::new();
    let row = |n: u64| {
        let group = ["even", "odd"][usize::from(n % 2 == 1)];
        OutboxRow { body: n.to_string(), ..sample.row_in_order(at(n), 0, group) }
    };
    let rows: Vec<_> = (0..10).map(row).collect();

    let posted = subject.queue().send("tell-in-order", &rows).await.unwrap();

    assert_eq!(posted, Posted::default());
    let arrived = subject.arrived("tell-in-order").await;
    let of = |group: &str| {
        let of_group = arrived.iter().filter(|arrived| arrived.group.as_deref() == Some(group));
        of_group.map(|arrived| arrived.body.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of("even"), ["0", "2", "4", "6", "8"]);
    assert_eq!(of("odd"), ["1", "3", "5", "7", "9"]);
}

/// One row more than a queue takes is refused whole, and nothing arrives.
pub async fn more_than_a_batch_is_refused(subject: &dyn QueueUnderTest) {
    let refused = subject.queue().send("tell-owner", &rows(11)).await.unwrap_err();

    assert!(matches!(refused, QueueError::Refused { .. }), "{refused:?}");
    assert_eq!(subject.arrived("tell-owner").await, []);
}

/// A handler the deployment knows no queue of.
pub async fn a_handler_without_a_queue_is_named(subject: &dyn QueueUnderTest) {
    let unknown = subject.queue().send("tell-nobody", &rows(1)).await.unwrap_err();

    assert!(
        matches!(&unknown, QueueError::Unknown { handler } if handler == "tell-nobody"),
        "{unknown:?}"
    );
}

fn rows(count: u64) -> Vec<OutboxRow> {
    let sample = Sample::new();
    let row = |n| OutboxRow { body: format!("{n} grüße \u{1F4EE} \"\\"), ..sample.row(at(n), 0) };
    (0..count).map(row).collect()
}

fn arrival(row: &OutboxRow) -> Arrived {
    Arrived {
        body: row.body.clone(),
        r#type: row.r#type.clone(),
        correlation_id: row.correlation_id.to_string(),
        group: row.group.clone(),
    }
}
