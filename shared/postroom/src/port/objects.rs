//! Objects: files too large for an item or a message, read in pieces.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use crate::BoxFuture;
use crate::object::{ETag, ObjectKey};
use crate::verdict::{Classify, Verdict};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Reads and puts the objects of one bucket.
///
/// What was put is there for whoever reads it later, whole: nobody meets a part of an object, or of two. A read names
/// the `ETag` of what it wants, so that many reads of one object are of the same content.
pub trait Objects: Send + Sync {
    /// Begins to read what an object holds, from a byte on to its end; nothing comes from behind its end.
    ///
    /// # Errors
    /// Of the beginning; each piece may fail too. See [`ObjectError`] for what passes.
    fn read<'a>(
        &'a self,
        key: &'a ObjectKey,
        etag: &'a ETag,
        from: u64,
    ) -> BoxFuture<'a, Result<Pieces, ObjectError>>;

    /// Some bytes of an object, at most `<dyn Objects>::RANGE_BYTES`; what would lie behind its end is left out.
    ///
    /// # Errors
    /// [`ObjectError::Refused`] for a longer range; see there for the others.
    fn read_range<'a>(
        &'a self,
        key: &'a ObjectKey,
        etag: &'a ETag,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, ObjectError>>;

    /// Puts an object, in the place of what was there; twice is harmless.
    ///
    /// # Errors
    /// Whether it was put is then not known; see [`ObjectError`].
    fn put<'a>(
        &'a self,
        key: &'a ObjectKey,
        content_type: &'a str,
        body: Bytes,
    ) -> BoxFuture<'a, Result<ETag, ObjectError>>;

    /// Begins to put an object in parts, as [`ObjectWriter`](crate::ObjectWriter) does. Until it is completed nobody sees
    /// anything of it. What is neither completed nor aborted has to be removed by the bucket itself, in time.
    ///
    /// # Errors
    /// See [`ObjectError`].
    fn begin<'a>(
        &'a self,
        key: &'a ObjectKey,
        content_type: &'a str,
    ) -> BoxFuture<'a, Result<UploadId, ObjectError>>;

    /// Puts one part, in the place of what had its number. Numbers begin with 1.
    ///
    /// # Errors
    /// See [`ObjectError`].
    fn put_part<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
        number: u16,
        body: Bytes,
    ) -> BoxFuture<'a, Result<ETag, ObjectError>>;

    /// Makes an object of all parts, in their order from number 1 on and in the place of what was there: whole and at once.
    /// Each but the last has at least `<dyn Objects>::PART_BYTES`.
    ///
    /// # Errors
    /// Whether it was put is then not known; see [`ObjectError`]. What is put in parts is put once: an upload that was
    /// completed or aborted before is [`ObjectError::Unavailable`], and whoever wants the object begins another.
    fn complete<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
        parts: &'a [ETag],
    ) -> BoxFuture<'a, Result<ETag, ObjectError>>;

    /// Forgets an upload and its parts; one that is not there any more is none.
    ///
    /// # Errors
    /// See [`ObjectError`].
    fn abort<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
    ) -> BoxFuture<'a, Result<(), ObjectError>>;
}

/// Names an upload in parts; opaque.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UploadId(String);

impl UploadId {
    /// As whoever keeps the parts calls it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The bare text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl dyn Objects {
    /// The most bytes that are read at once.
    pub const RANGE_BYTES: u64 = 1024 * 1024;
    /// The least bytes of each part but the last.
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>, from memory 2026-11-22.
    pub const PART_BYTES: usize = 5 * 1024 * 1024;
    /// The most parts of an object; as above.
    pub const MOST_PARTS: u16 = 10_000;

    /// Whether a range may be asked for; adapters ask before anything else.
    ///
    /// # Errors
    /// [`ObjectError::Refused`]: it is too long.
    pub fn check(key: &ObjectKey, range: &Range<u64>) -> Result<(), ObjectError> {
        let bytes = range.end.saturating_sub(range.start);
        if bytes <= Self::RANGE_BYTES {
            return Ok(());
        }
        let source = format!("{bytes} bytes at once, of at most {}", Self::RANGE_BYTES).into();
        Err(ObjectError::Refused { key: key.clone(), source })
    }
}

/// What an object holds, from somewhere on, as it arrives.
pub struct Pieces {
    arriving: Pin<Box<dyn Stream<Item = Result<Bytes, ObjectError>> + Send>>,
    /// The end of a larger piece.
    rest: Bytes,
}

impl Pieces {
    /// The most bytes of one piece.
    pub const MOST_BYTES: usize = 64 * 1024;

    /// Pieces out of what arrives in parts of any size.
    pub fn new(arriving: impl Stream<Item = Result<Bytes, ObjectError>> + Send + 'static) -> Self {
        Self { arriving: Box::pin(arriving), rest: Bytes::new() }
    }

    /// The next bytes, at least one; `None` behind the last.
    ///
    /// # Errors
    /// The rest does not arrive. Reading may begin again where the last piece ended.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ObjectError> {
        while self.rest.is_empty() {
            match self.arriving.next().await {
                Some(part) => self.rest = part?,
                None => return Ok(None),
            }
        }
        Ok(Some(self.rest.split_to(self.rest.len().min(Self::MOST_BYTES))))
    }
}

/// Why an object was not read or put.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// It is not there. Permanent: an object that was put is seen by all who then look.
    #[error("there is no object {key}")]
    Missing { key: ObjectKey },
    /// It holds something else than was asked for. Permanent: what it held is gone.
    #[error("object {key} holds something else by now")]
    Changed { key: ObjectKey },
    /// Throttled, timed out, unreachable, or ended in the middle. Retryable.
    #[error("object {key} cannot be reached now")]
    Unavailable {
        key: ObjectKey,
        #[source]
        source: Source,
    },
    /// No such bucket, no right, a request that makes no sense. Permanent until the deployment is mended.
    #[error("the request for object {key} is refused")]
    Refused {
        key: ObjectKey,
        #[source]
        source: Source,
    },
}

impl Classify for ObjectError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Unavailable { .. } => Verdict::RETRY,
            Self::Missing { .. } | Self::Changed { .. } | Self::Refused { .. } => {
                Verdict::Permanent
            }
        }
    }
}

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pieces").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::iter;

    use super::*;

    #[tokio::test]
    async fn pieces_are_neither_empty_nor_larger_than_said() {
        let parts = [0, 1, Pieces::MOST_BYTES, 0, Pieces::MOST_BYTES + 1];
        let mut pieces = Pieces::new(iter(parts.map(|length| Ok(Bytes::from(vec![7; length])))));

        let mut lengths = Vec::new();
        while let Some(piece) = pieces.next().await.unwrap() {
            lengths.push(piece.len());
        }

        assert_eq!(lengths, [1, Pieces::MOST_BYTES, Pieces::MOST_BYTES, 1]);
    }
}
