//! What a queue gave up by itself: kept once, as if its worker had parked it, and nothing else about it changes.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{Bank, OrderPlaced, Settings, ShopError, reactions};
use postroom::port::{FailureClass, Inbox, LetterStatus, RunKey, RunStatus};
use postroom::{
    Collector, DedupKey, Disposition, Ports, QueuedHandler, Reactions, Record, Redrive, Refuse,
    Runtime,
};

use crate::office::{instead, last_sent, letter, office, old_worker, operator, parked};
use crate::office_runs::{ChargeByName, PayByName, about_order_2, work_off};
use crate::shop::{ScriptedBank, Shop, key, tenant};
use crate::stepped::{Stepped, interrupted};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;
const LEASE: Duration = Duration::from_secs(15);

/// Knows all orders by one name.
type ByName = ChargeByName<true>;

/// Lets the queue of the card job give a message up.
async fn given_up(shop: &Shop, record: &Record) -> Disposition {
    shop.collector().collect("charge-card", record).await
}

/// Lets the queue of a handler that knows all orders by one name give a message up.
async fn given_up_by<H: QueuedHandler<OrderPlaced, Kind>, Kind>(
    shop: &Shop,
    record: &Record,
) -> Disposition {
    let mut table = Reactions::default();
    table.row::<OrderPlaced>().queued::<H, Kind>();
    let runtime = Runtime::new(shop.runtime.ports().clone(), table);
    Collector::new(runtime, Arc::new(shop.memory.clone())).collect("charge-card", record).await
}

/// The key under which it knows them.
fn by_name() -> RunKey {
    RunKey::of_dedup("charge-card", DedupKey::named(&tenant(), "all").unwrap())
}

/// Lets a worker begin a message and die of it.
async fn died_of(shop: &Shop, record: &Record) {
    shop.memory.claim(&shop.claim_for(record, LEASE)).await.unwrap();
    shop.clock.advance(LEASE);
}

/// Works on what was sent last.
async fn work<B: Bank>(shop: &Shop, bank: B) -> Record {
    let body = shop.sent().last().unwrap().body.clone();
    let record = Record {
        message_id: "sqs-again".to_owned(),
        body,
        group: None,
        receives: 1,
        refused: None,
    };
    shop.card_worker(bank).process(from_ref(&record), None).await;
    record
}

async fn redrive(shop: &Shop, id: &str) {
    office(shop).redrive(id, Redrive::default(), &operator(shop)).await.unwrap();
}

#[tokio::test]
async fn a_message_that_killed_its_workers_is_a_letter_and_is_done_once_when_it_is_redriven() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    died_of(&shop, &record).await;

    let disposition = given_up(&shop, &record).await;

    assert_eq!(disposition, ACKNOWLEDGE);
    let id = key(&record).to_string();
    let kept = letter(&shop, &id).await;
    assert_eq!(
        (kept.queue.as_str(), kept.handler.as_deref()),
        ("charge-card", Some("charge-card"))
    );
    assert_eq!((kept.class, kept.attempts), (FailureClass::Exhausted, 0));
    assert_eq!((kept.status, kept.body.as_str()), (LetterStatus::Open, record.body.as_str()));
    assert!(kept.reason().contains("without a trace"), "{}", kept.reason());
    assert_eq!(kept.envelope.unwrap().correlation_id.as_str(), "chain-1");
    let late = shop.card_worker(ScriptedBank::default());
    assert_eq!(late.process(from_ref(&record), None).await, [ACKNOWLEDGE]);
    assert!(!shop.paid("1").await, "a late copy does nothing while nobody has decided");

    redrive(&shop, &id).await;
    let bank = ScriptedBank::default();
    work(&shop, bank.clone()).await;

    assert!(shop.paid("1").await);
    assert_eq!(*bank.keys.lock().unwrap(), [id]);
}

#[tokio::test]
async fn a_letter_tells_what_the_inbox_knows_of_its_attempts() {
    let shop = Shop::new();
    let (tried, untried) = (shop.placed("1").await, shop.placed("2").await);
    let failed_at = shop.now();
    let worker = shop.card_worker(ScriptedBank::answering([Err(ShopError::Bank)]));
    worker.process(from_ref(&tried), None).await;
    shop.clock.advance(Duration::from_hours(1));

    for record in [&tried, &untried] {
        given_up(&shop, record).await;
    }

    let tried = letter(&shop, key(&tried).as_str()).await;
    assert_eq!((tried.attempts, tried.first_failed_at), (1, failed_at));
    assert_eq!(tried.last_failed_at, shop.now());
    assert!(tried.reason().ends_with("the bank does not answer"), "{}", tried.reason());
    let untried = letter(&shop, key(&untried).as_str()).await;
    assert_eq!((untried.attempts, untried.first_failed_at), (0, shop.now()));
    assert!(untried.reason().contains("does not start"), "{}", untried.reason());
    assert_ne!(tried.fingerprint, untried.fingerprint);
}

