//! Reacting to having failed for good: with the dead letter, or not at all, and once for each.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{Order, OrderPlaced, Settings, ShopError, reactions};
use postroom::port::{DeadLetter, RunStatus};
use postroom::{
    Disposition, Effects, Envelope, Job, Listener, OnUnknown, Outcome, Place, RawEnvelope,
    Reactions, Redrive, Stored, TaskFailed, Tx, Worker,
};
use serde::{Deserialize, Serialize};

use crate::office::{office, operator};
use crate::shop::{Mishap, Shop, key, tenant};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;

/// How often the charge of an order was given up, and how often that was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tally {
    name: String,
    count: u32,
}

impl Stored for Tally {
    const COLLECTION: &'static str = "tallies";

    fn place(&self) -> Place<Self> {
        Place::new(&self.name)
    }
}

async fn count(name: &str, tx: &mut Tx) -> Result<(), ShopError> {
    let count = tx.load(&Place::<Tally>::new(name)).await?.map_or(0, |tally| tally.count);
    tx.save(&Tally { name: name.to_owned(), count: count + 1 })?;
    Ok(())
}

async fn counted(shop: &Shop, name: &str) -> u32 {
    let found = shop.runtime.reader(&tenant()).get(&Place::<Tally>::new(name)).await.unwrap();
    found.map_or(0, |tally| tally.value.count)
}

/// What a handler does about having given up.
#[derive(Clone, Copy)]
enum Reaction {
    Count,
    Emit,
    Fail,
    Panic,
}

/// Never charges anything.
struct Hopeless(Reaction);

impl Hopeless {
    async fn react(&self, order: &str, letter: &DeadLetter, tx: &mut Tx) -> Result<(), ShopError> {
        assert_eq!(letter.handler.as_deref(), Some("charge-card"));
        count("given up", tx).await?;
        match self.0 {
            Reaction::Count => {}
            Reaction::Emit => {
                tx.load(&Order::at(order)).await?;
                tx.emit(OrderPlaced { order: order.to_owned() })?;
            }
            Reaction::Fail => return Err(ShopError::TooManyOpen { limit: 0 }),
            Reaction::Panic => panic!("out of ink"),
        }
        Ok(())
    }
}

impl Job<OrderPlaced> for Hopeless {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(
        &self,
        message: &Envelope<OrderPlaced>,
        _: &Effects,
    ) -> Result<Outcome, ShopError> {
        Err(ShopError::Gone { order: message.data.order.clone() })
    }

    async fn record(
        &self,
        _: &Envelope<OrderPlaced>,
        (): &(),
        _: &mut Tx,
    ) -> Result<(), ShopError> {
        Ok(())
    }

    async fn on_give_up(
        &self,
        message: &Envelope<OrderPlaced>,
        letter: &DeadLetter,
        tx: &mut Tx,
    ) -> Result<(), ShopError> {
        self.react(&message.data.order, letter, tx).await
    }
}

/// The same as a listener.
struct HopelessListener;

impl Listener<OrderPlaced> for HopelessListener {
    const NAME: &'static str = "charge-card";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<OrderPlaced>, _: &mut Tx) -> Result<Outcome, ShopError> {
        Err(ShopError::Gone { order: event.data.order.clone() })
    }

    async fn on_give_up(
        &self,
        _: &Envelope<OrderPlaced>,
        _: &DeadLetter,
        tx: &mut Tx,
    ) -> Result<(), ShopError> {
        count("given up", tx).await
    }
}

/// Hears of every failure, in its transaction.
pub(crate) struct Hear {
    pub(crate) fails: bool,
}

impl Listener<TaskFailed> for Hear {
    const NAME: &'static str = "hear";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<TaskFailed>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        if self.fails {
            return Err(ShopError::TooManyOpen { limit: 0 });
        }
        count(&event.data.handler, tx).await?;
        Ok(Outcome::DONE)
    }
}

/// Hears of every failure from its queue, and fails itself.
pub(crate) struct HearLater;

