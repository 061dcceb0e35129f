//! An object that is put while it is being made, and never held whole.

use std::fmt;
use std::mem;

use bytes::Bytes;
use tracing::info;

use crate::object::{ETag, ObjectKey};
use crate::port::{ObjectError, Objects, UploadId};
use crate::verdict::reason_of;

/// Puts an object as it is written. It holds one part of it, of 5 MiB.
///
/// Nobody meets anything of the object before [`finish`](Self::finish), and then all of it. What fits into one part is put
/// at once. A writer that is dropped, or whose process ends, leaves parts that the bucket has to remove in time;
/// [`abort`](Self::abort) removes them now, and so does a call that fails.
///
/// ```
/// # use postroom::ObjectWriter;
/// # use postroom::memory::MemoryObjects;
/// # use postroom::port::{ObjectError, Objects};
/// # async fn example() -> Result<(), ObjectError> {
/// let objects = MemoryObjects::default();
/// let key = "reports/1.csv".parse().unwrap();
///
/// let mut writer = ObjectWriter::new(&objects, &key, "text/csv");
/// writer.write(b"a,b\n").await?;
/// writer.write(b"1,2\n").await?;
/// let etag = writer.finish().await?;
///
/// assert_eq!(objects.read_range(&key, &etag, 0..100).await?, "a,b\n1,2\n");
/// # Ok(())
/// # }
/// ```
pub struct ObjectWriter<'a> {
    objects: &'a dyn Objects,
    key: &'a ObjectKey,
    content_type: &'a str,
    /// What was written and not sent yet: at most a part.
    waiting: Vec<u8>,
    begun: Option<Begun>,
    written_bytes: u64,
}

struct Begun {
    upload: UploadId,
    parts: Vec<ETag>,
}

impl<'a> ObjectWriter<'a> {
    /// Writes an object to this place. Nothing is called yet.
    pub fn new(objects: &'a dyn Objects, key: &'a ObjectKey, content_type: &'a str) -> Self {
        let waiting = Vec::new();
        Self { objects, key, content_type, waiting, begun: None, written_bytes: 0 }
    }

    /// How many bytes were written.
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// Writes what comes next.
    ///
    /// # Errors
    /// A part was not put; see [`ObjectError`]. [`ObjectError::Refused`]: they are too many, behind 48 GiB. Nothing is left of
    /// the object then, and what is written again is another.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), ObjectError> {
        while !bytes.is_empty() {
            // Only when there is more: what ends with its first part is put at once.
            if self.waiting.len() == <dyn Objects>::PART_BYTES
                && let Err(error) = self.send().await
            {
                self.clear().await;
                return Err(error);
            }
            let room = <dyn Objects>::PART_BYTES - self.waiting.len();
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.waiting.extend_from_slice(now);
            self.written_bytes += now.len() as u64;
            bytes = later;
        }
        Ok(())
    }

    /// Puts what was written, in the place of what was there.
    ///
    /// # Errors
    /// Whether it was put is then not known; see [`ObjectError`].
    pub async fn finish(mut self) -> Result<ETag, ObjectError> {
        let put = self.put().await;
        if put.is_err() {
            self.clear().await;
        }
        put
    }

    /// Leaves nothing of what was written, and what was there as it was.
    pub async fn abort(mut self) {
        self.clear().await;
    }

    async fn put(&mut self) -> Result<ETag, ObjectError> {
        if self.begun.is_none() {
            let body = Bytes::from(mem::take(&mut self.waiting));
            return self.objects.put(self.key, self.content_type, body).await;
        }
        self.send().await?;
        let Begun { upload, parts } = self.begun().await?;
        let (upload, parts) = (upload.clone(), parts.clone());
        self.objects.complete(self.key, &upload, &parts).await
    }

    /// Sends what waits, as the next part. Begins the upload with the first.
    async fn send(&mut self) -> Result<(), ObjectError> {
        let (objects, key) = (self.objects, self.key);
        let body = Bytes::from(mem::take(&mut self.waiting));
        let Begun { upload, parts } = self.begun().await?;
        let number = u16::try_from(parts.len() + 1).unwrap_or(u16::MAX);
        if number > <dyn Objects>::MOST_PARTS {
            let source = format!("more than {} parts", <dyn Objects>::MOST_PARTS).into();
            return Err(ObjectError::Refused { key: key.clone(), source });
        }
        parts.push(objects.put_part(key, upload, number, body).await?);
        Ok(())
    }

    async fn begun(&mut self) -> Result<&mut Begun, ObjectError> {
        let begun = if let Some(begun) = self.begun.take() {
            begun
        } else {
            let upload = self.objects.begin(self.key, self.content_type).await?;
            Begun { upload, parts: Vec::new() }
        };
        Ok(self.begun.insert(begun))
    }

    async fn clear(&mut self) {
        self.waiting = Vec::new();
        let Some(Begun { upload, .. }) = self.begun.take() else { return };
        if let Err(error) = self.objects.abort(self.key, &upload).await {
            // The failure that led here is what counts; the bucket removes the parts in time.
            info!("parts of {} are left to their bucket: {}", self.key, reason_of(&error));
        }
    }
}

impl fmt::Debug for ObjectWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectWriter").field("key", &self.key).finish_non_exhaustive()
    }
}
