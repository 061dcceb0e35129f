//! What happens in the shop, and what it orders from itself.

use jiff::Timestamp;
use postroom::{Event, Message, StreamId, Task};
use serde::{Deserialize, Serialize};

use crate::shop::stored::{Order, Stock};
use postroom::Stored;

macro_rules! events_of_orders {
    ($($Event:ident $type:literal $what:literal;)*) => {$(
        #[doc = $what]
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) struct $Event {
            pub(crate) order: String,
            pub(crate) customer: String,
        }

        impl Message for $Event {
            const TYPE: &'static str = $type;
        }

        impl Event for $Event {
            fn stream(&self) -> StreamId {
                Order::at(&self.order).stream()
            }
        }
    )*};
}
events_of_orders! {
    OrderPlaced "order.placed" "Somebody ordered.";
    OrderPaid "order.paid" "The bank has taken the money.";
    OrderUnpaid "order.unpaid" "The bank was asked in vain.";
    OrderCancelled "order.cancelled" "Somebody does not want it any more.";
}

/// A piece is kept for an order. All of these are one stream: everybody writes to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StockReserved {
    pub(crate) order: String,
}

impl Message for StockReserved {
    const TYPE: &'static str = "stock.reserved";
}

impl Event for StockReserved {
    fn stream(&self) -> StreamId {
        Stock::AT_FIRST.place().stream()
    }
}

/// An order is to be asked after, some time later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReminderDue {
    pub(crate) order: String,
}

impl Message for ReminderDue {
    const TYPE: &'static str = "reminder.due";
}

impl Task for ReminderDue {
    fn subject(&self) -> String {
        self.order.clone()
    }
}

/// An open order is to be counted, once a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CountDue {
    pub(crate) order: String,
    pub(crate) slot: Timestamp,
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