impl Listener<TaskFailed> for HearLater {
    const NAME: &'static str = "hear-later";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<TaskFailed>, _: &mut Tx) -> Result<Outcome, ShopError> {
        Err(ShopError::TooManyOpen { limit: 0 })
    }
}

fn table(hearing_fails: bool) -> Reactions {
    let mut table = reactions(&Settings { most_open_orders: 20 });
    let mut failed = table.row::<TaskFailed>();
    failed.in_request(Hear { fails: hearing_fails });
    failed.queued::<HearLater, _>();
    table
}

/// A shop whose failures are heard of.
fn hearing() -> Shop {
    Shop::with(table(false))
}

async fn give_up(shop: &Shop, reaction: Reaction) -> (postroom::Record, DeadLetter) {
    let record = shop.placed("1").await;
    let answer = shop.worker(Hopeless(reaction)).process(from_ref(&record), None).await;
    assert_eq!(answer, [ACKNOWLEDGE]);
    let letters = shop.memory.dead_letters();
    let letter = letters.into_iter().find(|letter| letter.id == key(&record).to_string());
    (record, letter.unwrap())
}

#[tokio::test]
async fn a_handler_reacts_in_the_transaction_that_writes_its_letter() {
    let shop = Shop::new();
    let (record, letter) = give_up(&shop, Reaction::Count).await;

    assert_eq!(letter.causes, ["the run failed", "the handler failed", "order 1 is gone"]);
    assert_eq!(counted(&shop, "given up").await, 1);
    let parking = shop.commits().pop().unwrap();
    assert_eq!(parking.parked(), Some(&letter));
    assert_eq!(parking.items().len(), 1);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 1)));
}

#[tokio::test]
async fn a_listener_that_runs_from_a_queue_reacts_too() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let letters = Arc::new(shop.memory.clone());
    let worker = Worker::new("charge-card", shop.runtime.clone(), letters);

    worker.listener(HopelessListener).process(from_ref(&record), None).await;

    assert_eq!(counted(&shop, "given up").await, 1);
}

#[tokio::test]
async fn a_reaction_that_loses_a_race_runs_again_and_takes_effect_once() {
    let shop = Shop::new();
    shop.placed("2").await;
    shop.mishaps([]);
    let record = shop.placed("1").await;
    shop.mishaps([Mishap::LostRace, Mishap::LostRace, Mishap::AnswerLost]);

    shop.worker(Hopeless(Reaction::Count)).process(from_ref(&record), None).await;

    assert_eq!(counted(&shop, "given up").await, 1);
    assert_eq!(shop.memory.dead_letters().len(), 1);
}

#[tokio::test]
async fn a_reaction_that_fails_panics_or_is_refused_is_left_out_and_its_letter_says_so() {
    for (reaction, mishaps, said) in [
        (Reaction::Fail, vec![], "0 orders are open"),
        (Reaction::Panic, vec![], "panicked: out of ink"),
        (Reaction::Count, vec![Mishap::Refused], "no right"),
        (Reaction::Count, vec![Mishap::LostRace; 5], "lost 5 races"),
    ] {
        let shop = Shop::new();
        let record = shop.placed("1").await;
        shop.mishaps(mishaps);
        let worker = shop.worker(Hopeless(reaction));

        let answer = worker.process(from_ref(&record), None).await;

        assert_eq!(answer, [ACKNOWLEDGE]);
        let [letter] = shop.memory.dead_letters().try_into().unwrap();
        let last = letter.causes.last().unwrap();
        assert!(last.starts_with("what was to follow from it was left out"), "{last}");
        assert!(last.contains(said), "{last}");
        assert_eq!(counted(&shop, "given up").await, 0);
        assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 1)));
    }
}

