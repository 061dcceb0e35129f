//! Events and tasks: what travels, under which name and version.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::envelope::DecodeError;
use crate::stored::StreamId;

/// The payload of an envelope, with its name and version on the wire.
pub trait Message: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Wire name: `order.placed`, a noun and a past participle in snake case; the version is never part of it.
    const TYPE: &'static str;
    /// The version this code writes. Older ones are read through [`upcast`](Self::upcast).
    const VERSION: u32 = 1;

    /// Turns data of version `from` into data of version `from + 1`.
    ///
    /// # Errors
    /// [`DecodeError::NoUpcast`], permanent, unless implemented: shipped versions each need their step.
    fn upcast(from: u32, data: Value) -> Result<Value, DecodeError> {
        let _ = data;
        Err(DecodeError::NoUpcast { r#type: Self::TYPE, from })
    }
}

/// A fact. It is appended once to a stream, at the next version, and never changed.
pub trait Event: Message {
    /// The stream it belongs to: that of the stored thing it happened to.
    fn stream(&self) -> StreamId;
}

/// An order to one job, not journaled: a chunk of an import, a tick of a schedule.
pub trait Task: Message {
    /// What it is about, for people: the envelope's `subject`.
    fn subject(&self) -> String;

    /// What makes two tasks of this type and tenant the same one: the thing and the slot, the import and the chunk.
    ///
    /// The id of a task with a key is derived from tenant, type and key alone. However often and by whomever it is
    /// enqueued, its job runs it once, for as long as the inbox remembers (30 days); one that was parked stays so.
    /// Without a key the id is derived from what enqueued it. A replay that runs what enqueued it `again` enqueues the same
    /// task, which is done, where it has a key, and a new one where it has none.
    fn key(&self) -> Option<String> {
        None
    }
}

/// Message types by name: one, or by a trailing `.*` all that begin so.
///
/// `user.*` has `user.signed_up`, and neither `user` nor `users.counted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Family(&'static str);

impl Family {
    pub(crate) const fn named(name: &'static str) -> Self {
        Self(name)
    }

    pub(crate) fn has(self, r#type: &str) -> bool {
        is_of_family(self.0, r#type)
    }
}

/// Whether a type is the one that is named, or of the family: `user.*` has `user.signed_up`.
pub(crate) fn is_of_family(name: &str, r#type: &str) -> bool {
    match name.strip_suffix('*') {
        Some(beginning) if beginning.ends_with('.') => r#type.starts_with(beginning),
        Some(_) | None => r#type == name,
    }
}

/// A message that has a row in a `reactions!` table; only the macro implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no route",
    label = "give it a row in the `reactions!` table, even an empty one",
    note = "an event without a route could be lost without anybody noticing"
)]
pub trait Routed: Message {}
