//! What the shop keeps.

use postroom::{Place, Stored};
use serde::{Deserialize, Serialize};

/// An order, from its placing on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) status: Status,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    Open,
    Paid,
    Cancelled,
}

impl Order {
    pub(crate) fn at(id: &str) -> Place<Self> {
        Place::new(id)
    }
}

impl Stored for Order {
    const COLLECTION: &'static str = "orders";

    fn place(&self) -> Place<Self> {
        Self::at(&self.id)
    }

    fn is_live(&self) -> bool {
        self.status == Status::Open
    }
}

/// One line of an order's history, for reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HistoryLine {
    pub(crate) order: String,
    pub(crate) text: String,
}

impl Stored for HistoryLine {
    const COLLECTION: &'static str = "history";

    fn place(&self) -> Place<Self> {
        Place::within(&self.order, &self.text)
    }
}

/// How many orders are not cancelled: a rule over all orders is a rule over this.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Places {
    pub(crate) taken: usize,
}

impl Stored for Places {
    const COLLECTION: &'static str = "places";

    fn place(&self) -> Place<Self> {
        Place::new("all")
    }
}

/// What is in stock, less what is reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stock {
    pub(crate) left: usize,
}

impl Stock {
    /// What every shop begins with.
    pub(crate) const AT_FIRST: Self = Self { left: 100 };
}

impl Stored for Stock {
    const COLLECTION: &'static str = "stock";

    fn place(&self) -> Place<Self> {
        Place::new("all")
    }
}

/// How many parcels were weighed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scale {
    pub(crate) weighed: usize,
}

impl Stored for Scale {
    const COLLECTION: &'static str = "scale";

    fn place(&self) -> Place<Self> {
        Place::new("all")
    }
}

/// How many orders the bank was asked to pay in vain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unpaid {
    pub(crate) times: usize,
}

impl Stored for Unpaid {
    const COLLECTION: &'static str = "unpaid";

    fn place(&self) -> Place<Self> {
        Place::new("all")
    }
}

/// How many failures were seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failures {
    pub(crate) seen: usize,
}

impl Stored for Failures {
    const COLLECTION: &'static str = "failures";

    fn place(&self) -> Place<Self> {
        Place::new("all")
    }
}

/// Of whose failures the staff was told, each time that it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) of: Vec<String>,
}

impl Stored for Told {
    const COLLECTION: &'static str = "told";

    fn place(&self) -> Place<Self> {
        Place::new("all")
    }
}

/// How many orders were paid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Till {
    pub(crate) payments: usize,
}

impl Stored for Till {
    const COLLECTION: &'static str = "till";

    fn place(&self) -> Place<Self> {
        Place::new("all")
    }
}

/// How often an open order was counted by the schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(crate) order: String,
    pub(crate) slots: Vec<jiff::Timestamp>,
}

impl Counted {
    pub(crate) fn at(order: &str) -> Place<Self> {
        Place::new(order)
    }
}

impl Stored for Counted {
    const COLLECTION: &'static str = "counted";

    fn place(&self) -> Place<Self> {
        Self::at(&self.order)
    }
}
