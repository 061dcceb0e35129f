//! Reactions that only write: in the request or from a queue.

use postroom::{Envelope, Event, Listener, Outcome, Stored, TaskFailed, Tx};

use crate::shop::Mistake;
use crate::shop::error::ShopError;
use crate::shop::messages::{OrderCancelled, OrderPaid, OrderPlaced, OrderUnpaid, StockReserved};
use crate::shop::stored::{Failures, HistoryLine, Places, Scale, Stock, Till};

/// An event about one order.
pub(crate) trait OfOrder: Event {
    fn order(&self) -> &str;
}

impl OfOrder for OrderPlaced {
    fn order(&self) -> &str {
        &self.order
    }
}

impl OfOrder for OrderPaid {
    fn order(&self) -> &str {
        &self.order
    }
}

impl OfOrder for OrderUnpaid {
    fn order(&self) -> &str {
        &self.order
    }
}

impl OfOrder for OrderCancelled {
    fn order(&self) -> &str {
        &self.order
    }
}

/// Writes a line for people.
#[derive(Debug)]
pub(crate) struct History;

impl<E: OfOrder> Listener<E> for History {
    const NAME: &'static str = "history";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<E>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let order = event.data.order().to_owned();
        tx.put_view(&HistoryLine { order, text: E::TYPE.to_owned() })?;
        Ok(Outcome::DONE)
    }
}

/// Refuses an order beyond the limit, and frees the place of a cancelled one.
#[derive(Debug)]
pub(crate) struct PlaceLimit {
    pub(crate) most: usize,
}

impl Listener<OrderPlaced> for PlaceLimit {
    const NAME: &'static str = "place-limit";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let Places { taken } = tx.load(&Places::default().place()).await?.unwrap_or_default();
        if taken >= self.most {
            return Err(ShopError::Full { limit: self.most });
        }
        tx.save(&Places { taken: taken + 1 })?;
        Ok(Outcome::DONE)
    }
}

impl Listener<OrderCancelled> for PlaceLimit {
    const NAME: &'static str = "place-limit";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderCancelled>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let Places { taken } = tx.load(&Places::default().place()).await?.unwrap_or_default();
        tx.save(&Places { taken: taken.saturating_sub(1) })?;
        Ok(Outcome::DONE)
    }
}

/// Keeps a piece for an order. Everybody who orders at the same time races for the same item and stream.
#[derive(Debug)]
pub(crate) struct ReserveStock;

impl Listener<OrderPlaced> for ReserveStock {
    const NAME: &'static str = "reserve-stock";
    // One piece more, and another event of it.
    const REPLAYABLE: bool = true;
    type Error = ShopError;

    async fn on(&self, event: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let place = Stock::AT_FIRST.place();
        let Stock { left } = tx.load(&place).await?.unwrap_or(Stock::AT_FIRST);
        let left = left.checked_sub(1).ok_or(ShopError::SoldOut)?;
        tx.save(&Stock { left })?;
        tx.emit(StockReserved { order: event.data.order.clone() })?;
        Ok(Outcome::DONE)
    }
}

/// Weighs the parcel of an order. Before anything is reserved there is no parcel, and no second try.
#[derive(Debug)]
pub(crate) struct WeighParcel;

impl Listener<OrderPlaced> for WeighParcel {
    const NAME: &'static str = "weigh-parcel";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        if tx.peek(&Stock::AT_FIRST.place()).await?.is_none() {
            return Err(ShopError::NoParcel);
        }
        let Scale { weighed } = tx.load(&Scale::default().place()).await?.unwrap_or_default();
        tx.save(&Scale { weighed: weighed + 1 })?;
        Ok(Outcome::DONE)
    }
}

/// Counts what was paid.
#[derive(Debug)]
pub(crate) struct CountPayment {
    pub(crate) mistake: Option<Mistake>,
}

impl Listener<OrderPaid> for CountPayment {
    const NAME: &'static str = "count-payment";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderPaid>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let place = Till::default().place();
        if self.mistake == Some(Mistake::CountWithoutGuard) {
            let Till { payments } = tx.peek(&place).await?.unwrap_or_default();
            tx.put_view(&Till { payments: payments + 1 })?;
            return Ok(Outcome::DONE);
        }
        let Till { payments } = tx.load(&place).await?.unwrap_or_default();
        tx.save(&Till { payments: payments + 1 })?;
        Ok(Outcome::DONE)
    }
}

/// Counts what was given up, in the transaction that does so.
#[derive(Debug)]
pub(crate) struct SeeFailure;

impl Listener<TaskFailed> for SeeFailure {
    const NAME: &'static str = "see-failure";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<TaskFailed>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let found = tx.load(&Failures::default().place()).await?.unwrap_or_default();
        tx.save(&Failures { seen: found.seen + 1 })?;
        Ok(Outcome::DONE)
    }
}
