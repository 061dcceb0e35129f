//! Events that are published: sent once, and worked on by each that is subscribed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;
use postroom::doc_example::{Order, ShopError};
use postroom::memory::{MemoryQueue, MemoryTopic};
use postroom::port::{Destination, LetterStatus, OutboxRow};
use postroom::{
    Command, Disposition, Envelope, Event, Listener, Message, Outcome, Place, Reactions, Record,
    Redrive, Stored, StreamId, Tx, Worker, reactions,
};
use serde::{Deserialize, Serialize};

use crate::office::{office, operator};
use crate::shop::{Shop, tenant};

const FAR: Timestamp = Timestamp::constant(1_800_000_000, 0);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ParcelSent {
    parcel: String,
}

impl Message for ParcelSent {
    const TYPE: &'static str = "parcel.sent";
}

impl Event for ParcelSent {
    fn stream(&self) -> StreamId {
        Order::at(&self.parcel).stream()
    }
}

/// Of the same family, and nobody here reacts to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ParcelLost {
    parcel: String,
}

impl Message for ParcelLost {
    const TYPE: &'static str = "parcel.lost";
}

impl Event for ParcelLost {
    fn stream(&self) -> StreamId {
        Order::at(&self.parcel).stream()
    }
}

/// Of no family.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ShelfCounted {
    shelf: String,
}

impl Message for ShelfCounted {
    const TYPE: &'static str = "shelf.counted";
}

impl Event for ShelfCounted {
    fn stream(&self) -> StreamId {
        Order::at(&self.shelf).stream()
    }
}

/// How often a handler took effect.
#[derive(Default, Serialize, Deserialize)]
struct Effects {
    of: String,
    count: u32,
}

impl Effects {
    fn of(handler: &str) -> Place<Self> {
        Place::new(handler)
    }

    async fn count(handler: &str, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let found = tx.load(&Self::of(handler)).await?.unwrap_or_default();
        tx.save(&Self { of: handler.to_owned(), count: found.count + 1 })?;
        Ok(Outcome::DONE)
    }
}

impl Stored for Effects {
    const COLLECTION: &'static str = "effects";

    fn place(&self) -> Place<Self> {
        Self::of(&self.of)
    }
}

#[derive(Default)]
struct TellOwner {
    /// Whether it fails for good.
    fails: bool,
}

impl Listener<ParcelSent> for TellOwner {
    const NAME: &'static str = "tell-owner";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<ParcelSent>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        if self.fails {
            return Err(ShopError::Gone { order: event.data.parcel.clone() });
        }
        Effects::count(Self::NAME, tx).await
    }
}

struct CountParcels;

impl Listener<ParcelSent> for CountParcels {
    const NAME: &'static str = "count-parcels";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<ParcelSent>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        Effects::count(Self::NAME, tx).await
    }
}

/// In its own queue, and not by way of the topic.
struct WeighParcel;

impl Listener<ParcelSent> for WeighParcel {
    const NAME: &'static str = "weigh-parcel";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<ParcelSent>, _: &mut Tx) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }
}

reactions! {
    fn parcels(settings: &());

    ParcelSent {
        published TellOwner,
        queued WeighParcel,
        published CountParcels,
    }
    ParcelLost {}
    ShelfCounted {}
    "parcel.*" { published }
}

/// Makes all three happen.
struct Send;

impl Command for Send {
    const NAME: &'static str = "send";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        tx.save(&Order { id: "1".to_owned(), paid: false })?;
        let one = || "1".to_owned();
        tx.emit(ParcelSent { parcel: one() })?;
        tx.emit(ParcelLost { parcel: one() })?;
        tx.emit(ShelfCounted { shelf: one() })?;
        Ok(())
    }
}

struct Depot {
    shop: Shop,
    topic: MemoryTopic,
}

impl Depot {
    fn new() -> Self {
        Self::with(|queue| {
            let topic = MemoryTopic::of(queue).subscribed("tell-owner", "parcel.*");
            topic.subscribed("count-parcels", "parcel.sent")
        })
    }

    fn with(topic: impl FnOnce(MemoryQueue) -> MemoryTopic) -> Self {
        let mut shop = Shop::with(parcels(&()));
        let topic = topic((*shop.queue).clone());
        shop.runtime = shop.runtime.with_topic(Arc::new(topic.clone()));
        Self { shop, topic }
    }

