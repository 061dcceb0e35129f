//! Claim checks: a payload that is too large to travel lies in a bucket, and its envelope says where.
//!
//! ```json
//! {"specversion":"1.0",…,"datacontenttype":"application/json",
//!  "dataref":"s3://shop-objects/claims/5c7d…/9f86…","datasha256":"9f86…","datasize":300000,"correlationid":"req-1",…}
//! ```
//! Such an envelope has no `data`. Everything else is as in any other, so that routing, order, duplicates, dead letters and
//! chains need no object. What lies there is the JSON of `data`, at most 5 MiB of it; the object's key is `claims/`, a UUID
//! made of the tenant, and the SHA-256 of what it holds, in small hexadecimal digits.
//!
//! An object is put before the transaction that names it, so what is committed names something that is there. It is never
//! deleted by whoever reads it: the same content has one object, and a message may come again. A rule of the bucket removes it.

use std::fmt;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{TryStreamExt, iter};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::envelope::RawEnvelope;
use crate::id::{TenantId, named};
use crate::object::ObjectKey;
use crate::port::{ObjectError, Payloads};
use crate::verdict::{Classify, Verdict};

/// How many payloads of a transaction are put at once.
const PUTS: usize = 4;

/// What an envelope says of a payload that does not travel in it. Nothing of it has been checked.
///
/// `dataref` is CloudEvents' own: <https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/dataref.md>, from
/// memory 2026-11-22. The two others are ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) reference: String,
    pub(crate) sha256: Option<String>,
    pub(crate) size_bytes: Option<u64>,
}

/// A payload that has to be put before its envelope is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payload {
    key: ObjectKey,
    body: Bytes,
}

/// Where payloads lie that are too large to travel: in one bucket, and in no other whatever an envelope says.
///
/// ```
/// # use std::sync::Arc;
/// # use postroom::memory::MemoryObjects;
/// # use postroom::{ClaimChecks, Ports, Reactions, Runtime};
/// # fn example(ports: Ports, reactions: Reactions) -> Runtime {
/// let claims = ClaimChecks::new("shop-objects".to_owned(), Arc::new(MemoryObjects::default()));
/// // Whoever sends needs it, and whoever is sent to.
/// Runtime::new(ports, reactions).with_claims(claims)
/// # }
/// ```
#[derive(Clone)]
pub struct ClaimChecks {
    bucket: String,
    payloads: Arc<dyn Payloads>,
}

/// Why a payload that lies in a bucket was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClaimError {
    /// Whoever runs here was given no bucket. Permanent until the deployment is mended.
    #[error("its payload is {reference}, and nothing is read from buckets here")]
    NoBucket { reference: String },
    /// The envelope does not say all of it. Permanent. Nobody asked the bucket.
    #[error("it has a `dataref`, and beside it no {missing}")]
    Incomplete { missing: &'static str },
    /// It is not where this system puts this tenant's payload of this digest. Permanent. Nobody asked the bucket.
    #[error("its `dataref` is `{found}`, where only `{expected}` may be read")]
    Elsewhere { found: String, expected: String },
    /// Larger than whatever was put. Permanent. Nobody asked the bucket.
    #[error("its `datasize` is {bytes}, where {limit} are read")]
    TooLarge { bytes: u64, limit: usize },
    /// The bucket has removed it. Permanent.
    #[error("its payload is there no more: the bucket has removed it")]
    Removed {
        #[source]
        source: ObjectError,
    },
    /// It could not be read; the bucket knows whether that passes.
    #[error("its payload could not be read")]
    Read {
        #[source]
        source: ObjectError,
    },
    /// Something else lies there. Permanent.
    #[error("its payload has not the `datasize` of {expected} bytes")]
    OtherSize { expected: u64 },
    /// Something else lies there. Permanent.
    #[error("its payload has not the `datasha256` {expected}")]
    OtherDigest { expected: String },
    /// What lies there is what was put, and no JSON. Permanent.
    #[error("its payload is not JSON")]
    NotJson {
        #[source]
        source: serde_json::Error,
    },
}

impl Classify for ClaimError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Read { source } => source.verdict(),
            Self::NoBucket { .. }
            | Self::Incomplete { .. }
            | Self::Elsewhere { .. }
            | Self::TooLarge { .. }
            | Self::Removed { .. }
            | Self::OtherSize { .. }
            | Self::OtherDigest { .. }
            | Self::NotJson { .. } => Verdict::Permanent,
        }
    }
}

impl ClaimChecks {
    /// Below which all payloads lie: what rights and the rule that removes them name.
    pub const PREFIX: &'static str = "claims/";
    /// The most bytes of a payload.
    pub const MAX_BYTES: usize = 5 * 1024 * 1024;
    /// The most bytes of all payloads of one transaction: they are held until it is committed.
    pub const MAX_BYTES_AT_ONCE: usize = 4 * Self::MAX_BYTES;
    /// How much later a message may be due whose payload lies in a bucket. It would be removed before a later one came.
    pub const MAX_DELAY: Duration = Duration::from_hours(30 * 24);
    /// How long an operator has, at least, to redrive what a queue or a worker gave up.
    pub const FOR_OPERATORS: Duration = Duration::from_hours(30 * 24);

