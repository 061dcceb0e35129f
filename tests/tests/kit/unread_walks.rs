//! A walk that cannot read the journal: what ends it, and what does not.

use std::sync::{Arc, Mutex};

use postroom::doc_example::{Settings, reactions};
use postroom::memory::MemoryStore;
use postroom::port::{Journal, JournalPart, JournalRecord, Page, StoreError};
use postroom::{
    BoxFuture, BuildState, CorrelationId, Ports, Projector, Runtime, StreamId, TenantId, Walked,
};

use crate::order_views::{Trouble, projector, projector_of};
use crate::rebuilding::{ask, live, shop_shown, status};
use crate::shop::{Mishap, Shop};

type Failing = fn() -> StoreError;

/// A journal that cannot be read to its end, while it is told so.
struct Damaged {
    journal: MemoryStore,
    failure: Arc<Mutex<Option<Failing>>>,
    /// What goes on before that is answered the first time.
    meanwhile: Mutex<Option<BoxFuture<'static, ()>>>,
}

fn no_event() -> StoreError {
    StoreError::Corrupt { operation: "read all of the journal", reason: "no envelope".to_owned() }
}

fn no_right() -> StoreError {
    StoreError::Refused { operation: "read all of the journal", source: "no right".into() }
}

impl Damaged {
    fn of(shop: &Shop, failure: Failing) -> Self {
        let (journal, failure) = (shop.memory.clone(), Arc::new(Mutex::new(Some(failure))));
        Self { journal, failure, meanwhile: Mutex::default() }
    }

    /// A projector that reads this journal.
    fn projector(self, shop: &Shop) -> Projector {
        let ports = Ports { journal: Arc::new(self), ..shop.runtime.ports().clone() };
        let runtime = Runtime::new(ports, reactions(&Settings { most_open_orders: 20 }));
        projector_of(&runtime, shop, &Trouble::default())
    }
}

impl Journal for Damaged {
    fn stream<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamId,
        after: u64,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        self.journal.stream(tenant, stream, after)
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        self.journal.chain(tenant, correlation_id, after)
    }

    fn all<'a>(
        &'a self,
        part: JournalPart,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        let Some(failure) = *self.failure.lock().unwrap() else {
            return self.journal.all(part, after);
        };
        let meanwhile = self.meanwhile.lock().unwrap().take();
        Box::pin(async move {
            if let Some(meanwhile) = meanwhile {
                meanwhile.await;
            }
            Err(failure())
        })
    }
}

/// A message a minute, for as long as nobody looks, would tell no more than one.
#[tokio::test]
async fn a_walk_that_fails_for_good_is_told_once_and_held_up_with_its_reason() {
    let shop = shop_shown().await;
    ask(&shop).await;
    let journal = Damaged::of(&shop, no_event);
    let failure = Arc::clone(&journal.failure);
    let projector = journal.projector(&shop);

    let told = projector.walk(None).await.unwrap_err();
    let then = projector.walk(None).await.unwrap();
    let held_up = status(&shop).await.building.unwrap();
    *failure.lock().unwrap() = None;
    let asked = ask(&shop).await.building.unwrap();
    projector.walk(None).await.unwrap();

    assert_eq!(told.to_string(), "the journal could not be read for order-view");
    assert_eq!((then, held_up.state), (Walked { events: 0 }, BuildState::HeldUp));
    let reason = held_up.reason.unwrap();
    assert!(reason.contains("the journal could not be read for order-view: "), "{reason}");
    assert_eq!((asked.state, asked.reason), (BuildState::Walking, None));
    assert_eq!(live(&status(&shop).await), "2");
}

/// A deployment that took a right away gives it back: hours of walking are not thrown away for it.
#[tokio::test]
async fn a_walk_that_lacks_a_right_fails_and_goes_on_when_it_has_it() {
    let shop = shop_shown().await;
    ask(&shop).await;
    let journal = Damaged::of(&shop, no_right);
    let failure = Arc::clone(&journal.failure);
    let projector = journal.projector(&shop);

    projector.walk(None).await.unwrap_err();
    projector.walk(None).await.unwrap_err();
    *failure.lock().unwrap() = None;
    projector.walk(None).await.unwrap();

    assert_eq!(live(&status(&shop).await), "2");
}

/// Two walk at the same time, and what one of them could not read the other has behind it.
#[tokio::test]
async fn a_walk_that_goes_on_is_not_given_up_by_another_walker() {
    let shop = Arc::new(shop_shown().await);
    ask(&shop).await;
    let journal = Damaged::of(&shop, no_event);
    let other = Arc::clone(&shop);
    *journal.meanwhile.lock().unwrap() = Some(Box::pin(async move {
        // 120 events of one order and a page's step, and not the next page's.
        other.mishaps([Mishap::Spared; 121]);
        other.mishaps([Mishap::Refused]);
        projector(&other, &Trouble::default()).walk(None).await.unwrap_err();
    }));

    journal.projector(&shop).walk(None).await.unwrap_err();

    let building = status(&shop).await.building.unwrap();
    assert_eq!((building.state, building.events), (BuildState::Walking, 50));
}
