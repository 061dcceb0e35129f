//! Decisions that are interrupted at any of their awaits, and made again.

use std::collections::BTreeSet;
use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{Settings, reactions};
use postroom::port::LetterStatus;
use postroom::{Bulk, Courier, DeadLetterOffice, Ports, Record, Redrive, Runtime};

use crate::office::{letter, office, operator, parked};
use crate::shop::{ScriptedBank, Shop};
use crate::stepped::{Stepped, interrupted};

/// A shop's office every await of which can be the last.
fn stepped(shop: &Shop) -> DeadLetterOffice {
    let letters = Arc::new(shop.memory.clone());
    let outbox = Arc::new(Stepped(letters.clone()));
    let courier = Courier::new(outbox, Arc::new(Stepped(shop.queue.clone())), shop.clock.clone());
    let ports = Ports {
        store: Arc::new(Stepped(shop.store.clone())),
        journal: Arc::new(shop.memory.clone()),
        inbox: Arc::new(Stepped(letters.clone())),
        courier,
        clock: Arc::new(Patient(shop.clock.clone())),
        ids: shop.ids.clone(),
    };
    let runtime = Runtime::new(ports, reactions(&Settings { most_open_orders: 20 }));
    DeadLetterOffice::new(runtime, Arc::new(Stepped(letters)))
}

/// A clock that nobody's sleep moves: a hand-over that gives way is not given up.
struct Patient(Arc<postroom::memory::ManualClock>);

impl postroom::Clock for Patient {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }

    fn sleep(&self, _: Duration) -> postroom::BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_redrive_that_is_interrupted_anywhere_loses_and_doubles_nothing() {
    let mut finished = false;
    let mut decided = BTreeSet::new();
    for polls in 0..100 {
        let shop = Shop::new();
        let (_, id) = parked(&shop, "1").await;
        let (sent_before, origin) = (shop.sent().len(), operator(&shop));
        let office_ = stepped(&shop);
        finished = interrupted(office_.redrive(&id, Redrive::default(), &origin), polls).is_some();
        let status = letter(&shop, &id).await.status;
        decided.insert(status == LetterStatus::Redriven);

        // The operator tries again, and the relay does its rounds.
        let again = office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await;
        assert_eq!(again.is_ok(), status == LetterStatus::Open, "after {polls} awaits");
        let by = shop.now() + Duration::from_mins(1);
        shop.runtime.ports().courier.relay(by, by).await.unwrap();
        let bank = ScriptedBank::default();
        let sent = shop.sent();
        let records = sent[sent_before..].iter().enumerate().map(|(index, row)| Record {
            message_id: format!("again-{index}"),
            body: row.body.clone(),
            group: None,
            receives: 1,
            refused: None,
        });
        let records: Vec<_> = records.collect();
        let worker = shop.card_worker(bank.clone());
        for record in &records {
            worker.process(from_ref(record), None).await;
        }

        assert_eq!(bank.keys.lock().unwrap().len(), 1, "after {polls} awaits");
        assert!(shop.paid("1").await, "after {polls} awaits");
        assert!(shop.outbox().await.is_empty(), "after {polls} awaits");
        let letter = letter(&shop, &id).await;
        assert_eq!((letter.status, letter.redrives), (LetterStatus::Redriven, 1));
        assert_eq!(office(&shop).actions(&id).await.unwrap().len(), 1, "after {polls} awaits");
        if finished {
            break;
        }
    }
    assert!(finished, "it was never let to its end");
    assert_eq!(decided.len(), 2, "it was interrupted both before and after its commit");
}

#[tokio::test]
async fn a_bulk_that_is_interrupted_anywhere_redrives_each_letter_once() {
    let mut finished = false;
    for polls in 0..300 {
        let shop = Shop::new();
        let ids = [parked(&shop, "1").await.1, parked(&shop, "2").await.1];
        let sent_before = shop.sent().len();
        let origin = operator(&shop);
        let bulk = Bulk { limit: 10, ..Bulk::default() };
        finished = interrupted(stepped(&shop).redrive_all(&bulk, &origin), polls).is_some();

        office(&shop).redrive_all(&bulk, &operator(&shop)).await.unwrap();
        let by = shop.now() + Duration::from_mins(1);
        shop.runtime.ports().courier.relay(by, by).await.unwrap();

        let sent: BTreeSet<_> =
            shop.sent()[sent_before..].iter().map(|row| row.message_id).collect();
        assert_eq!(sent.len(), 2, "after {polls} awaits");
        for id in &ids {
            assert_eq!(letter(&shop, id).await.redrives, 1, "after {polls} awaits");
        }
        if finished {
            break;
        }
    }
    assert!(finished, "it was never let to its end");
}