#[tokio::test]
async fn after_a_redrive_it_reacts_anew_under_other_ids() {
    let shop = Shop::new();
    let (record, letter) = give_up(&shop, Reaction::Emit).await;
    let redrive = Redrive::default();
    office(&shop).redrive(&letter.id, redrive, &operator(&shop)).await.unwrap();
    shop.clock.advance(Duration::from_secs(1));

    shop.worker(Hopeless(Reaction::Emit)).process(from_ref(&record), None).await;

    assert_eq!(counted(&shop, "given up").await, 2);
    let journal = shop.journal().await;
    let mut emitted: Vec<_> = journal
        .iter()
        .filter(|event| event.by == "charge-card")
        .map(|event| event.envelope.id)
        .collect();
    emitted.dedup();
    assert_eq!(emitted.len(), 2);
}

#[tokio::test]
async fn everybody_else_is_told_in_the_same_transaction_and_over_their_queues() {
    let shop = hearing();
    let (record, letter) = give_up(&shop, Reaction::Count).await;

    assert_eq!((counted(&shop, "given up").await, counted(&shop, "charge-card").await), (1, 1));
    let [row] = shop.queue.sent("hear-later").try_into().unwrap();
    let told = RawEnvelope::parse(&row.body).unwrap().decode::<TaskFailed>().unwrap();
    assert_eq!(told.data.dead_letter_id, letter.id);
    assert_eq!((told.data.fingerprint, told.data.class), (letter.fingerprint, letter.class));
    assert_eq!((told.data.attempts, told.data.redrives), (1, 0));
    assert_eq!(told.data.causes, letter.causes);
    assert_eq!(
        (told.data.message_type.as_str(), told.data.subject.as_str()),
        ("order.placed", "orders/1")
    );
    assert_eq!(told.causation_id, told.data.message_id);
    assert_eq!(told.subject, format!("dead-letters/{}/0", letter.id));
    assert_eq!(told.stream_version, Some(1));
    assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 1)));
}

#[tokio::test]
async fn nobody_is_told_where_the_table_has_no_row_for_it() {
    let shop = Shop::new();

    give_up(&shop, Reaction::Count).await;

    assert!(shop.journal().await.iter().all(|event| event.envelope.r#type != "task.failed"));
}

#[tokio::test]
async fn who_cannot_be_told_does_not_keep_the_letter_from_being_written() {
    let shop = Shop::with(table(true));

    let (_, letter) = give_up(&shop, Reaction::Count).await;

    assert!(letter.causes.last().unwrap().contains("hear failed"), "{letter:?}");
    assert_eq!(counted(&shop, "given up").await, 0);
    assert!(shop.queue.sent("hear-later").is_empty());
}

#[tokio::test]
async fn a_failure_to_react_to_a_failure_is_told_nobody() {
    let shop = hearing();
    give_up(&shop, Reaction::Count).await;
    let body = shop.queue.sent("hear-later")[0].body.clone();
    let record = postroom::Record {
        message_id: "told".to_owned(),
        body,
        group: None,
        receives: 1,
        refused: None,
    };
    let letters = Arc::new(shop.memory.clone());
    let worker = Worker::new("hear-later", shop.runtime.clone(), letters).listener(HearLater);

    assert_eq!(worker.process(&[record], None).await, [ACKNOWLEDGE]);

    assert_eq!(shop.memory.dead_letters().len(), 2);
    assert_eq!(shop.queue.sent("hear-later").len(), 1);
    assert_eq!(counted(&shop, "hear-later").await, 0);
}

#[tokio::test]
async fn what_nobody_can_read_has_nobody_who_reacts_but_is_told() {
    let shop = hearing();
    let record = shop.placed("1").await;
    let body = record.body.replace(r#""order":"1""#, r#""order":1"#);

    let worker = shop.worker(Hopeless(Reaction::Count));
    worker.process(&[postroom::Record { body, ..record }], None).await;

    assert_eq!((counted(&shop, "given up").await, counted(&shop, "charge-card").await), (0, 1));
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert!(letter.causes.last().unwrap().contains("`data` of order.placed"), "{letter:?}");
}
