//! Tasks: orders to one job, now or later, and part of the chain like everything else.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postroom::chain::Chain;
use postroom::doc_example::{Order, OrderPaid, OrderPlaced, ShopError};
use postroom::{
    Command, Disposition, Effects, Envelope, ExecuteError, Job, Message, MessageId, OnUnknown,
    Origin, Outcome, Reactions, Record, Routed, Task, Tx, Worker,
};
use serde::{Deserialize, Serialize};

use crate::shop::{Shop, tenant};

#[derive(Serialize, Deserialize)]
struct SendReminder {
    order: String,
    key: Option<String>,
}

impl Message for SendReminder {
    const TYPE: &'static str = "reminder.send";
}

impl Task for SendReminder {
    fn subject(&self) -> String {
        self.order.clone()
    }

    fn key(&self) -> Option<String> {
        self.key.clone()
    }
}

impl Routed for SendReminder {}

/// Another order to the same job.
#[derive(Serialize, Deserialize)]
struct SendThanks;

impl Message for SendThanks {
    const TYPE: &'static str = "thanks.send";
}

impl Task for SendThanks {
    fn subject(&self) -> String {
        "1".to_owned()
    }

    fn key(&self) -> Option<String> {
        Some("a".to_owned())
    }
}

impl Routed for SendThanks {}

struct RemindLater;

impl Command for RemindLater {
    const NAME: &'static str = "remind-later";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        tx.save(&Order { id: "1".to_owned(), paid: false })?;
        tx.enqueue(SendReminder { order: "1".to_owned(), key: None }, Duration::from_hours(1))?;
        Ok(())
    }
}

/// Orders a reminder that can be taken back, an hour from now.
struct RemindOnce;

impl RemindOnce {
    fn task() -> SendReminder {
        SendReminder { order: "1".to_owned(), key: Some("reminder-of-1".to_owned()) }
    }
}

impl Command for RemindOnce {
    const NAME: &'static str = "remind-once";
    type Output = Timestamp;
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<Timestamp, ShopError> {
        let delay = Duration::from_hours(1);
        tx.enqueue(Self::task(), delay)?;
        Ok(tx.now() + delay)
    }
}

/// Takes it back, and orders it anew where that is wanted; then pays, which somebody else may have done.
struct TakeBack {
    due: Timestamp,
    anew: bool,
}

