//! Payloads: what is too large to travel in its envelope.

use bytes::Bytes;

use crate::BoxFuture;
use crate::object::ObjectKey;
use crate::port::ObjectError;

/// Keeps payloads that are too large to travel, as objects of one bucket. [`ClaimChecks`](crate::ClaimChecks) says how.
///
/// What was put is there for whoever reads it later, whole, until the bucket's own rules remove it. Nobody else does: there is no
/// operation for it.
pub trait Payloads: Send + Sync {
    /// Puts a payload, in the place of what was there; twice is harmless.
    ///
    /// # Errors
    /// Whether it was put is then not known; see [`ObjectError`] for what passes.
    fn put_payload<'a>(
        &'a self,
        key: &'a ObjectKey,
        body: Bytes,
    ) -> BoxFuture<'a, Result<(), ObjectError>>;

    /// Reads a payload from its beginning on, at most so many bytes of it.
    ///
    /// # Errors
    /// [`ObjectError::Missing`], where whoever asks may be told so; see there for the others.
    fn get_payload<'a>(
        &'a self,
        key: &'a ObjectKey,
        at_most: u64,
    ) -> BoxFuture<'a, Result<Bytes, ObjectError>>;
}
