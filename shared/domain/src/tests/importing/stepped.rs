//! Ports that give way before and after what they do, so that a run can be overtaken, or end, at each of its steps.

use std::future::pending;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::Timestamp;
use postroom::memory::{ManualClock, MemoryObjects, MemoryStore};
use postroom::port::{
    CommitError, Item, Listing, ObjectError, Objects, Page, Pieces, Store, StoreError, UploadId,
};
use postroom::{BoxFuture, Clock, ETag, Key, LiveItem, LiveShard, ObjectKey, Transaction};

/// A port with a step before and behind each of its operations.
pub(super) struct Stepped<P>(pub(super) P);

/// A clock that stands still: a short wait is a step, and what takes long never comes.
pub(super) struct Standing(pub(super) Arc<ManualClock>);

/// The longest that a run backs off after a lost race.
const SHORT: Duration = Duration::from_millis(700);

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

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        if duration > SHORT { Box::pin(pending()) } else { Box::pin(Step { given_way: false }) }
    }
}

impl Store for Stepped<MemoryStore> {
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
        self.0.list(listing)
    }

    fn live<'a>(
        &'a self,
        shard: &'a LiveShard,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LiveItem>, StoreError>> {
        self.0.live(shard, after)
    }

    fn commit<'a>(&'a self, tx: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>> {
        // Begun when it is polled, as a request is: the memory store commits when it is called.
        Box::pin(around(async { self.0.commit(tx).await }))
    }
}

impl Objects for Stepped<MemoryObjects> {
    fn read<'a>(
        &'a self,
        key: &'a ObjectKey,
        etag: &'a ETag,
        from: u64,
    ) -> BoxFuture<'a, Result<Pieces, ObjectError>> {
        Box::pin(around(async move { self.0.read(key, etag, from).await }))
    }

    fn read_range<'a>(
        &'a self,
        key: &'a ObjectKey,
        etag: &'a ETag,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<bytes::Bytes, ObjectError>> {
        Box::pin(around(async move { self.0.read_range(key, etag, range).await }))
    }

    fn put<'a>(
        &'a self,
        key: &'a ObjectKey,
        content_type: &'a str,
        body: bytes::Bytes,
    ) -> BoxFuture<'a, Result<ETag, ObjectError>> {
        self.0.put(key, content_type, body)
    }

    fn begin<'a>(
        &'a self,
        key: &'a ObjectKey,
        content_type: &'a str,
    ) -> BoxFuture<'a, Result<UploadId, ObjectError>> {
        self.0.begin(key, content_type)
    }

    fn put_part<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
        number: u16,
        body: bytes::Bytes,
    ) -> BoxFuture<'a, Result<ETag, ObjectError>> {
        self.0.put_part(key, upload, number, body)
    }

    fn complete<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
        parts: &'a [ETag],
    ) -> BoxFuture<'a, Result<ETag, ObjectError>> {
        self.0.complete(key, upload, parts)
    }

    fn abort<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        self.0.abort(key, upload)
    }
}
