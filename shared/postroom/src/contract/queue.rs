//! What a queue promises to the courier.

use crate::BoxFuture;
use crate::contract::sample::{Sample, at};
use crate::port::{OutboxRow, Posted, Queue, QueueError};

/// A queue under test, and a look at what arrived behind it.
pub trait QueueUnderTest: Send + Sync {
    /// The adapter. It has a queue for the handler `tell-owner` and for no other.
    fn queue(&self) -> &dyn Queue;

    /// Everything that arrived at the queue of `tell-owner`, in any order.
    fn arrived(&self) -> BoxFuture<'_, Vec<Arrived>>;
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
}

/// A full batch arrives, with its bodies unchanged and its attributes beside them.
pub async fn a_batch_of_ten_arrives(subject: &dyn QueueUnderTest) {
    let rows = rows(10);

    let posted = subject.queue().send("tell-owner", &rows).await.unwrap();

    assert_eq!(posted, Posted::default());
    let mut arrived = subject.arrived().await;
    let mut sent: Vec<Arrived> = rows.iter().map(arrival).collect();
    arrived.sort();
    sent.sort();
    assert_eq!(arrived, sent);
}

/// One row more than a queue takes is refused whole, and nothing arrives.
pub async fn more_than_a_batch_is_refused(subject: &dyn QueueUnderTest) {
    let refused = subject.queue().send("tell-owner", &rows(11)).await.unwrap_err();

    assert!(matches!(refused, QueueError::Refused { .. }), "{refused:?}");
    assert_eq!(subject.arrived().await, []);
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
    }
}