    async fn send(&self) {
        self.shop.runtime.execute(&Send, &self.shop.origin()).await.unwrap();
    }

    fn worker(&self, name: &'static str) -> Worker {
        Worker::new(name, self.shop.runtime.clone(), Arc::new(self.shop.memory.clone()))
    }

    fn owners(&self, fails: bool) -> Worker {
        self.worker("tell-owner").listener::<ParcelSent, _>(TellOwner { fails })
    }

    fn counters(&self) -> Worker {
        self.worker("count-parcels").listener::<ParcelSent, _>(CountParcels)
    }

    /// What its queue holds for a subscriber, as deliveries of that number.
    fn records(&self, handler: &str, delivery: u32) -> Vec<Record> {
        let sent = self.shop.queue.sent(handler).into_iter().enumerate();
        let record = |(index, row): (usize, OutboxRow)| Record {
            // As SQS and SNS do, which give each sending an id of its own.
            message_id: format!("{handler}-{index}-{delivery}"),
            body: row.body,
            group: None,
            receives: delivery,
            refused: None,
        };
        sent.map(record).collect()
    }

    /// How often the owner's and the counting handler took effect.
    async fn effects(&self) -> [u32; 2] {
        let reader = self.shop.runtime.reader(&tenant());
        let mut effects = [0; 2];
        for (handler, count) in ["tell-owner", "count-parcels"].into_iter().zip(&mut effects) {
            let found = reader.get(&Effects::of(handler)).await.unwrap();
            *count = found.map_or(0, |found| found.value.count);
        }
        effects
    }
}