/// As when a neighbour in its batch kills the worker again and again, and nothing is ever acknowledged.
#[tokio::test]
async fn what_was_done_is_no_letter() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    shop.card_worker(ScriptedBank::default()).process(from_ref(&record), None).await;

    let disposition = given_up(&shop, &record).await;

    assert_eq!(disposition, ACKNOWLEDGE);
    assert!(shop.memory.dead_letters().is_empty());
    assert_eq!(shop.status(&record).await, Some((RunStatus::Done, 0)));
}

#[tokio::test]
async fn what_its_worker_parked_stays_as_it_was_parked() {
    let shop = Shop::new();
    let (record, id) = parked(&shop, "1").await;
    let before = letter(&shop, &id).await;
    shop.clock.advance(Duration::from_hours(1));

    let disposition = given_up(&shop, &record).await;

    assert_eq!(disposition, ACKNOWLEDGE);
    assert_eq!(letter(&shop, &id).await, before);
}

#[tokio::test]
async fn what_was_discarded_stays_discarded() {
    let shop = Shop::new();
    let (record, id) = parked(&shop, "1").await;
    office(&shop).discard(&id, "a test order", &operator(&shop)).await.unwrap();

    let disposition = given_up(&shop, &record).await;

    assert_eq!(disposition, ACKNOWLEDGE);
    assert_eq!(letter(&shop, &id).await.status, LetterStatus::Discarded);
}

#[tokio::test]
async fn what_was_redriven_and_is_given_up_again_is_open_again_and_its_redrives_stay_counted() {
    let shop = Shop::new();
    let (record, id) = parked(&shop, "1").await;
    redrive(&shop, &id).await;
    died_of(&shop, &record).await;

    let disposition = given_up(&shop, &record).await;

    assert_eq!(disposition, ACKNOWLEDGE);
    let kept = letter(&shop, &id).await;
    assert_eq!((kept.status, kept.redrives), (LetterStatus::Open, 1));
    assert!(kept.reason().contains("its queue gave it up"), "{}", kept.reason());
    assert_eq!(shop.status(&record).await.unwrap().0, RunStatus::Parked);
}

#[tokio::test]
async fn what_a_worker_is_at_is_left_to_it() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    shop.memory.claim(&shop.claim_for(&record, LEASE)).await.unwrap();

    let disposition = given_up(&shop, &record).await;

    assert_eq!(disposition, Disposition::Redeliver { after: Some(LEASE) });
    assert!(shop.memory.dead_letters().is_empty());
}

#[tokio::test]
async fn what_is_no_message_is_kept_under_the_id_that_its_worker_would_have_given_it() {
    let shop = Shop::new();
    let record = Record {
        message_id: "sqs-1".to_owned(),
        body: "{}".to_owned(),
        group: None,
        receives: 1,
        refused: None,
    };
    let id = "charge-card#sqs-1";

    let disposition = given_up(&shop, &record).await;
    let collected = letter(&shop, id).await;
    shop.card_worker(ScriptedBank::default()).process(from_ref(&record), None).await;

    assert_eq!(disposition, ACKNOWLEDGE);
    assert_eq!((collected.handler, collected.class), (None, FailureClass::Permanent));
    assert!(collected.causes.join(": ").contains("not an envelope"), "{:?}", collected.causes);
    assert_eq!(shop.memory.dead_letters().len(), 1, "one letter, whoever wrote it");
    let redriven = office(&shop).redrive(id, Redrive::default(), &operator(&shop)).await;
    assert_eq!(redriven.unwrap_err().refusal().unwrap().code, "dead-letter-unreadable");
    office(&shop).discard(id, "nonsense", &operator(&shop)).await.unwrap();
}

