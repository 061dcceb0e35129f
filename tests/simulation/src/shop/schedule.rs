//! What happens again and again.

use jiff::Timestamp;
use postroom::Schedule;

use crate::shop::messages::CountDue;
use crate::shop::stored::Order;

/// Has every open order counted, once a slot.
#[derive(Debug)]
pub(crate) struct CountOrders;

impl Schedule for CountOrders {
    const NAME: &'static str = "count-orders";
    type Of = Order;
    type Id = String;
    type Task = CountDue;

    fn task(&self, order: &String, slot: Timestamp) -> CountDue {
        CountDue { order: order.clone(), slot }
    }
}