fn types(rows: &[OutboxRow]) -> Vec<&str> {
    rows.iter().map(|row| row.r#type.as_str()).collect()
}

#[tokio::test]
async fn a_published_event_is_sent_once_and_reaches_each_that_is_subscribed() {
    let depot = Depot::new();

    depot.send().await;

    let queue = &depot.shop.queue;
    // That nobody here reacts to it makes no difference; what is of another family is not published.
    assert_eq!(types(&depot.topic.published()), ["parcel.sent", "parcel.lost"]);
    assert_eq!(types(&queue.sent("tell-owner")), ["parcel.sent", "parcel.lost"]);
    assert_eq!(types(&queue.sent("count-parcels")), ["parcel.sent"]);
    assert_eq!(types(&queue.sent("weigh-parcel")), ["parcel.sent"]);
    let [tx] = depot.shop.commits().try_into().unwrap();
    assert_eq!(tx.outbox().len(), 3, "one to the topic for both, and one to the queue");
    let sent = &depot.shop.journal().await[0];
    assert_eq!(sent.queued, ["tell-owner", "weigh-parcel", "count-parcels"]);
}

#[tokio::test]
async fn each_subscriber_runs_once_however_often_the_event_arrives() {
    let depot = Depot::new();
    depot.send().await;

    for delivery in 1..=3 {
        let records = &depot.records("count-parcels", delivery);
        let counted = depot.counters().process(records, None).await;
        assert_eq!(counted, [Disposition::Acknowledge]);
        let records = &depot.records("tell-owner", delivery)[..1];
        assert_eq!(depot.owners(false).process(records, None).await, [Disposition::Acknowledge]);
    }

    assert_eq!(depot.effects().await, [1, 1]);
}

#[tokio::test]
async fn what_fails_for_one_subscriber_is_its_own_and_is_redriven_to_it_alone() {
    let depot = Depot::new();
    depot.send().await;
    let records = &depot.records("tell-owner", 1)[..1];

    let parked = depot.owners(true).process(records, None).await;
    let counted = depot.counters().process(&depot.records("count-parcels", 1), None).await;

    assert_eq!((parked.len(), counted.len()), (1, 1));
    let letters = depot.shop.memory.dead_letters();
    let [letter] = letters.try_into().unwrap();
    assert_eq!((letter.queue.as_str(), letter.status), ("tell-owner", LetterStatus::Open));
    let how = Redrive::default();
    let operator = operator(&depot.shop);
    office(&depot.shop).redrive(&letter.id, how, &operator).await.unwrap();
    assert_eq!(depot.topic.published().len(), 2, "nothing is published again");
    let again = depot.shop.queue.sent("tell-owner").pop().unwrap();
    assert_eq!(again.to, Destination::Queue("tell-owner".to_owned()));
    let again = depot.records("tell-owner", 2).pop().unwrap();
    let done = depot.owners(false).process(&[again], None).await;
    assert_eq!(done, [Disposition::Acknowledge]);
    assert_eq!(depot.effects().await, [1, 1]);
}

#[tokio::test]
async fn an_event_that_the_topic_did_not_accept_is_published_later_with_the_same_id() {
    let depot = Depot::new();
    depot.topic.fail_batches(1);
    depot.send().await;
    let kept = depot.shop.outbox().await;
    assert_eq!((kept.len(), depot.topic.published().len()), (2, 0));
    depot.topic.refuse_rows(1);
    let courier = &depot.shop.runtime.ports().courier;

    let first = courier.relay(depot.shop.now(), FAR).await.unwrap();
    let second = courier.relay(depot.shop.now(), FAR).await.unwrap();

    assert_eq!((first.sent, first.left, second.sent, second.left), (1, 1, 1, 0));
    let ids = |rows: Vec<OutboxRow>| {
        let mut ids: Vec<_> = rows.into_iter().map(|row| row.message_id).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(depot.topic.published()), ids(kept));
    assert_eq!(types(&depot.shop.queue.sent("count-parcels")), ["parcel.sent"]);
}

#[tokio::test]
async fn without_a_topic_what_is_to_be_published_stays_and_holds_up_nothing_else() {
    let shop = Shop::with(parcels(&()));

    shop.runtime.execute(&Send, &shop.origin()).await.unwrap();

    assert_eq!(types(&shop.queue.sent("weigh-parcel")), ["parcel.sent"]);
    let waiting = shop.outbox().await;
    assert!(waiting.iter().all(|row| row.to == Destination::Topic), "{waiting:?}");
    assert_eq!(waiting.len(), 2);
}

#[tokio::test]
async fn an_unknown_type_is_ignored_by_who_says_so_and_parked_by_who_does_not() {
    let depot = Depot::new();
    depot.send().await;
    // The second is `parcel.lost`.
    let records = &depot.records("tell-owner", 1)[1..];

    let ignoring = depot.owners(false).ignoring_unknown_types();
    let ignored = ignoring.process(records, None).await;
    assert_eq!(ignored, [Disposition::Acknowledge]);
    assert!(depot.shop.memory.dead_letters().is_empty());

    let parked = depot.owners(false).process(records, None).await;
    assert_eq!(parked, [Disposition::Acknowledge]);
    let [letter] = depot.shop.memory.dead_letters().try_into().unwrap();
    assert!(letter.reason().contains("`parcel.lost`"), "{}", letter.reason());
    assert_eq!(depot.effects().await, [0, 0]);
}

#[tokio::test]
async fn who_ignores_unknown_types_still_parks_what_it_cannot_read() {
    let depot = Depot::new();
    let body = r#"{"somebody":"else"}"#.to_owned();
    let message_id = "sns-1".to_owned();
    let record = Record { message_id, body, group: None, receives: 1, refused: None };

    depot.owners(false).ignoring_unknown_types().process(&[record], None).await;

    assert_eq!(depot.shop.memory.dead_letters().len(), 1);
}

#[tokio::test]
async fn the_table_tells_a_topic_who_is_subscribed_to_what() {
    let depot = Depot::with(|queue| MemoryTopic::of_table(queue, &parcels(&())));

    depot.send().await;

    for handler in ["tell-owner", "count-parcels", "weigh-parcel"] {
        assert_eq!(types(&depot.shop.queue.sent(handler)), ["parcel.sent"], "{handler}");
    }
}

#[test]
fn a_family_of_which_there_is_no_event_is_found_out() {
    for slip in ["parcels.*", "parcel", "parcel*", "*"] {
        let published = catch_unwind(AssertUnwindSafe(|| {
            let mut table = Reactions::default();
            let _ = table.row::<ParcelSent>();
            table.publish(slip);
        }));

        let message = *published.unwrap_err().downcast::<String>().unwrap();
        assert_eq!(message, format!("no row is of {slip}"));
    }
}