#[tokio::test]
async fn a_collection_that_is_interrupted_anywhere_is_made_good_by_the_next_delivery() {
    let mut finished = false;
    let mut stages = Vec::new();
    for polls in 0..100 {
        let shop = Shop::new();
        let record = shop.placed("1").await;
        let memory = Arc::new(shop.memory.clone());
        let ports = Ports {
            store: Arc::new(Stepped(shop.store.clone())),
            inbox: Arc::new(Stepped(memory.clone())),
            ..shop.runtime.ports().clone()
        };
        let runtime = Runtime::new(ports, reactions(&Settings { most_open_orders: 20 }));
        let collector = Collector::new(runtime, Arc::new(Stepped(memory)));
        finished = interrupted(collector.collect("charge-card", &record), polls).is_some();
        let letters = shop.memory.dead_letters().len();
        stages.push((letters, shop.status(&record).await.map(|(status, _)| status)));
        assert!(!finished || letters == 1, "acknowledged, and not kept");

        let disposition = given_up(&shop, &record).await;

        assert_eq!(disposition, ACKNOWLEDGE, "after {polls} awaits");
        let [kept] = shop.memory.dead_letters().try_into().unwrap();
        assert_eq!((kept.status, kept.attempts), (LetterStatus::Open, 0), "after {polls} awaits");
        assert_eq!(shop.status(&record).await, Some((RunStatus::Parked, 0)));
        if finished {
            break;
        }
    }
    assert!(finished, "it was never let to its end");
    let at_once = [(0, None), (1, Some(RunStatus::Parked))];
    stages.dedup();
    assert_eq!(stages, at_once, "its letter and the memory of it are one transaction");
}

#[tokio::test]
async fn what_a_handler_knows_by_its_own_name_is_no_letter_when_it_was_done() {
    for is_job in [true, false] {
        let shop = Shop::new();
        let record = shop.placed("1").await;
        let worker = if is_job {
            shop.worker(ByName { bank: ScriptedBank::default() })
        } else {
            old_worker(&shop).listener(PayByName { refuses: "none" })
        };
        worker.process(from_ref(&record), None).await;

        let disposition = if is_job {
            given_up_by::<ByName, _>(&shop, &record).await
        } else {
            given_up_by::<PayByName, _>(&shop, &record).await
        };

        assert_eq!(disposition, ACKNOWLEDGE);
        assert!(shop.memory.dead_letters().is_empty(), "a job: {is_job}");
        assert_eq!(shop.status(&record).await, None, "nor is there a run under its own id");
    }
}

#[tokio::test]
async fn what_a_handler_knows_by_its_own_name_is_left_to_the_worker_that_is_at_it() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let mut claim = shop.claim_for(&record, LEASE);
    claim.run.key = by_name();
    shop.memory.claim(&claim).await.unwrap();

    let meanwhile = given_up_by::<ByName, _>(&shop, &record).await;
    shop.clock.advance(LEASE);
    let afterwards = given_up_by::<ByName, _>(&shop, &record).await;

    assert_eq!(meanwhile, Disposition::Redeliver { after: Some(LEASE) });
    assert_eq!(afterwards, ACKNOWLEDGE);
    assert_eq!(letter(&shop, by_name().as_str()).await.status, LetterStatus::Open);
}

#[tokio::test]
async fn beside_an_edit_no_late_copy_runs_of_what_a_handler_knows_by_its_own_name() {
    let shop = Shop::new();
    shop.place("2").await.unwrap();
    let record = shop.placed("1").await;
    given_up_by::<ByName, _>(&shop, &record).await;
    let body = about_order_2(&record);

    office(&shop).edit(by_name().as_str(), instead(&body), &operator(&shop)).await.unwrap();
    let bank = ScriptedBank::default();
    let worker = shop.worker(ByName { bank: bank.clone() });
    work_off(&shop, &worker, vec![record.clone(), last_sent(&shop), record]).await;

    assert_eq!((shop.paid("1").await, shop.paid("2").await), (false, true));
    assert_eq!(bank.keys.lock().unwrap().len(), 1);
}

/// The run is still parked, for all but that message: what is parked for others is no reason to let it go.
#[tokio::test]
async fn a_message_that_stands_in_under_the_same_name_is_not_lost_when_its_queue_gives_it_up() {
    let shop = Shop::new();
    shop.place("2").await.unwrap();
    let record = shop.placed("1").await;
    given_up_by::<ByName, _>(&shop, &record).await;
    let body = about_order_2(&record);
    office(&shop).edit(by_name().as_str(), instead(&body), &operator(&shop)).await.unwrap();
    let edited = last_sent(&shop);

    let first = given_up_by::<ByName, _>(&shop, &edited).await;
    let again = given_up_by::<ByName, _>(&shop, &edited).await;

    assert_eq!(first, Disposition::Redeliver { after: Some(Duration::ZERO) });
    assert_eq!(again, ACKNOWLEDGE);
    let kept = letter(&shop, by_name().as_str()).await;
    assert_eq!((kept.status, kept.body), (LetterStatus::Open, edited.body));
}