impl Command for TakeBack {
    const NAME: &'static str = "take-back";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        let order = tx.load(&Order::at("1")).await?;
        tx.cancel(&RemindOnce::task(), self.due)?;
        if self.anew {
            tx.enqueue(RemindOnce::task(), Duration::try_from(self.due - tx.now()).unwrap())?;
        }
        match order {
            Some(order) if order.paid => Err(ShopError::Gone { order: order.id }),
            Some(order) => {
                tx.save(&Order { paid: true, ..order })?;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Takes back what nobody could find.
struct TakeBackUnnamed;

impl Command for TakeBackUnnamed {
    const NAME: &'static str = "take-back-unnamed";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        let task = SendReminder { order: "1".to_owned(), key: None };
        Ok(tx.cancel(&task, tx.now())?)
    }
}

/// Orders two reminders at once, under these keys.
struct RemindNow([Option<&'static str>; 2]);

impl Command for RemindNow {
    const NAME: &'static str = "remind-now";
    type Output = [MessageId; 2];
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<[MessageId; 2], ShopError> {
        let mut remind = |key: Option<&str>| {
            let task = SendReminder { order: "1".to_owned(), key: key.map(str::to_owned) };
            tx.enqueue(task, Duration::ZERO)
        };
        Ok([remind(self.0[0])?, remind(self.0[1])?])
    }
}

struct Thank;

impl Command for Thank {
    const NAME: &'static str = "thank";
    type Output = MessageId;
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<MessageId, ShopError> {
        Ok(tx.enqueue(SendThanks, Duration::ZERO)?)
    }
}

/// Reminds a customer, who pays at once.
struct Reminder;

impl Job<SendReminder> for Reminder {
    const NAME: &'static str = "reminder";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<SendReminder>, _: &Effects) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }

    async fn record(
        &self,
        task: &Envelope<SendReminder>,
        (): &(),
        tx: &mut Tx,
    ) -> Result<(), ShopError> {
        let order = task.data.order.clone();
        tx.load(&Order::at(&order)).await?;
        tx.emit(OrderPaid { order, receipt: "reminded".to_owned() })?;
        Ok(())
    }
}

fn shop() -> Shop {
    let mut table = Reactions::default();
    table.row::<SendReminder>().queued::<Reminder, _>();
    let _ = table.row::<OrderPlaced>();
    Shop::with(table)
}

/// Orders a reminder and answers the message its job gets an hour later.
async fn reminded(shop: &Shop) -> Record {
    shop.runtime.execute(&RemindLater, &shop.origin()).await.unwrap();
    shop.clock.advance(Duration::from_hours(1));
    let far = shop.now() + Duration::from_hours(1);
    shop.runtime.ports().courier.relay(shop.now(), far).await.unwrap();
    let body = shop.queue.sent("reminder")[0].body.clone();
    Record { message_id: "sqs-1".to_owned(), body, group: None, receives: 1, refused: None }
}

#[tokio::test]
async fn a_delayed_task_is_kept_until_it_is_due() {
    let shop = shop();
    shop.runtime.execute(&RemindLater, &shop.origin()).await.unwrap();
    let (courier, later) = (&shop.runtime.ports().courier, Duration::from_hours(1));
    let far = shop.now() + 3 * later;

    let early = courier.relay(shop.now(), far).await.unwrap();
    shop.clock.advance(later);
    let due = courier.relay(shop.now(), far).await.unwrap();

    assert_eq!((early.sent, due.sent), (0, 1));
    assert_eq!(shop.queue.sent("reminder").len(), 1);
    assert!(shop.journal().await.is_empty());
}

/// Has the relay send whatever is due, an hour later.
async fn an_hour_later(shop: &Shop) -> usize {
    shop.clock.advance(Duration::from_hours(1));
    let far = shop.now() + Duration::from_hours(1);
    shop.runtime.ports().courier.relay(shop.now(), far).await.unwrap().sent
}

#[tokio::test]
async fn a_task_that_is_taken_back_is_not_sent() {
    let shop = shop();
    let due = shop.runtime.execute(&RemindOnce, &shop.origin()).await.unwrap().output;
    assert_eq!(shop.outbox().await.len(), 1);

    shop.runtime.execute(&TakeBack { due, anew: false }, &shop.origin()).await.unwrap();

    assert!(shop.outbox().await.is_empty());
    assert_eq!(an_hour_later(&shop).await, 0);
}

#[tokio::test]
async fn a_command_that_is_refused_takes_nothing_back() {
    let shop = shop();
    shop.place("1").await.unwrap();
    let due = shop.runtime.execute(&RemindOnce, &shop.origin()).await.unwrap().output;
    let take_back = TakeBack { due, anew: false };
    shop.runtime.execute(&take_back, &shop.origin()).await.unwrap();
    let due = shop.runtime.execute(&RemindOnce, &shop.origin()).await.unwrap().output;

    let refused = shop.runtime.execute(&TakeBack { due, anew: false }, &shop.origin()).await;

    assert!(matches!(refused, Err(ExecuteError::Command { .. })), "{refused:?}");
    assert_eq!(shop.outbox().await.len(), 1);
}

#[tokio::test]
async fn a_task_that_was_sent_stays_sent() {
    let shop = shop();
    let due = shop.runtime.execute(&RemindOnce, &shop.origin()).await.unwrap().output;
    assert_eq!(an_hour_later(&shop).await, 1);

    shop.runtime.execute(&TakeBack { due, anew: false }, &shop.origin()).await.unwrap();

    assert_eq!(shop.queue.sent("reminder").len(), 1);
}

#[tokio::test]
async fn a_task_that_is_taken_back_and_enqueued_again_is_sent() {
    let shop = shop();
    let due = shop.runtime.execute(&RemindOnce, &shop.origin()).await.unwrap().output;

    shop.runtime.execute(&TakeBack { due, anew: true }, &shop.origin()).await.unwrap();

    assert_eq!(shop.outbox().await.len(), 1);
    assert_eq!(an_hour_later(&shop).await, 1);
}

#[tokio::test]
async fn a_task_without_a_key_cannot_be_taken_back() {
    let shop = shop();

    let error = shop.runtime.execute(&TakeBackUnnamed, &shop.origin()).await.unwrap_err();

    let reason = postroom::reason_of(&error);
    assert!(
        reason.ends_with("take-back-unnamed takes back reminder.send, which has no key"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_task_is_done_once_and_hangs_in_its_chain_with_what_it_caused() {
    let shop = shop();
    let record = reminded(&shop).await;
    let letters = Arc::new(shop.memory.clone());
    let worker = Worker::new("reminder", shop.runtime.clone(), letters).job(Reminder);

    for _ in 0..2 {
        let dispositions = worker.process(std::slice::from_ref(&record), None).await;
        assert_eq!(dispositions, [Disposition::Acknowledge]);
    }

    let chain = "chain-1".parse().unwrap();
    let drawn = Chain::read(shop.sources(), &tenant(), &chain).await.unwrap();
    insta::assert_snapshot!(drawn.to_string(), @r"
    remind-later                        command     done, 3 writes of 100, 0 µs
    reminder                            queued      attempt 1/5  done  ░░░░████  waited 0 µs, ran 0 µs
    └ order.paid                        event       orders/1 version 1
    ");
}

#[tokio::test]
async fn a_task_with_a_key_runs_once_whoever_enqueues_it() {
    let shop = shop();
    shop.place("1").await.unwrap();
    let keys = RemindNow([Some("a"), Some("b")]);
    let first = shop.runtime.execute(&keys, &shop.origin()).await.unwrap().output;
    let second = shop.runtime.execute(&keys, &shop.origin()).await.unwrap().output;
    let letters = Arc::new(shop.memory.clone());
    let worker = Worker::new("reminder", shop.runtime.clone(), letters).job(Reminder);

    let sent = shop.queue.sent("reminder").into_iter().enumerate();
    for (index, row) in sent {
        let record = Record {
            message_id: format!("sqs-{index}"),
            body: row.body,
            group: None,
            receives: 1,
            refused: None,
        };
        assert_eq!(worker.process(&[record], None).await, [Disposition::Acknowledge]);
    }

    assert_eq!(first, second);
    assert_ne!(first[0], first[1]);
    assert_eq!(shop.queue.sent("reminder").len(), 4);
    let paid = shop.journal().await.into_iter().filter(|event| event.by == "reminder").count();
    assert_eq!(paid, 2);
}

#[tokio::test]
async fn a_task_that_is_enqueued_twice_in_one_transaction_is_sent_once() {
    let shop = shop();
    let keys = RemindNow([Some("a"), Some("a")]);

    let [first, second] = shop.runtime.execute(&keys, &shop.origin()).await.unwrap().output;

    assert_eq!(first, second);
    assert_eq!(shop.queue.sent("reminder").len(), 1);
}

#[tokio::test]
async fn tasks_of_other_tenants_and_types_are_others_under_the_same_key() {
    let shop = shop();
    let theirs = Origin { tenant_id: "other".parse().unwrap(), ..shop.origin() };
    let keys = RemindNow([Some("a"), Some("a")]);

    let mine = shop.runtime.execute(&keys, &shop.origin()).await.unwrap().output[0];
    let theirs = shop.runtime.execute(&keys, &theirs).await.unwrap().output[0];
    let thanks = shop.runtime.execute(&Thank, &shop.origin()).await.unwrap().output;

    assert_ne!(mine, theirs);
    assert_ne!(mine, thanks);
}

#[tokio::test]
async fn tasks_without_a_key_are_all_different() {
    let shop = shop();

    let [first, second] =
        shop.runtime.execute(&RemindNow([None, None]), &shop.origin()).await.unwrap().output;
    let [third, _] =
        shop.runtime.execute(&RemindNow([None, None]), &shop.origin()).await.unwrap().output;

    assert_ne!(first, second);
    assert_ne!(first, third);
}
