//! Identifiers: each its own type, made fresh by a port or derived so that a retry makes the same ones.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::sortable;
use crate::stored::join;

/// Where fresh identifiers come from; random bits are taken from here too.
pub trait Ids: Send + Sync {
    /// An identifier nobody has: a UUID version 7.
    fn fresh(&self) -> Uuid;
}

/// The machine's random source and clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn fresh(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The identity of a command, event or task; also what its effects name as their cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(Uuid);

/// Proves who holds a lease; only the holder may renew, complete or fail it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnerToken(Uuid);

/// Names one attempt at one transaction, so that sending it twice commits it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientToken(Uuid);

/// Names one kind of failure of one handler: messages that failed in the same way have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(Uuid);

/// Names one replay: one order to send messages once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReplayId(Uuid);

macro_rules! uuid_id {
    ($($name:ident)*) => {$(
        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl $name {
            /// The bare identifier.
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )*};
}
uuid_id!(MessageId OwnerToken ClientToken Fingerprint ReplayId);

impl MessageId {
    /// What the effects of handling it name as their cause: itself, or in a replay's own run an id of the two.
    pub(crate) fn in_scope(self, scope: Option<ReplayId>) -> Self {
        let of = |replay: ReplayId| {
            named([b"replayed".as_slice(), self.0.as_bytes(), replay.0.as_bytes()])
        };
        scope.map_or(self, |replay| Self(of(replay)))
    }
}

/// What makes two messages one and the same to a handler, which then takes effect for one of them.
///
/// A UUID, whatever it is made of: it travels as part of an idempotency key, in a header of 36 characters and the
/// handler's name, and 37 more for a run of a replay's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DedupKey(Uuid);

impl DedupKey {
    /// The message's own id: each message takes effect.
    pub fn of(message: MessageId) -> Self {
        Self(message.0)
    }

    /// A name among those that the handler gives the messages of this tenant: all of one name take effect once.
    ///
    /// No name, no key: `None` where it is empty.
    pub fn named(tenant: &TenantId, name: &str) -> Option<Self> {
        (!name.is_empty()).then(|| Self(derive_dedup(tenant, name)))
    }
}

impl fmt::Display for DedupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whose data it is: 1-128 characters, no control characters. Every key starts with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

/// Who acted: the caller's subject, 1-128 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ActorId(String);

/// Names a chain of causes across every process: 1-128 of `A-Za-z0-9._-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CorrelationId(String);

/// A caller's name for one request, the same on every retry of it: 1-255 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

/// A text that is no identifier of its kind. Permanent: the same text is never accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} has to be 1-{most} {allowed}")]
pub struct InvalidId {
    kind: &'static str,
    most: usize,
    allowed: &'static str,
}

macro_rules! text_id {
    ($($name:ident, $kind:literal, $most:literal $allowed:literal, $accepts:expr;)*) => {$(
        impl $name {
            /// The bare text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                let accepts: fn(char) -> bool = $accepts;
                let length = text.chars().count();
                if (1..=$most).contains(&length) && text.chars().all(accepts) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId { kind: $kind, most: $most, allowed: $allowed })
                }
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
text_id! {
    TenantId, "a tenant", 128 "characters without controls", |c| !c.is_control();
    ActorId, "an actor", 128 "characters without controls", |c| !c.is_control();
    CorrelationId, "a correlation id", 128 "characters of A-Z a-z 0-9 . _ -",
        |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    IdempotencyKey, "an idempotency key", 255 "printable ASCII characters",
        |c| matches!(c, ' '..='~');
}

impl CorrelationId {
    /// The chain that begins with a message.
    pub(crate) fn of(message: MessageId) -> Self {
        Self(message.to_string())
    }

    /// The chain of one run of a schedule: `visit-orders.20261121T093000Z`, one for each tenant.
    pub(crate) fn of_slot(schedule: &str, slot: Timestamp) -> Self {
        let chain = format!("{schedule}.{}", slot.strftime("%Y%m%dT%H%M%SZ"));
        // A schedule's name is kebab-case and short; one that is not still names its chain.
        let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        Self(chain.chars().filter(allowed).take(128).collect())
    }

    /// The chain's key over all tenants: `tenant#correlation-id`, escaped as a [`Partition`](crate::Partition) is.
    pub fn key(&self, tenant: &TenantId) -> String {
        join('#', &[tenant.as_str(), &self.0])
    }
}

/// Every derived id is a UUID version 5 in this name space.
const DERIVED: Uuid = Uuid::from_u128(0x6f1d_9a52_0c7e_4b7b_9a3e_5d24_c1f0_77a1);

/// The id of the `ordinal`-th thing that `handler` makes because of `cause`, in a name space `kind`.
///
/// The same four always give the same id: that is what lets a retry repeat itself exactly.
pub(crate) fn derive(kind: &str, cause: MessageId, handler: &str, ordinal: u32) -> Uuid {
    named([kind.as_bytes(), cause.0.as_bytes(), handler.as_bytes(), &ordinal.to_be_bytes()])
}

/// The group in which messages about one thing of a tenant are handled one after the other: 36 characters, of which a
/// FIFO queue takes 128, and printable whatever the subject is.
pub(crate) fn group(tenant: &TenantId, subject: &str) -> String {
    named([b"group".as_slice(), tenant.0.as_bytes(), subject.as_bytes()]).to_string()
}

/// The group by which the messages of a tenant take turns with those of others, where they have no order. Not the tenant
/// as it is called: that may have characters which a queue does not take, and every group looks alike.
pub(crate) fn turns(tenant: &TenantId) -> String {
    named([b"turns".as_slice(), tenant.0.as_bytes()]).to_string()
}

/// The id of the command that enqueues the tasks of these things of a tenant for a slot.
pub(crate) fn derive_scheduled(
    schedule: &str,
    slot: Timestamp,
    tenant: &TenantId,
    things: &[String],
) -> MessageId {
    let slot = sortable(slot);
    let run = ["scheduled", schedule, &slot, tenant.as_str()];
    named(run.into_iter().chain(things.iter().map(String::as_str)).map(str::as_bytes)).into()
}

/// The id of the task that a key names among those of its type and tenant, whoever enqueues it, and be it in a replay: a key
/// says what is to be done once, and a job that did not ask for it would do it twice.
pub(crate) fn derive_keyed(tenant: &TenantId, r#type: &str, key: &str) -> Uuid {
    named([b"keyed-task".as_slice(), tenant.0.as_bytes(), r#type.as_bytes(), key.as_bytes()])
}

/// The id by which a handler knows all messages of a tenant that it gives one name.
fn derive_dedup(tenant: &TenantId, name: &str) -> Uuid {
    named([b"dedup-key".as_slice(), tenant.0.as_bytes(), name.as_bytes()])
}

/// The UUID version 5 of a list of parts.
pub(crate) fn named<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Uuid {
    let mut name = Vec::with_capacity(64);
    for part in parts {
        // Each part is preceded by its length, so that no two lists of parts spell one name.
        name.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        name.extend_from_slice(part);
    }
    Uuid::new_v5(&DERIVED, &name)
}

/// A derived id that also sorts by time: a UUID version 7 whose random bits are derived.
pub(crate) fn derive_ordered(at: Timestamp, derived: Uuid) -> Uuid {
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
    let mut random = [0; 10];
    random.copy_from_slice(&derived.as_bytes()[..10]);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_id_depends_on_every_part() {
        let cause = MessageId(Uuid::from_u128(1));
        let base = derive("event", cause, "history", 0);

        assert_eq!(base, derive("event", cause, "history", 0));
        assert_ne!(base, derive("task", cause, "history", 0));
        assert_ne!(base, derive("event", MessageId(Uuid::from_u128(2)), "history", 0));
        assert_ne!(base, derive("event", cause, "timelin", 0));
        assert_ne!(base, derive("event", cause, "history", 1));
    }

    #[test]
    fn a_group_depends_on_the_tenant_and_the_subject_and_where_one_ends() {
        let of = |tenant: &str, subject| group(&tenant.parse().unwrap(), subject);

        assert_eq!(of("demo", "orders/1"), of("demo", "orders/1"));
        assert_ne!(of("demo", "orders/1"), of("demo", "orders/2"));
        assert_ne!(of("demo", "orders/1"), of("other", "orders/1"));
        assert_ne!(of("demo", "orders/1"), of("demoorders", "/1"));
    }

    #[test]
    fn ordered_ids_sort_by_their_time() {
        let early = derive_ordered(Timestamp::from_millisecond(1_000).unwrap(), Uuid::max());
        let late = derive_ordered(Timestamp::from_millisecond(1_001).unwrap(), Uuid::nil());

        assert!(early < late);
        assert_eq!(early.get_version_num(), 7);
    }

    #[test]
    fn a_correlation_id_is_1_to_128_plain_characters() {
        assert!("a".repeat(128).parse::<CorrelationId>().is_ok());
        assert!("a".repeat(129).parse::<CorrelationId>().is_err());
        assert!("".parse::<CorrelationId>().is_err());
        assert!("a#b".parse::<CorrelationId>().is_err());
    }

    #[test]
    fn an_idempotency_key_is_1_to_255_printable_ascii_characters() {
        assert!(" ~".parse::<IdempotencyKey>().is_ok());
        assert!("a".repeat(255).parse::<IdempotencyKey>().is_ok());
        assert!("a".repeat(256).parse::<IdempotencyKey>().is_err());
        assert!("".parse::<IdempotencyKey>().is_err());
        assert!("a\tb".parse::<IdempotencyKey>().is_err());
        assert!("a\u{7f}".parse::<IdempotencyKey>().is_err());
        assert!("ä".parse::<IdempotencyKey>().is_err());
    }
}
