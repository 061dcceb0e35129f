//! Reactions with an effect outside.

use postroom::port::DeadLetter;
use postroom::simulation::{Outside, OutsideError};
use postroom::{DedupKey, Effects, Envelope, Job, OnUnknown, Outcome, Stored, TaskFailed, Tx};

use crate::shop::Mistake;
use crate::shop::error::ShopError;
use crate::shop::listeners::OfOrder;
use crate::shop::messages::{
    CountDue, OrderPaid, OrderPlaced, OrderUnpaid, ReminderDue, StockReserved,
};
use crate::shop::stored::{Counted, Order, Status, Told, Unpaid};

/// Takes the money.
#[derive(Debug)]
pub(crate) struct ChargeCard {
    pub(crate) bank: Outside,
    pub(crate) mistake: Option<Mistake>,
}

impl Job<OrderPlaced> for ChargeCard {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(
        &self,
        message: &Envelope<OrderPlaced>,
        effects: &Effects,
    ) -> Result<Outcome, ShopError> {
        let found = effects.reader().get(&Order::at(&message.data.order)).await?;
        if found.is_none_or(|order| order.value.status == Status::Cancelled) {
            return Ok(Outcome::Skipped { reason: "the order was cancelled" });
        }
        let mut key = effects.idempotency_key().to_owned();
        if self.mistake == Some(Mistake::KeyPerAttempt) {
            key = format!("{key}#{}", effects.attempt());
        }
        self.bank.call("bank", message.id, &key).await?;
        Ok(Outcome::DONE)
    }

    async fn record(
        &self,
        message: &Envelope<OrderPlaced>,
        (): &(),
        tx: &mut Tx,
    ) -> Result<(), ShopError> {
        let order = message.data.order.clone();
        let Some(found) = tx.load(&Order::at(&order)).await? else {
            return Err(ShopError::Missing { order });
        };
        if found.status == Status::Open {
            let customer = found.customer.clone();
            tx.save(&Order { status: Status::Paid, ..found })?;
            tx.emit(OrderPaid { order, customer })?;
        }
        Ok(())
    }

    async fn on_give_up(
        &self,
        message: &Envelope<OrderPlaced>,
        _: &DeadLetter,
        tx: &mut Tx,
    ) -> Result<(), ShopError> {
        let Unpaid { times } = tx.load(&Unpaid::default().place()).await?.unwrap_or_default();
        tx.save(&Unpaid { times: times + 1 })?;
        let order = message.data.order.clone();
        let Some(Order { customer, .. }) = tx.load(&Order::at(&order)).await? else {
            return Err(ShopError::Missing { order });
        };
        tx.emit(OrderUnpaid { order, customer })?;
        Ok(())
    }
}

/// Tells the warehouse where an order stands, in order.
#[derive(Debug)]
pub(crate) struct TellWarehouse {
    pub(crate) warehouse: Outside,
}

impl<E: OfOrder> Job<E> for TellWarehouse {
    const NAME: &'static str = "tell-warehouse";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    const REPLAYABLE: bool = true;
    type Done = ();
    type Error = ShopError;

    async fn perform(
        &self,
        message: &Envelope<E>,
        effects: &Effects,
    ) -> Result<Outcome, ShopError> {
        let found = effects.reader().get(&Order::at(message.data.order())).await?;
        if found.map(|order| order.stream_version) > message.stream_version {
            return Ok(Outcome::Skipped { reason: "a later message is on its way" });
        }
        self.warehouse.call("warehouse", message.id, effects.idempotency_key()).await?;
        Ok(Outcome::DONE)
    }

    async fn record(&self, _: &Envelope<E>, (): &(), _: &mut Tx) -> Result<(), ShopError> {
        Ok(())
    }
}

/// Prints a label. The printer knows no keys, and nobody wants two.
#[derive(Debug)]
pub(crate) struct PrintLabel {
    pub(crate) printer: Outside,
}

/// The same by somebody who thinks that a repetition does no harm.
#[derive(Debug)]
pub(crate) struct PrintLabelAgain {
    pub(crate) printer: Outside,
}

impl Job<OrderPaid> for PrintLabel {
    const NAME: &'static str = "print-label";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Park;
    type Done = ();
    type Error = ShopError;

