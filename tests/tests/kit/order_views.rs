//! A read model of orders, in which whatever may go wrong does when it is told to.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use postroom::doc_example::{Order, OrderPaid, OrderPlaced, Settings, reactions};
use postroom::{
    BoxFuture, Classify, Envelope, Place, Projection, Projections, Projector, Reactions, ReadModel,
    Reads, Runtime, Stored, StreamRecord, TxError, Verdict, View, WakeUp, events,
};
use serde::{Deserialize, Serialize};

use crate::shop::{Shop, tenant};

/// The projector's name, and its queue's.
const PROJECTOR: &str = "project-views";

/// What happened to an order, as a reader sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct OrderView {
    order: String,
    versions: Vec<u64>,
}

impl Stored for OrderView {
    const COLLECTION: &'static str = "order-views";

    fn place(&self) -> Place<Self> {
        Place::new(&self.order)
    }
}

/// One item for all orders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Total {
    events: u64,
}

impl Stored for Total {
    const COLLECTION: &'static str = "totals";

    fn place(&self) -> Place<Self> {
        Place::new("all")
    }
}

events! {
    /// What can happen to an order.
    pub(crate) enum OrderEvent { OrderPlaced, OrderPaid }
}

#[derive(Debug, thiserror::Error)]
enum ViewError {
    #[error("order {order} cannot be shown")]
    Poison { order: String },
    #[error("the paper is out")]
    Paper,
    #[error(transparent)]
    Tx(#[from] TxError),
}

impl Classify for ViewError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Poison { .. } => Verdict::Permanent,
            Self::Paper => Verdict::RETRY,
            Self::Tx(source) => source.verdict(),
        }
    }
}

/// What goes wrong while an event is applied, and how often it was tried.
#[derive(Clone, Default)]
pub(crate) struct Trouble {
    pub(crate) poisoned: Arc<Mutex<BTreeSet<String>>>,
    pub(crate) paper_out: Arc<AtomicU32>,
    pub(crate) panics: Arc<AtomicU32>,
    pub(crate) tried: Arc<AtomicU32>,
    /// What goes on while the first event is applied.
    pub(crate) meanwhile: Arc<Mutex<Option<BoxFuture<'static, ()>>>>,
}

struct Orders(Trouble);

impl Projection for Orders {
    const NAME: &'static str = "order-view";
    const READS: Reads = Reads::Only(&[Order::COLLECTION]);
    const MAKES: &'static [&'static str] = &[OrderView::COLLECTION, Total::COLLECTION];
    type Event = OrderEvent;
    type Error = ViewError;

    async fn apply(
        &self,
        event: &Envelope<OrderEvent>,
        view: &mut View<'_>,
    ) -> Result<(), ViewError> {
        let Trouble { poisoned, paper_out, panics, tried, meanwhile } = &self.0;
        tried.fetch_add(1, Ordering::SeqCst);
        let order = match &event.data {
            OrderEvent::OrderPlaced(placed) => placed.order.clone(),
            OrderEvent::OrderPaid(paid) => paid.order.clone(),
        };
        let start = OrderView { order: order.clone(), versions: Vec::new() };
        let mut shown = view.load(&start.place()).await?.unwrap_or(start);
        let mut total = view.load(&Total::default().place()).await?.unwrap_or_default();
        let meanwhile = meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        if poisoned.lock().unwrap().contains(&order) {
            return Err(ViewError::Poison { order });
        }
        if took_one(paper_out) {
            return Err(ViewError::Paper);
        }
        assert!(!took_one(panics), "the ink is spilt");
        shown.versions.push(event.stream_version.unwrap());
        total.events += 1;
        view.save(&shown)?;
        view.save(&total)?;
        Ok(())
    }
}

impl Trouble {
    /// While the first event is applied, another projector is told something too.
    pub(crate) fn twin(&self, projector: Projector, record: StreamRecord) {
        let told = async move { assert_eq!(projector.process(&[record], None).await, None) };
        *self.meanwhile.lock().unwrap() = Some(Box::pin(told));
    }
}

fn took_one(from: &AtomicU32) -> bool {
    from.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

pub(crate) fn projector(shop: &Shop, trouble: &Trouble) -> Projector {
    projector_of(&shop.runtime, shop, trouble)
}

/// The read model, for whoever does not keep it up.
pub(crate) fn projections(trouble: &Trouble) -> Projections {
    Projections::default().with(Orders(trouble.clone()))
}

/// A projector on other ports than the shop's own.
pub(crate) fn projector_of(runtime: &Runtime, shop: &Shop, trouble: &Trouble) -> Projector {
    Projector::new(PROJECTOR, runtime.clone(), Arc::new(shop.memory.clone()))
        .projection(Orders(trouble.clone()))
}

/// What the journal's stream tells of a version of an order.
pub(crate) fn told(order: &str, version: u64) -> StreamRecord {
    StreamRecord {
        sequence_number: format!("{order}-{version}"),
        body: "{}".to_owned(),
        wake_up: WakeUp::of_key(&format!("demo#orders/{order}"), &version.to_string()),
    }
}

/// A shop with an order of so many events.
pub(crate) async fn shop_with(order: &str, events: usize) -> Shop {
    shop_with_table(reactions(&Settings { most_open_orders: 5_000 }), order, events).await
}

/// The same, in which this happens after what.
pub(crate) async fn shop_with_table(table: Reactions, order: &str, events: usize) -> Shop {
    let shop = Shop::with(table.with_projector(PROJECTOR));
    more(&shop, order, events).await;
    shop
}

pub(crate) async fn more(shop: &Shop, order: &str, events: usize) {
    shop.place(order).await.unwrap();
    for _ in 1..events {
        shop.mention(order).await;
    }
}

pub(crate) async fn shown(shop: &Shop, order: &str) -> Vec<u64> {
    let place = Place::<OrderView>::new(order);
    let found = model(shop).await.get(&place).await.unwrap();
    found.map_or_else(Vec::new, |found| found.value.versions)
}

pub(crate) async fn total(shop: &Shop) -> u64 {
    let found = model(shop).await.get(&Total::default().place()).await.unwrap();
    found.map_or(0, |found| found.value.events)
}

async fn model(shop: &Shop) -> ReadModel {
    shop.runtime.reader(&tenant()).model::<Orders>().await.unwrap()
}
