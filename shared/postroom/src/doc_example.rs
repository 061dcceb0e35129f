//! A shop small enough for the examples in the documentation. Not part of the interface.

#![allow(missing_docs, clippy::missing_errors_doc, reason = "examples, not interface")]

use serde::{Deserialize, Serialize};

use crate::{
    Blame, Blames, Classify, Command, Effects, Envelope, Event, Job, Listener, Message, OnUnknown,
    Outcome, Place, Refusal, RefusalKind, Refuse, Stored, StreamId, Tx, TxError, Verdict,
};

#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub most_open_orders: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: String,
    pub paid: bool,
}

impl Order {
    pub fn at(id: &str) -> Place<Self> {
        Place::new(id)
    }
}

impl Stored for Order {
    const COLLECTION: &'static str = "orders";

    fn place(&self) -> Place<Self> {
        Self::at(&self.id)
    }

    fn is_live(&self) -> bool {
        !self.paid
    }
}

/// One line for people, written by the history listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    pub order: String,
    pub text: String,
}

impl Stored for HistoryLine {
    const COLLECTION: &'static str = "history";

    fn place(&self) -> Place<Self> {
        Place::within(&self.order, &self.text)
    }
}

/// How many orders are open: one item, so that a rule over all orders is a rule over one version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrders {
    pub count: u32,
}

impl Stored for OpenOrders {
    const COLLECTION: &'static str = "open-orders";

    fn place(&self) -> Place<Self> {
        Place::new("all")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPlaced {
    pub order: String,
}

impl Message for OrderPlaced {
    const TYPE: &'static str = "order.placed";
}

impl Event for OrderPlaced {
    fn stream(&self) -> StreamId {
        Order::at(&self.order).stream()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPaid {
    pub order: String,
    pub receipt: String,
}

impl Message for OrderPaid {
    const TYPE: &'static str = "order.paid";
}

impl Event for OrderPaid {
    fn stream(&self) -> StreamId {
        Order::at(&self.order).stream()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    #[error("order {order} exists")]
    Exists { order: String },
    #[error("{limit} orders are open")]
    TooManyOpen { limit: u32 },
    #[error("the bank does not answer")]
    Bank,
    #[error("order {order} is gone")]
    Gone { order: String },
    #[error(transparent)]
    Tx(#[from] TxError),
}

impl Classify for ShopError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Exists { .. } | Self::TooManyOpen { .. } | Self::Gone { .. } => {
                Verdict::Permanent
            }
            Self::Bank => Verdict::RETRY,
            Self::Tx(source) => source.verdict(),
        }
    }
}

impl Blames for ShopError {
    fn blame(&self) -> Blame {
        match self {
            Self::Bank => Blame::Provider,
            Self::Exists { .. } | Self::TooManyOpen { .. } | Self::Gone { .. } => Blame::Message,
            Self::Tx(_) => Blame::NotAsked,
        }
    }
}

impl Refuse for ShopError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Exists { .. } => {
                Some(Refusal { code: "order-exists", kind: RefusalKind::Conflict })
            }
            Self::TooManyOpen { .. } => {
                Some(Refusal { code: "too-many-open-orders", kind: RefusalKind::Conflict })
            }
            Self::Bank | Self::Gone { .. } | Self::Tx(_) => None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct PlaceOrder {
    pub order: String,
}

impl Command for PlaceOrder {
    const NAME: &'static str = "place-order";
    type Output = u64;
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<u64, ShopError> {
        if tx.load(&Order::at(&self.order)).await?.is_some() {
            return Err(ShopError::Exists { order: self.order.clone() });
        }
        let version = tx.save(&Order { id: self.order.clone(), paid: false })?;
        tx.emit(OrderPlaced { order: self.order.clone() })?;
        Ok(version)
    }
}

#[derive(Debug)]
pub struct History;

impl Listener<OrderPlaced> for History {
    const NAME: &'static str = "history";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        tx.put_view(&HistoryLine { order: event.data.order.clone(), text: "placed".to_owned() })?;
        Ok(Outcome::DONE)
    }
}

#[derive(Debug)]
pub struct StockLimit {
    pub most: u32,
}

impl Listener<OrderPlaced> for StockLimit {
    const NAME: &'static str = "stock-limit";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let mut open = tx.load(&OpenOrders::default().place()).await?.unwrap_or_default();
        if open.count >= self.most {
            return Err(ShopError::TooManyOpen { limit: self.most });
        }
        open.count += 1;
        tx.save(&open)?;
        Ok(Outcome::DONE)
    }
}

/// The bank, as a test plays it.
pub trait Bank: Send + Sync + 'static {
    fn charge(&self, key: &str) -> Result<String, ShopError>;
}

#[derive(Debug)]
pub struct NoBank;

impl Bank for NoBank {
    fn charge(&self, _: &str) -> Result<String, ShopError> {
        Err(ShopError::Bank)
    }
}

#[derive(Debug)]
pub struct ChargeCard<B = NoBank> {
    pub bank: B,
}

impl<B: Bank> Job<OrderPlaced> for ChargeCard<B> {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = String;
    type Error = ShopError;

    async fn perform(
        &self,
        message: &Envelope<OrderPlaced>,
        effects: &Effects,
    ) -> Result<Outcome<String>, ShopError> {
        let _ = message;
        self.bank.charge(effects.idempotency_key()).map(Outcome::Done)
    }

    async fn record(
        &self,
        message: &Envelope<OrderPlaced>,
        receipt: &String,
        tx: &mut Tx,
    ) -> Result<(), ShopError> {
        let order = &message.data.order;
        let Some(mut found) = tx.load(&Order::at(order)).await? else {
            return Err(ShopError::Gone { order: order.clone() });
        };
        found.paid = true;
        tx.save(&found)?;
        tx.emit(OrderPaid { order: order.clone(), receipt: receipt.clone() })?;
        Ok(())
    }
}

crate::reactions! {
    /// What happens after what in the shop.
    pub fn reactions(settings: &Settings);

    OrderPlaced {
        in_request History,
        in_request StockLimit { most: settings.most_open_orders },
        queued ChargeCard,
    }
    OrderPaid {}
}