    async fn perform(
        &self,
        message: &Envelope<OrderPaid>,
        _: &Effects,
    ) -> Result<Outcome, ShopError> {
        let printed = self.printer.call_without_key("printer", message.id).await;
        printed.map_err(|error| match error {
            OutsideError::Unknown { .. } => ShopError::PerhapsPrinted,
            OutsideError::Busy { .. }
            | OutsideError::Down { .. }
            | OutsideError::Refused { .. } => error.into(),
        })?;
        Ok(Outcome::DONE)
    }

    async fn record(&self, _: &Envelope<OrderPaid>, (): &(), _: &mut Tx) -> Result<(), ShopError> {
        Ok(())
    }
}

impl Job<OrderPaid> for PrintLabelAgain {
    const NAME: &'static str = "print-label";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(
        &self,
        message: &Envelope<OrderPaid>,
        _: &Effects,
    ) -> Result<Outcome, ShopError> {
        self.printer.call_without_key("printer", message.id).await?;
        Ok(Outcome::DONE)
    }

    async fn record(&self, _: &Envelope<OrderPaid>, (): &(), _: &mut Tx) -> Result<(), ShopError> {
        Ok(())
    }
}

/// Jobs that call a service under the key of their message, and that is all.
macro_rules! calls {
    ($(#[doc = $what:literal] $Job:ident $name:literal after $Message:ident: $service:literal;)*) => {$(
        #[doc = $what]
        #[derive(Debug)]
        pub(crate) struct $Job(pub(crate) Outside);

        impl Job<$Message> for $Job {
            const NAME: &'static str = $name;
            const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
            type Done = ();
            type Error = ShopError;

            async fn perform(
                &self,
                message: &Envelope<$Message>,
                effects: &Effects,
            ) -> Result<Outcome, ShopError> {
                self.0.call($service, message.id, effects.idempotency_key()).await?;
                Ok(Outcome::DONE)
            }

            async fn record(
                &self,
                _: &Envelope<$Message>,
                (): &(),
                _: &mut Tx,
            ) -> Result<(), ShopError> {
                Ok(())
            }
        }
    )*};
}
calls! {
    /// Reminds a customer, some time after the order.
    RemindCustomer "remind-customer" after ReminderDue: "mail";
    /// Books a courier, who is called behind a gate.
    BookCourier "book-courier" after OrderPlaced: "courier";
    /// Insures a parcel with the courier: another function, whose processes share its breaker and its rate.
    InsureParcel "insure-parcel" after StockReserved: "courier";
}

/// Counts an open order of a slot. Nothing of it is outside.
#[derive(Debug)]
pub(crate) struct CountOrder;

impl Job<CountDue> for CountOrder {
    const NAME: &'static str = "count-order";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<CountDue>, _: &Effects) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }

    async fn record(
        &self,
        message: &Envelope<CountDue>,
        (): &(),
        tx: &mut Tx,
    ) -> Result<(), ShopError> {
        let CountDue { order, slot } = message.data.clone();
        let found = tx.load(&Counted::at(&order)).await?;
        let mut counted = found.unwrap_or(Counted { order, slots: Vec::new() });
        counted.slots.push(slot);
        tx.save(&counted)?;
        Ok(())
    }
}

/// Tells the staff whose messages fail: of each handler once, however many of them do.
#[derive(Debug)]
pub(crate) struct TellStaff {
    pub(crate) pager: Outside,
}

impl Job<TaskFailed> for TellStaff {
    const NAME: &'static str = "tell-staff";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    fn key(message: &Envelope<TaskFailed>) -> Option<DedupKey> {
        DedupKey::named(&message.tenant_id, &message.data.handler)
    }

    async fn perform(
        &self,
        message: &Envelope<TaskFailed>,
        effects: &Effects,
    ) -> Result<Outcome, ShopError> {
        self.pager.call("pager", message.id, effects.idempotency_key()).await?;
        Ok(Outcome::DONE)
    }

    async fn record(
        &self,
        message: &Envelope<TaskFailed>,
        (): &(),
        tx: &mut Tx,
    ) -> Result<(), ShopError> {
        let mut told = tx.load(&Told::default().place()).await?.unwrap_or_default();
        told.of.push(message.data.handler.clone());
        tx.save(&told)?;
        Ok(())
    }
}