    /// Payloads in this bucket.
    pub fn new(bucket: String, payloads: Arc<dyn Payloads>) -> Self {
        Self { bucket, payloads }
    }

    /// What an envelope says of a payload of this tenant, and what has to be put for it.
    pub(crate) fn check_in(&self, tenant: &TenantId, body: String) -> (Claim, Payload) {
        let sha256 = hex(&Sha256::digest(&body));
        let key = key_of(tenant, &sha256);
        let reference = self.reference(&key);
        let size_bytes = Some(u64::try_from(body.len()).unwrap_or(u64::MAX));
        let payload = Payload { key, body: body.into() };
        (Claim { reference, sha256: Some(sha256), size_bytes }, payload)
    }

    /// Puts payloads, so that what is then committed names something that is there.
    pub(crate) async fn put(&self, payloads: &[Payload]) -> Result<(), ObjectError> {
        let puts = payloads.iter().map(|payload| {
            let Payload { key, body } = payload;
            Ok(self.payloads.put_payload(key, body.clone()))
        });
        iter(puts).try_for_each_concurrent(PUTS, |put| put).await
    }

    /// The payload of a claim of this tenant, as it was put.
    pub(crate) async fn fetch(
        &self,
        tenant: &TenantId,
        claim: &Claim,
    ) -> Result<Value, ClaimError> {
        let (key, expected, bytes) = self.checked(tenant, claim)?;
        // One byte more would show that it is another.
        let read = self.payloads.get_payload(&key, bytes.saturating_add(1)).await;
        let body = read.map_err(|source| match source {
            ObjectError::Missing { .. } => ClaimError::Removed { source },
            source => ClaimError::Read { source },
        })?;
        if u64::try_from(body.len()).ok() != Some(bytes) {
            return Err(ClaimError::OtherSize { expected: bytes });
        }
        if hex(&Sha256::digest(&body)) != expected {
            return Err(ClaimError::OtherDigest { expected: expected.to_owned() });
        }
        serde_json::from_slice(&body).map_err(|source| ClaimError::NotJson { source })
    }

    /// Where to read, the digest of it and its size. There is one place for a tenant's payload of a digest, so nothing of a
    /// reference has to be understood: another bucket, another tenant and `..` are other places.
    fn checked<'a>(
        &self,
        tenant: &TenantId,
        claim: &'a Claim,
    ) -> Result<(ObjectKey, &'a str, u64), ClaimError> {
        let Some(sha256) = claim.sha256.as_deref().filter(|digest| is_digest(digest)) else {
            return Err(ClaimError::Incomplete {
                missing: "`datasha256` of 64 small hexadecimal digits",
            });
        };
        let Some(bytes) = claim.size_bytes else {
            return Err(ClaimError::Incomplete { missing: "`datasize`" });
        };
        let key = key_of(tenant, sha256);
        let expected = self.reference(&key);
        if claim.reference != expected {
            let found = claim.reference.clone();
            return Err(ClaimError::Elsewhere { found, expected });
        }
        if usize::try_from(bytes).map_or(true, |bytes| bytes > Self::MAX_BYTES) {
            return Err(ClaimError::TooLarge { bytes, limit: Self::MAX_BYTES });
        }
        Ok((key, sha256, bytes))
    }

    fn reference(&self, key: &ObjectKey) -> String {
        format!("s3://{}/{key}", self.bucket)
    }
}

impl RawEnvelope {
    /// The same without its payload, and with where that is.
    pub(crate) fn claimed(&self, claim: Claim) -> Self {
        Self { claim: Some(claim), ..self.with(Value::Null) }
    }

    /// The same with its payload, as if that had travelled along.
    pub(crate) fn fetched(&self, data: Value) -> Self {
        Self { claim: None, ..self.with(data) }
    }

    /// Where its payload lies, if that does not travel in it, and how many bytes it says it has.
    pub fn payload_elsewhere(&self) -> Option<(&str, u64)> {
        let claim = self.claim.as_ref()?;
        Some((&claim.reference, claim.size_bytes.unwrap_or_default()))
    }
}

impl fmt::Debug for ClaimChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimChecks").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

/// Where the payload of this digest lies. Not under the tenant as it is called: a key takes no control characters, and a
/// tenant's name may be longer than its part of one.
#[expect(clippy::expect_used, reason = "a UUID and hexadecimal digits are segments of a key")]
fn key_of(tenant: &TenantId, sha256: &str) -> ObjectKey {
    let tenant = named([b"claims".as_slice(), tenant.as_str().as_bytes()]);
    let key = format!("{}{tenant}/{sha256}", ClaimChecks::PREFIX);
    key.parse().expect("a UUID and hexadecimal digits")
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Bytes in small hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        // Writing to a text never fails.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
