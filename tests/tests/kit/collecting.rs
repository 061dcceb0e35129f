//! What a queue gave up by itself: kept once, as if its worker had parked it, and nothing else about it changes.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{Bank, Settings, ShopError, reactions};
use postroom::port::{FailureClass, Inbox, LetterStatus, RunStatus};
use postroom::{Collector, Disposition, Ports, Record, Redrive, Refuse, Runtime};

use crate::office::{letter, office, operator, parked};
use crate::shop::{ScriptedBank, Shop, key};
use crate::stepped::{Stepped, interrupted};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;
const LEASE: Duration = Duration::from_secs(15);

/// Lets the queue of the card job give a message up.
async fn given_up(shop: &Shop, record: &Record) -> Disposition {
    shop.collector().collect("charge-card", record).await
}

/// Lets a worker begin a message and die of it.
async fn died_of(shop: &Shop, record: &Record) {
    shop.memory.claim(&shop.claim_for(record, LEASE)).await.unwrap();
    shop.clock.advance(LEASE);
}

/// Works on what was sent last.
async fn work<B: Bank>(shop: &Shop, bank: B) -> Record {
    let body = shop.sent().last().unwrap().body.clone();
    let record = Record { message_id: "sqs-again".to_owned(), body, group: None, receives: 1 };
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
    let record =
        Record { message_id: "sqs-1".to_owned(), body: "{}".to_owned(), group: None, receives: 1 };
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
