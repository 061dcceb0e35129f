//! Decisions about dead letters and the runs of their messages: nothing runs beside what was sent instead, and what was
//! sent instead is not lost.

use std::slice::from_ref;
use std::time::Duration;

use postroom::doc_example::{Bank, Order, OrderPlaced, ShopError};
use postroom::port::{Inbox, LetterStatus, RunStatus};
use postroom::{
    DedupKey, Disposition, Edit, Effects, Envelope, Job, Listener, OnUnknown, Outcome, Record,
    Redrive, Refuse, Runtime, Tx, Worker,
};

use crate::office::{
    code, instead, last_sent, letter, office, old_worker, operator, parked, unheard_of,
};
use crate::shop::{ScriptedBank, Shop, key};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;
const LEASE: Duration = Duration::from_secs(40);

/// The body of a message about order 1, as it would be about order 2.
pub(crate) fn about_order_2(record: &Record) -> String {
    record.body.replace(r#""order":"1""#, r#""order":"2""#)
}

/// Edits a letter about order 1 into one about order 2; the code of the refusal, if it is refused.
async fn edit(shop: &Shop, id: &str, record: &Record) -> Result<(), &'static str> {
    let edited = office(shop).edit(id, instead(&about_order_2(record)), &operator(shop)).await;
    edited.map(drop).map_err(|error| error.refusal().unwrap().code)
}

#[tokio::test]
async fn a_message_that_a_worker_is_at_is_neither_edited_nor_discarded() {
    let shop = Shop::new();
    shop.place("2").await.unwrap();
    let (record, id) = unheard_of(&shop).await;
    shop.memory.claim(&shop.claim_for(&record, LEASE)).await.unwrap();
    let sent = shop.sent().len();

    let edited = edit(&shop, &id, &record).await;
    let discarded = office(&shop).discard(&id, "a test order", &operator(&shop)).await;

    assert_eq!((edited, code(discarded)), (Err("dead-letter-in-flight"), "dead-letter-in-flight"));
    assert_eq!((shop.sent().len(), letter(&shop, &id).await.status), (sent, LetterStatus::Open));
    assert_eq!(shop.status(&record).await, Some((RunStatus::Running, 0)));
}

#[tokio::test]
async fn a_message_that_was_done_meanwhile_is_not_edited_and_may_be_discarded() {
    let shop = Shop::new();
    shop.place("2").await.unwrap();
    let (record, id) = unheard_of(&shop).await;
    shop.card_worker(ScriptedBank::default()).process(from_ref(&record), None).await;
    let sent = shop.sent().len();

    let edited = edit(&shop, &id, &record).await;

    assert_eq!((edited, shop.sent().len()), (Err("dead-letter-done"), sent));
    office(&shop).discard(&id, "it was done", &operator(&shop)).await.unwrap();
    assert_eq!(shop.status(&record).await, Some((RunStatus::Done, 0)));
}

#[tokio::test]
async fn beside_an_edited_message_no_copy_of_the_old_one_runs_whoever_wrote_its_letter() {
    for (name, letter_of) in [("parked", 0), ("given up by its queue", 1), ("unheard of", 2)] {
        let shop = Shop::new();
        shop.place("2").await.unwrap();
        let (record, id) = match letter_of {
            0 => parked(&shop, "1").await,
            1 => {
                let record = shop.placed("1").await;
                shop.collector().collect("charge-card", &record).await;
                let id = key(&record).to_string();
                (record, id)
            }
            _ => unheard_of(&shop).await,
        };

        edit(&shop, &id, &record).await.unwrap();
        let bank = ScriptedBank::default();
        let worker = shop.card_worker(bank.clone());
        let dispositions = worker.process(&[record.clone(), last_sent(&shop)], None).await;

        assert_eq!(dispositions, [ACKNOWLEDGE; 2], "{name}");
        assert_eq!((shop.paid("1").await, shop.paid("2").await), (false, true), "{name}");
        assert_eq!(bank.keys.lock().unwrap().len(), 1, "{name}");
        shop.clock.advance(3 * Runtime::REMEMBERS);
        assert_eq!(shop.status(&record).await.unwrap().0, RunStatus::Parked, "{name}");
    }
}

/// Two deliveries of one message that no handler took are two letters.
#[tokio::test]
async fn of_two_letters_about_one_message_that_was_edited_the_other_can_only_be_discarded() {
    let shop = Shop::new();
    shop.place("2").await.unwrap();
    let (record, id) = unheard_of(&shop).await;
    let twin = Record { message_id: "sqs-1-again".to_owned(), ..record.clone() };
    old_worker(&shop).process(&[twin], None).await;
    let other = "charge-card#sqs-1-again";

    edit(&shop, &id, &record).await.unwrap();
    let sent = shop.sent().len();
    let edited = edit(&shop, other, &record).await;
    let redriven = office(&shop).redrive(other, Redrive::default(), &operator(&shop)).await;

    let elsewhere = "dead-letter-parked-elsewhere";
    assert_eq!((edited, code(redriven), shop.sent().len()), (Err(elsewhere), elsewhere, sent));
    office(&shop).discard(other, "it was edited", &operator(&shop)).await.unwrap();
}

