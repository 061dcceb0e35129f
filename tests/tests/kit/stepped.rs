//! Ports that give way before and after everything they do, so that whoever calls them can be stopped at each await.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use postroom::port::{
    Claim, Claimed, CommitError, DeadLetter, DeadLetters, FailedRun, Failures, Inbox, InboxRecord,
    Item, Journal, JournalPart, JournalRecord, LeaseError, LetterFile, LetterHead, Listing, Outbox,
    OutboxRow, Page, Posted, Queue, QueueError, RunKey, Store, StoreError,
};
use postroom::{
    BoxFuture, CorrelationId, Key, LiveItem, LiveShard, MessageId, OwnerToken, StreamId, TenantId,
    Transaction,
};

/// What a future came to, unless it was dropped before, after `polls` of its awaits.
pub(crate) fn interrupted<T>(work: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..=polls {
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return Some(done);
        }
    }
    None
}

/// Gives way once.
struct Step {
    given_way: bool,
}

impl Future for Step {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.given_way, true) {
            return Poll::Ready(());
        }
        // Or whoever runs several at once would never ask again.
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

async fn around<T>(work: impl Future<Output = T>) -> T {
    Step { given_way: false }.await;
    let done = work.await;
    Step { given_way: false }.await;
    done
}

/// A port with a step before and behind each of its operations.
pub(crate) struct Stepped<P: ?Sized>(pub(crate) Arc<P>);

impl<P: Store + ?Sized> Store for Stepped<P> {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(around(async { self.0.get(key).await }))
    }

    fn get_many<'a>(
        &'a self,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Item>>, StoreError>> {
        Box::pin(around(async { self.0.get_many(keys).await }))
    }

    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>> {
        Box::pin(around(self.0.list(listing)))
    }

    fn live<'a>(
        &'a self,
        shard: &'a LiveShard,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LiveItem>, StoreError>> {
        Box::pin(around(self.0.live(shard, after)))
    }

    fn commit<'a>(&'a self, tx: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>> {
        // Begun when it is polled, as a request is: the memory store commits when it is called.
        Box::pin(around(async { self.0.commit(tx).await }))
    }
}

impl<P: Journal + ?Sized> Journal for Stepped<P> {
    fn stream<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamId,
        after: u64,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        Box::pin(around(async move { self.0.stream(tenant, stream, after).await }))
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        Box::pin(around(Journal::chain(&*self.0, tenant, correlation_id, after)))
    }

    fn all<'a>(
        &'a self,
        part: JournalPart,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        Box::pin(around(async move { self.0.all(part, after).await }))
    }
}

impl<P: Inbox + ?Sized> Inbox for Stepped<P> {
    fn find<'a>(
        &'a self,
        key: &'a RunKey,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<InboxRecord>, StoreError>> {
        Box::pin(around(async move { self.0.find(key, now).await }))
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Claimed, StoreError>> {
        Box::pin(around(async { self.0.claim(claim).await }))
    }

    fn renew<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        Box::pin(around(async move { self.0.renew(key, owner, until).await }))
    }

    fn release<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        Box::pin(around(async move { self.0.release(key, owner, at).await }))
    }

    fn fail<'a>(&'a self, failed: &'a FailedRun) -> BoxFuture<'a, Result<Failures, LeaseError>> {
        Box::pin(around(async { self.0.fail(failed).await }))
    }

    fn stand_in<'a>(
        &'a self,
        key: &'a RunKey,
        message: MessageId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(around(async move { self.0.stand_in(key, message).await }))
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<InboxRecord>, StoreError>> {
        Box::pin(around(Inbox::chain(&*self.0, tenant, correlation_id, after)))
    }
}

impl<P: Outbox + ?Sized> Outbox for Stepped<P> {
    fn due<'a>(
        &'a self,
        shard: u8,
        by: Timestamp,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<OutboxRow>, StoreError>> {
        Box::pin(around(self.0.due(shard, by, after)))
    }

    fn remove<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(around(async { self.0.remove(rows).await }))
    }
}

impl<P: Queue + ?Sized> Queue for Stepped<P> {
    fn send<'a>(
        &'a self,
        handler: &'a str,
        rows: &'a [OutboxRow],
    ) -> BoxFuture<'a, Result<Posted, QueueError>> {
        Box::pin(around(async move { self.0.send(handler, rows).await }))
    }
}

impl<P: DeadLetters + ?Sized> DeadLetters for Stepped<P> {
    fn prepare<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(around(async { self.0.prepare(letter).await }))
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(around(async { self.0.park(letter).await }))
    }

    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        Box::pin(around(DeadLetters::find(&*self.0, id)))
    }
}

impl<P: LetterFile + ?Sized> LetterFile for Stepped<P> {
    fn open<'a>(
        &'a self,
        shard: u8,
        before: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LetterHead>, StoreError>> {
        Box::pin(around(self.0.open(shard, before)))
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LetterHead>, StoreError>> {
        Box::pin(around(LetterFile::chain(&*self.0, tenant, correlation_id, after)))
    }
}
