//! What the shop's callers ask for.

use std::time::Duration;

use postroom::{Command, Tx};

use crate::shop::error::ShopError;
use crate::shop::messages::{OrderCancelled, OrderPlaced, ReminderDue};
use crate::shop::stored::{Order, Status};

/// How long after an order its customer is reminded of it.
const REMIND_AFTER: Duration = Duration::from_mins(10);

/// Orders something.
#[derive(Debug, Clone)]
pub(crate) struct PlaceOrder {
    pub(crate) order: String,
    /// By name and tenant: what is one tenant's names no other.
    pub(crate) customer: String,
}

impl Command for PlaceOrder {
    const NAME: &'static str = "place-order";
    type Output = String;
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<String, ShopError> {
        let (order, customer) = (self.order.clone(), self.customer.clone());
        if tx.load(&Order::at(&order)).await?.is_some() {
            return Err(ShopError::Exists { order });
        }
        let status = Status::Open;
        tx.save(&Order { id: order.clone(), customer: customer.clone(), status })?;
        tx.emit(OrderPlaced { order: order.clone(), customer: customer.clone() })?;
        tx.enqueue(ReminderDue { order: order.clone() }, REMIND_AFTER)?;
        // Different for each transaction: two answers that are equal are one answer.
        Ok(format!("{} for {customer}", tx.new_id()))
    }
}

/// Takes an order back that is not paid yet.
#[derive(Debug, Clone)]
pub(crate) struct CancelOrder {
    pub(crate) order: String,
}

impl Command for CancelOrder {
    const NAME: &'static str = "cancel-order";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        let order = self.order.clone();
        let Some(found) = tx.load(&Order::at(&order)).await? else {
            return Err(ShopError::Missing { order });
        };
        if found.status != Status::Open {
            return Err(ShopError::NotOpen { order });
        }
        let customer = found.customer.clone();
        tx.save(&Order { status: Status::Cancelled, ..found })?;
        tx.emit(OrderCancelled { order, customer })?;
        Ok(())
    }
}
