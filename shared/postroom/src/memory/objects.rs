//! Objects in memory, and permissions to put and to read some.

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
use crate::port::{
    Download, Downloads, ObjectError, Objects, Payloads, PermittedDownload, PermittedUpload,
    Pieces, Upload, UploadId, Uploads,
};

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
    /// What may be read, by URL.
    shared: BTreeMap<String, Download>,
    /// What is put in parts and not complete.
    begun: BTreeMap<UploadId, Begun>,
    begun_ever: usize,
    calls_to_fail: usize,
}

#[derive(Debug)]
struct Begun {
    key: ObjectKey,
    parts: BTreeMap<u16, (ETag, Bytes)>,
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

    /// What somebody reads who was permitted to, at a time; `None`: nothing, any more or at all.
    pub fn download(&self, permitted: &PermittedDownload, now: Timestamp) -> Option<Bytes> {
        let state = self.lock();
        let download = state.shared.get(&permitted.url)?;
        let in_time = now <= later(download.at, download.lasts);
        let (_, body) = state.objects.get(&download.key).filter(|_| in_time)?;
        Some(body.clone())
    }

    /// What an object holds now.
    pub fn body(&self, key: &ObjectKey) -> Option<Bytes> {
        self.lock().objects.get(key).map(|(_, body)| body.clone())
    }

    /// How many uploads in parts are neither completed nor aborted.
    pub fn begun(&self) -> usize {
        self.lock().begun.len()
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

    fn begin<'a>(
        &'a self,
        key: &'a ObjectKey,
        _content_type: &'a str,
    ) -> BoxFuture<'a, Result<UploadId, ObjectError>> {
        let mut state = self.lock();
        let begun = state.is_reached(key).map(|()| {
            state.begun_ever += 1;
            let id = UploadId::new(state.begun_ever.to_string());
            state.begun.insert(id.clone(), Begun { key: key.clone(), parts: BTreeMap::new() });
            id
        });
        Box::pin(ready(begun))
    }

    fn put_part<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
        number: u16,
        body: Bytes,
    ) -> BoxFuture<'a, Result<ETag, ObjectError>> {
        let mut state = self.lock();
        let put = state.begun(key, upload).map(|begun| {
            let etag = etag(&body);
            begun.parts.insert(number, (etag.clone(), body));
            etag
        });
        Box::pin(ready(put))
    }

    fn complete<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
        parts: &'a [ETag],
    ) -> BoxFuture<'a, Result<ETag, ObjectError>> {
        let mut state = self.lock();
        let whole = state.begun(key, upload).and_then(|begun| begun.whole(parts));
        let put = whole.map(|whole| {
            state.begun.remove(upload);
            state.put(key.clone(), whole)
        });
        Box::pin(ready(put))
    }

    fn abort<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        let mut state = self.lock();
        let aborted = state.is_reached(key).map(|()| drop(state.begun.remove(upload)));
        Box::pin(ready(aborted))
    }
}

impl Begun {
    /// All parts, if they are those that are named and not too small.
    fn whole(&self, named: &[ETag]) -> Result<Bytes, ObjectError> {
        let refused =
            |source: &str| ObjectError::Refused { key: self.key.clone(), source: source.into() };
        let mut whole = Vec::new();
        for (number, etag) in (1..).zip(named) {
            let part = self.parts.get(&number).filter(|(held, _)| held == etag);
            let (_, body) = part.ok_or_else(|| refused("a part is not there"))?;
            if body.len() < <dyn Objects>::PART_BYTES && usize::from(number) < named.len() {
                return Err(refused("a part is too small"));
            }
            whole.extend_from_slice(body);
        }
        if named.is_empty() { Err(refused("there is no part")) } else { Ok(whole.into()) }
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

impl Downloads for MemoryObjects {
    fn permit_download<'a>(
        &'a self,
        download: &'a Download,
    ) -> BoxFuture<'a, Result<PermittedDownload, ObjectError>> {
        let permitted = <dyn Downloads>::check(download).map(|()| {
            let mut state = self.lock();
            let url = format!("memory:{}?download={}", download.key, state.shared.len());
            state.shared.insert(url.clone(), download.clone());
            PermittedDownload { url }
        });
        Box::pin(ready(permitted))
    }
}

impl State {
    fn begun(&mut self, key: &ObjectKey, upload: &UploadId) -> Result<&mut Begun, ObjectError> {
        self.is_reached(key)?;
        let begun = self.begun.get_mut(upload).filter(|begun| begun.key == *key);
        begun.ok_or_else(|| ObjectError::Unavailable {
            key: key.clone(),
            source: "there is no such upload, any more".into(),
        })
    }

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
