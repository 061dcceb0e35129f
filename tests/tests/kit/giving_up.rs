//! Giving a run up: its dead letter and the memory of it are there at once, whatever stands still or dies, and whoever
//! decides about the letter meanwhile.

use std::collections::BTreeSet;
use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{ChargeCard, Order, OrderPlaced, Settings, ShopError, reactions};
use postroom::memory::ManualClock;
use postroom::port::{Inbox, LetterStatus, RunStatus};
use postroom::{
    BoxFuture, Clock, Courier, Disposition, Envelope, Listener, Outcome, Ports, Record, Redrive,
    Runtime, Tx, Worker,
};

use crate::office::{letter, office, operator, unheard_of};
use crate::shop::{ScriptedBank, Shop, key};
use crate::stepped::{Stepped, interrupted};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;

/// Pays for an order, or cannot.
struct Stamp {
    fails: bool,
}

impl Listener<OrderPlaced> for Stamp {
    const NAME: &'static str = "charge-card";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let order = event.data.order.clone();
        if self.fails {
            return Err(ShopError::Gone { order });
        }
        let found = tx.load(&Order::at(&order)).await?.unwrap();
        assert!(!found.paid, "it takes effect twice");
        tx.save(&Order { paid: true, ..found })?;
        Ok(Outcome::DONE)
    }
}

/// A clock that nobody's sleep moves: back-offs are over at once, and no time is ever up.
struct Patient(Arc<ManualClock>);

impl Clock for Patient {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        if duration < Duration::from_secs(1) {
            return Box::pin(std::future::ready(()));
        }
        Box::pin(std::future::pending())
    }
}

/// A worker every await of which can be the last, or a long one.
fn stepped(shop: &Shop) -> Worker {
    let memory = Arc::new(Stepped(Arc::new(shop.memory.clone())));
    let queue = Arc::new(Stepped(shop.queue.clone()));
    let ports = Ports {
        store: Arc::new(Stepped(shop.store.clone())),
        journal: Arc::new(shop.memory.clone()),
        inbox: memory.clone(),
        courier: Courier::new(memory.clone(), queue, shop.clock.clone()),
        clock: Arc::new(Patient(shop.clock.clone())),
        ids: shop.ids.clone(),
    };
    let runtime = Runtime::new(ports, reactions(&Settings { most_open_orders: 20 }));
    Worker::new("charge-card", runtime, memory)
}

fn listening(shop: &Shop, fails: bool) -> Worker {
    let letters = Arc::new(shop.memory.clone());
    Worker::new("charge-card", shop.runtime.clone(), letters).listener(Stamp { fails })
}

fn refusing() -> ScriptedBank {
    ScriptedBank::answering([Err(ShopError::Gone { order: "1".to_owned() })])
}

#[tokio::test]
async fn a_worker_that_dies_anywhere_leaves_a_letter_and_the_memory_of_it_or_neither() {
    type Handler = fn(Worker) -> Worker;
    let job: Handler = |worker| worker.job(ChargeCard { bank: refusing() });
    let listener: Handler = |worker| worker.listener(Stamp { fails: true });
    for handler in [job, listener] {
        let mut ends = BTreeSet::new();
        let mut finished = false;
        for polls in 0..100 {
            let shop = Shop::new();
            let record = shop.placed("1").await;
            let worker = handler(stepped(&shop));
            finished = interrupted(worker.process(from_ref(&record), None), polls).is_some();

            let letters = shop.memory.dead_letters().len();
            let status = shop.status(&record).await.map(|(status, _)| status);
            let parked = status == Some(RunStatus::Parked);
            assert_eq!(letters == 1, parked, "after {polls} awaits {status:?}");
            ends.insert(parked);
            if finished {
                break;
            }
        }
        assert!(finished, "it was never let to its end");
        assert_eq!(ends.len(), 2, "it was interrupted both before and after its commit");
    }
}

