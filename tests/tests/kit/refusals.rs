//! The note that a refused command leaves: whoever is refused is told so, with or without it.

use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postroom::doc_example::{PlaceOrder, Settings, reactions};
use postroom::memory::MemoryStore;
use postroom::port::{
    Claim, Claimed, FailedRun, Failures, Inbox, InboxRecord, LeaseError, Page, RunKey, StoreError,
};
use postroom::{BoxFuture, CorrelationId, MessageId, OwnerToken, Ports, Refuse, Runtime, TenantId};

use crate::shop::Shop;

/// What an inbox does with a note.
#[derive(Clone, Copy, Debug)]
enum Takes {
    /// It answers that it cannot.
    Nothing,
    /// It never answers.
    ForEver,
}

/// An inbox in which no failure can be recorded.
struct NoteLess(MemoryStore, Takes);

impl Inbox for NoteLess {
    fn fail<'a>(&'a self, _: &'a FailedRun) -> BoxFuture<'a, Result<Failures, LeaseError>> {
        let source = StoreError::Unavailable { operation: "note", source: "throttled".into() };
        match self.1 {
            Takes::Nothing => Box::pin(ready(Err(LeaseError::Store { source }))),
            Takes::ForEver => Box::pin(pending()),
        }
    }

    fn find<'a>(
        &'a self,
        key: &'a RunKey,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<InboxRecord>, StoreError>> {
        self.0.find(key, now)
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Claimed, StoreError>> {
        self.0.claim(claim)
    }

    fn renew<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        self.0.renew(key, owner, until)
    }

    fn release<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        self.0.release(key, owner, at)
    }

    fn stand_in<'a>(
        &'a self,
        key: &'a RunKey,
        message: MessageId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.0.stand_in(key, message)
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<InboxRecord>, StoreError>> {
        Inbox::chain(&self.0, tenant, correlation_id, after)
    }
}

#[tokio::test]
async fn a_refusal_is_told_although_its_note_cannot_be_written() {
    for (takes, longest) in
        [(Takes::Nothing, Duration::ZERO), (Takes::ForEver, Duration::from_millis(500))]
    {
        let shop = Shop::new();
        shop.place("1").await.unwrap();
        let inbox = Arc::new(NoteLess(shop.memory.clone(), takes));
        let ports = Ports { inbox, ..shop.runtime.ports().clone() };
        let runtime = Runtime::new(ports, reactions(&Settings { most_open_orders: 20 }));
        let asked_at = shop.now();

        let order = PlaceOrder { order: "1".to_owned() };
        let refused = runtime.execute(&order, &shop.origin()).await.map(drop).unwrap_err();

        assert_eq!(refused.refusal().unwrap().code, "order-exists", "{takes:?}");
        assert_eq!(postroom::between(asked_at, shop.now()), longest, "{takes:?}");
    }
}
