//! An event that has no row in the table cannot be emitted.

use postroom::doc_example::Order;
use postroom::{Event, Message, StreamId, Tx, TxError};

#[derive(serde::Serialize, serde::Deserialize)]
struct OrderForgotten {
    order: String,
}

impl Message for OrderForgotten {
    const TYPE: &'static str = "order.forgotten";
}

impl Event for OrderForgotten {
    fn stream(&self) -> StreamId {
        Order::at(&self.order).stream()
    }
}

fn handler(tx: &mut Tx) -> Result<(), TxError> {
    tx.emit(OrderForgotten { order: "1".to_owned() })?;
    Ok(())
}

fn main() {
    let _ = handler;
}