/// SQS drops what has a deduplication id of the last five minutes, and says that it was sent.
#[tokio::test]
async fn two_letters_of_one_message_that_are_redriven_are_two_messages_to_a_queue_in_order() {
    let shop = Shop::new();
    let (_, id) = unheard_of(&shop).await;
    let sent = shop.sent().len();

    office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();
    old_worker(&shop).process(&[last_sent(&shop)], None).await;
    let again = "charge-card#sqs-last";
    office(&shop).redrive(again, Redrive::default(), &operator(&shop)).await.unwrap();

    let [first, second] = shop.sent()[sent..].to_vec().try_into().unwrap();
    assert_eq!(first.message_id, second.message_id);
    assert!(first.decision.is_some() && second.decision.is_some());
    assert_ne!(first.decision, second.decision);
}

/// Knows orders by a name of its own: one for all of them, or each by its own.
pub(crate) struct ChargeByName<const ONE_FOR_ALL: bool> {
    pub(crate) bank: ScriptedBank,
}

impl<const ONE_FOR_ALL: bool> Job<OrderPlaced> for ChargeByName<ONE_FOR_ALL> {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = String;
    type Error = ShopError;

    fn key(message: &Envelope<OrderPlaced>) -> Option<DedupKey> {
        let name = if ONE_FOR_ALL { "all" } else { &message.data.order };
        DedupKey::named(&message.tenant_id, name)
    }

    async fn perform(
        &self,
        message: &Envelope<OrderPlaced>,
        effects: &Effects,
    ) -> Result<Outcome<String>, ShopError> {
        self.bank.charge(effects.idempotency_key())?;
        Ok(Outcome::Done(message.data.order.clone()))
    }

    async fn record(
        &self,
        _: &Envelope<OrderPlaced>,
        order: &String,
        tx: &mut Tx,
    ) -> Result<(), ShopError> {
        pay(order, tx).await
    }
}

async fn pay(order: &str, tx: &mut Tx) -> Result<(), ShopError> {
    let mut order = tx.load(&Order::at(order)).await?.unwrap();
    order.paid = true;
    tx.save(&order)?;
    Ok(())
}

/// Delivers messages one by one until all are acknowledged.
pub(crate) async fn work_off(shop: &Shop, worker: &Worker, mut records: Vec<Record>) {
    for _ in 0..20 {
        let Some(record) = records.first().cloned() else { return };
        if worker.process(&[record], None).await == [ACKNOWLEDGE] {
            records.remove(0);
        }
        shop.clock.advance(Duration::from_mins(5));
    }
    panic!("some were never acknowledged: {records:?}");
}

#[tokio::test]
async fn an_edited_message_that_its_handler_knows_by_the_same_name_is_done_and_the_old_one_is_not()
{
    let shop = Shop::new();
    shop.place("2").await.unwrap();
    let record = shop.placed("1").await;
    let refused = Err(ShopError::Gone { order: "1".to_owned() });
    let bank = ScriptedBank::answering([refused, Err(ShopError::Bank)]);
    let worker = shop.worker(ChargeByName::<true> { bank: bank.clone() });
    worker.process(from_ref(&record), None).await;
    let [parked] = shop.memory.dead_letters().try_into().unwrap();

    edit(&shop, &parked.id, &record).await.unwrap();
    let edited = last_sent(&shop);
    let late = vec![record.clone(), edited.clone(), edited, record];
    work_off(&shop, &worker, late).await;

    assert_eq!((shop.paid("1").await, shop.paid("2").await), (false, true));
    assert_eq!(*bank.keys.lock().unwrap(), [&*parked.id; 3], "refused, not reached, charged");
    assert_eq!(letter(&shop, &parked.id).await.status, LetterStatus::Redriven);
}

#[tokio::test]
async fn an_edited_message_that_its_handler_knows_by_another_name_lets_no_copy_of_the_old_one_run()
{
    let shop = Shop::new();
    shop.place("2").await.unwrap();
    let record = shop.placed("1").await;
    let refused = Err(ShopError::Gone { order: "1".to_owned() });
    let bank = ScriptedBank::answering([refused]);
    let worker = shop.worker(ChargeByName::<false> { bank: bank.clone() });
    worker.process(from_ref(&record), None).await;
    let [parked] = shop.memory.dead_letters().try_into().unwrap();

    edit(&shop, &parked.id, &record).await.unwrap();
    work_off(&shop, &worker, vec![last_sent(&shop), record]).await;

    assert_eq!((shop.paid("1").await, shop.paid("2").await), (false, true));
    assert_eq!(bank.keys.lock().unwrap().len(), 2, "refused, and charged");
}