/// Wherever a worker stands still: another one that has the same message parks it, an operator sends it once more, and
/// only then the first one goes on. Whatever that does, the message is not closed without having taken effect.
#[tokio::test]
async fn a_worker_that_stands_still_while_its_letter_is_redriven_undoes_nothing() {
    let mut finished = false;
    for polls in 0..100 {
        let shop = Shop::new();
        let record = shop.placed("1").await;
        let worker = stepped(&shop).listener(Stamp { fails: true });
        let mut slow = Box::pin(worker.process(from_ref(&record), None));
        finished = interrupted(slow.as_mut(), polls).is_some();
        listening(&shop, true).process(from_ref(&record), None).await;
        shop.clock.advance(Duration::from_secs(1));
        let id = key(&record).to_string();

        office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();
        if !finished {
            interrupted(slow.as_mut(), 1000).unwrap();
        }
        let again = Record { message_id: "again".to_owned(), ..record.clone() };
        let answer = listening(&shop, false).process(&[again], None).await;

        let (paid, letter) = (shop.paid("1").await, letter(&shop, &id).await);
        assert_eq!(answer, [ACKNOWLEDGE]);
        assert_eq!(
            paid,
            letter.status == LetterStatus::Redriven,
            "after {polls} awaits: {letter:?}"
        );
        if finished {
            break;
        }
    }
    assert!(finished, "it was never let to its end");
}

/// The operator redrives what the first worker parked, which has not heard that it did.
#[tokio::test]
async fn a_letter_that_is_redriven_before_its_worker_goes_on_stays_redriven() {
    let mut finished = false;
    for polls in 0..100 {
        let shop = Shop::new();
        let record = shop.placed("1").await;
        let worker = stepped(&shop).listener(Stamp { fails: true });
        let mut slow = Box::pin(worker.process(from_ref(&record), None));
        finished = interrupted(slow.as_mut(), polls).is_some();
        let id = key(&record).to_string();
        if !shop.memory.dead_letters().is_empty() {
            office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();
            if !finished {
                interrupted(slow.as_mut(), 1000).unwrap();
            }

            let answer = listening(&shop, false).process(from_ref(&record), None).await;

            assert_eq!(answer, [ACKNOWLEDGE]);
            assert!(shop.paid("1").await, "after {polls} awaits");
            assert_eq!(letter(&shop, &id).await.status, LetterStatus::Redriven);
        }
        if finished {
            break;
        }
    }
    assert!(finished, "it was never let to its end");
}

#[tokio::test]
async fn of_two_workers_that_fail_at_the_same_time_one_parks() {
    let mut finished = false;
    for polls in 0..100 {
        let shop = Shop::new();
        let record = shop.placed("1").await;
        let worker = stepped(&shop).listener(Stamp { fails: true });
        let mut slow = Box::pin(worker.process(from_ref(&record), None));
        finished = interrupted(slow.as_mut(), polls).is_some();
        if finished {
            break;
        }
        listening(&shop, true).process(from_ref(&record), None).await;

        assert_eq!(interrupted(slow.as_mut(), 1000), Some(vec![ACKNOWLEDGE]));
        assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 1)));
        let [letter] = shop.memory.dead_letters().try_into().unwrap();
        assert_eq!(letter.attempts, 1);
    }
    assert!(finished, "it was never let to its end");
}

#[tokio::test]
async fn a_letter_whose_answer_was_lost_is_written_once() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    shop.mishaps([crate::shop::Mishap::AnswerLost]);

    let answer = shop.card_worker(refusing()).process(from_ref(&record), None).await;

    assert_eq!(answer, [ACKNOWLEDGE]);
    let [_, first, second] = shop.commits().try_into().unwrap();
    assert_eq!(first, second);
    assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 1)));
}

#[tokio::test]
async fn a_redrive_forgives_no_run_whose_outcome_nobody_has_looked_at() {
    let shop = Shop::new();
    let (record, id) = unheard_of(&shop).await;
    // Another delivery of it kills its worker.
    shop.memory.claim(&shop.claim_for(&record, Duration::from_secs(40))).await.unwrap();
    shop.clock.advance(Duration::from_mins(1));

    office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();

    let claimed = shop.memory.claim(&shop.claim_for(&record, Duration::from_secs(40))).await;
    let unknown = postroom::port::Claimed::Granted { attempts: 0, unknown: true };
    assert_eq!(claimed.unwrap(), unknown);
}
