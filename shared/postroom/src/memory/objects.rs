//! Objects in memory, and permissions to put some.

use std::collections::BTreeMap;
use std::future::ready;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::stream;
use jiff::Timestamp;

use crate::BoxFuture;
use crate::clock::later;
use crate::id::named;
use crate::object::{ETag, ObjectKey};
use crate::port::{ObjectError, Objects, Payloads, PermittedUpload, Pieces, Upload, Uploads};

/// In what parts an object arrives: more than a piece, so that whoever reads it has to put it together.
const PART: usize = 100_000;

/// One bucket, in memory. Clones share what it holds.
///
/// ```
/// # use postroom::memory::MemoryObjects;
/// # use postroom::port::{ObjectError, Objects};
/// # async fn example() -> Result<(), ObjectError> {
/// let objects = MemoryObjects::default();
/// let key = "imports/1.csv".parse().unwrap();
///
/// let etag = objects.put(&key, "text/csv", "a,b\n".into()).await?;
///
/// assert_eq!(objects.read_range(&key, &etag, 2..100).await?, "b\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryObjects {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<ObjectKey, (ETag, Bytes)>,
    /// What may be put, by URL.
    permitted: BTreeMap<String, Upload>,
    calls_to_fail: usize,
}

impl MemoryObjects {
    /// Makes the next reads and puts fail, retryably.
    pub fn fail(&self, calls: usize) {
        self.lock().calls_to_fail = calls;
    }

    /// Sends what somebody was permitted to send, at a time; whether it was accepted.
    pub fn upload(
        &self,
        permitted: &PermittedUpload,
        content_type: &str,
        body: Bytes,
        now: Timestamp,
    ) -> bool {
        let mut state = self.lock();
        let Some(upload) = state.permitted.get(&permitted.url).cloned() else { return false };
        let is_it = upload.content_type == content_type && upload.size_bytes == length(&body);
        let in_time = now <= later(upload.at, upload.lasts);
        if is_it && in_time {
            state.put(upload.key, body);
        }
        is_it && in_time
    }

    /// Removes an object, as a rule of its bucket does after so many days.
    pub fn remove(&self, key: &ObjectKey) {
        self.lock().objects.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn found(&self, key: &ObjectKey, etag: &ETag) -> Result<Bytes, ObjectError> {
        let mut state = self.lock();
        state.is_reached(key)?;
        match state.objects.get(key) {
            None => Err(ObjectError::Missing { key: key.clone() }),
            Some((held, _)) if held != etag => Err(ObjectError::Changed { key: key.clone() }),
            Some((_, body)) => Ok(body.clone()),
        }
    }
}

impl Objects for MemoryObjects {
    fn read<'a>(
        &'a self,
        key: &'a ObjectKey,
        etag: &'a ETag,
        from: u64,
    ) -> BoxFuture<'a, Result<Pieces, ObjectError>> {
        let pieces = self.found(key, etag).map(|body| {
            let mut rest = cut(&body, from..u64::MAX);
            let parts = std::iter::from_fn(move || {
                let part = rest.split_to(rest.len().min(PART));
                (!part.is_empty()).then_some(Ok(part))
            });
            Pieces::new(stream::iter(parts))
        });
        Box::pin(ready(pieces))
    }

    fn read_range<'a>(
        &'a self,
        key: &'a ObjectKey,
        etag: &'a ETag,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, ObjectError>> {
        let read = <dyn Objects>::check(key, &range)
            .and_then(|()| self.found(key, etag))
            .map(|body| cut(&body, range));
        Box::pin(ready(read))
    }

    fn put<'a>(
        &'a self,
        key: &'a ObjectKey,
        _content_type: &'a str,
        body: Bytes,
    ) -> BoxFuture<'a, Result<ETag, ObjectError>> {
        let mut state = self.lock();
        let put = state.is_reached(key).map(|()| state.put(key.clone(), body));
        Box::pin(ready(put))
    }
}

impl Payloads for MemoryObjects {
    fn put_payload<'a>(
        &'a self,
        key: &'a ObjectKey,
        body: Bytes,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        let mut state = self.lock();
        let put = state.is_reached(key).map(|()| drop(state.put(key.clone(), body)));
        Box::pin(ready(put))
    }

    fn get_payload<'a>(
        &'a self,
        key: &'a ObjectKey,
        at_most: u64,
    ) -> BoxFuture<'a, Result<Bytes, ObjectError>> {
        let mut state = self.lock();
        let got = state.is_reached(key).and_then(|()| match state.objects.get(key) {
            Some((_, body)) => Ok(cut(body, 0..at_most)),
            None => Err(ObjectError::Missing { key: key.clone() }),
        });
        Box::pin(ready(got))
    }
}

impl Uploads for MemoryObjects {
    fn permit<'a>(
        &'a self,
        upload: &'a Upload,
    ) -> BoxFuture<'a, Result<PermittedUpload, ObjectError>> {
        let permitted = <dyn Uploads>::check(upload).map(|()| {
            let mut state = self.lock();
            let url = format!("memory:{}?permission={}", upload.key, state.permitted.len());
            state.permitted.insert(url.clone(), upload.clone());
            let content_type = ("content-type".to_owned(), upload.content_type.clone());
            PermittedUpload { url, headers: BTreeMap::from([content_type]) }
        });
        Box::pin(ready(permitted))
    }
}

impl State {
    fn is_reached(&mut self, key: &ObjectKey) -> Result<(), ObjectError> {
        if self.calls_to_fail == 0 {
            return Ok(());
        }
        self.calls_to_fail -= 1;
        Err(ObjectError::Unavailable { key: key.clone(), source: "told to fail".into() })
    }

    fn put(&mut self, key: ObjectKey, body: Bytes) -> ETag {
        let etag = etag(&body);
        self.objects.insert(key, (etag.clone(), body));
        etag
    }
}

fn etag(body: &Bytes) -> ETag {
    let etag = named([&body[..]]).to_string();
    etag.parse().unwrap_or_else(|_| unreachable!("a UUID is an `ETag`"))
}

/// What of a body lies in a range.
fn cut(body: &Bytes, range: Range<u64>) -> Bytes {
    let at = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
    let (start, end) = (at(range.start), at(range.end));
    body.slice(start..end.max(start))
}

fn length(body: &Bytes) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}