/// The same, of a listener, which takes no lease.
pub(crate) struct PayByName {
    pub(crate) refuses: &'static str,
}

impl Listener<OrderPlaced> for PayByName {
    const NAME: &'static str = "charge-card";
    type Error = ShopError;

    fn key(event: &Envelope<OrderPlaced>) -> Option<DedupKey> {
        DedupKey::named(&event.tenant_id, "all")
    }

    async fn on(&self, event: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let order = &event.data.order;
        if order == self.refuses {
            return Err(ShopError::Gone { order: order.clone() });
        }
        pay(order, tx).await?;
        Ok(Outcome::DONE)
    }
}

#[tokio::test]
async fn what_a_listener_knows_by_one_name_is_done_or_fails_as_the_edited_message_alone() {
    for (refuses, status) in [("1", LetterStatus::Redriven), ("2", LetterStatus::Open)] {
        let shop = Shop::new();
        shop.place("2").await.unwrap();
        let record = shop.placed("1").await;
        let worker = |refuses| old_worker(&shop).listener(PayByName { refuses });
        worker("1").process(from_ref(&record), None).await;
        let [parked] = shop.memory.dead_letters().try_into().unwrap();

        edit(&shop, &parked.id, &record).await.unwrap();
        let edited = last_sent(&shop);
        let late = vec![record.clone(), edited.clone(), edited];
        work_off(&shop, &worker(refuses), late).await;

        let paid = (shop.paid("1").await, shop.paid("2").await);
        assert_eq!(paid, (false, status == LetterStatus::Redriven));
        let letter = letter(&shop, &parked.id).await;
        assert_eq!((letter.status, letter.redrives), (status, 1));
        if status == LetterStatus::Open {
            assert_eq!(letter.body, last_sent(&shop).body, "it is about what failed last");
        }
    }
}

#[tokio::test]
async fn what_is_done_and_sent_once_more_is_remembered_until_that_has_arrived() {
    let shop = Shop::new();
    let (record, id) = unheard_of(&shop).await;
    let bank = ScriptedBank::default();
    let worker = shop.card_worker(bank.clone());
    worker.process(from_ref(&record), None).await;
    shop.clock.advance(Runtime::REMEMBERS.saturating_sub(Duration::from_hours(1)));

    office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();
    shop.clock.advance(Duration::from_hours(24));
    worker.process(&[last_sent(&shop)], None).await;

    assert_eq!(bank.keys.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_letter_of_last_year_still_decides_about_its_run() {
    let shop = Shop::new();
    let (record, id) = parked(&shop, "1").await;
    shop.clock.advance(12 * Runtime::REMEMBERS);
    let bank = ScriptedBank::default();
    let worker = shop.card_worker(bank.clone());

    worker.process(from_ref(&record), None).await;
    let before = bank.keys.lock().unwrap().len();
    office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();
    worker.process(&[last_sent(&shop)], None).await;

    assert_eq!(before, 0, "parked as it was");
    assert!(shop.paid("1").await);
}

/// Its deletion was lost, and it was decided about before it came again.
#[tokio::test]
async fn a_late_delivery_of_what_no_handler_took_opens_no_letter_that_was_decided_about() {
    let shop = Shop::new();
    shop.place("2").await.unwrap();
    let (record, id) = unheard_of(&shop).await;
    edit(&shop, &id, &record).await.unwrap();
    let decided = letter(&shop, &id).await;

    let late = old_worker(&shop).process(from_ref(&record), None).await;

    assert_eq!(late, [ACKNOWLEDGE]);
    assert_eq!(letter(&shop, &id).await, decided);
}

#[tokio::test]
async fn a_letter_that_outlived_the_memory_of_its_message_is_sent_only_when_somebody_says_so() {
    for collected in [true, false] {
        let shop = Shop::new();
        let (record, id) = unheard_of(&shop).await;
        let id = if collected {
            shop.collector().collect("charge-card", &record).await;
            key(&record).to_string()
        } else {
            id
        };
        let redrive = async |again| {
            let how = Redrive { again, ..Redrive::default() };
            office(&shop).redrive(&id, how, &operator(&shop)).await
        };
        let edit = async |again| {
            let edit = Edit { body: &record.body, again };
            office(&shop).edit(&id, edit, &operator(&shop)).await
        };
        shop.clock.advance(Runtime::REMEMBERS);

        let forgotten = "dead-letter-forgotten";
        assert_eq!((code(redrive(false).await), code(edit(false).await)), (forgotten, forgotten));
        assert_eq!(letter(&shop, &id).await.status, LetterStatus::Open);
        if collected { redrive(true).await.map(drop) } else { edit(true).await.map(drop) }.unwrap();
    }
}
