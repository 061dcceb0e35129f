//! Event-sourced aggregates: things whose truth is their stream in the journal, and nothing else.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::envelope::{DecodeError, RawEnvelope};
use crate::stored::StreamId;

/// A thing that is what its events have made of it.
///
/// Nothing of it is stored but its events, and now and then a snapshot, which may be deleted at any time. A handler
/// [loads](crate::Tx::aggregate) it, decides, and emits. The fold cannot fail: what may happen was decided before it did.
///
/// ```
/// use postroom::{Aggregate, Event, Message, StreamId, events};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct JarFilled { jar: String, sweets: u32 }
/// # impl Message for JarFilled { const TYPE: &'static str = "jar.filled"; }
/// # impl Event for JarFilled { fn stream(&self) -> StreamId { Jar::stream(&self.jar) } }
/// #[derive(Clone, Serialize, Deserialize)]
/// struct SweetTaken { jar: String }
/// # impl Message for SweetTaken { const TYPE: &'static str = "sweet.taken"; }
/// # impl Event for SweetTaken { fn stream(&self) -> StreamId { Jar::stream(&self.jar) } }
///
/// events! {
///     /// What can happen to a jar.
///     pub enum JarEvent { JarFilled, SweetTaken }
/// }
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Jar { sweets: u32 }
///
/// impl Aggregate for Jar {
///     const STREAM: &'static str = "jars";
///     const SNAPSHOT: u32 = 1;
///     type Event = JarEvent;
///
///     fn begin(first: &JarEvent) -> Option<Self> {
///         match first {
///             JarEvent::JarFilled(filled) => Some(Self { sweets: filled.sweets }),
///             JarEvent::SweetTaken(_) => None,
///         }
///     }
///
///     fn apply(&mut self, next: &JarEvent) {
///         match next {
///             JarEvent::JarFilled(filled) => self.sweets += filled.sweets,
///             JarEvent::SweetTaken(_) => self.sweets -= 1,
///         }
///     }
/// }
/// ```
pub trait Aggregate: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What its streams are called, kebab-case plural: `accounts`. No [`Stored`](crate::Stored) has this collection.
    const STREAM: &'static str;
    /// Which shape its state has in a snapshot. Count it up when you change that, or the fold: what snapshots of another
    /// shape say is then folded anew.
    const SNAPSHOT: u32;
    /// All that can happen to it, as [`events!`](crate::events) writes it.
    type Event: EventSet;

    /// What the first event of a stream makes; `None`: no stream of this kind begins so.
    fn begin(first: &Self::Event) -> Option<Self>;

    /// What becomes of it by the next event.
    fn apply(&mut self, next: &Self::Event);

    /// The stream of the one with this id.
    fn stream(id: impl fmt::Display) -> StreamId {
        StreamId::of(Self::STREAM, None, &id.to_string())
    }
}

/// An aggregate as its events have made it so far, what is staged included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded<A> {
    /// The version of its last event, from 1.
    pub version: u64,
    /// What it is.
    pub state: A,
}

/// The events of one kind of stream, each of its own type.
pub trait EventSet: Sized + Send + Sync + 'static {
    /// Their wire names.
    const TYPES: &'static [&'static str];

    /// Reads one as it was written, through the upcasts of older versions.
    ///
    /// # Errors
    /// A type that is not among them, a newer version, a missing upcast or another shape; all permanent.
    fn read(envelope: &RawEnvelope) -> Result<Self, DecodeError>;
}

/// Any event: for a [`Projection`](crate::Projection) to which an envelope says enough, whatever is in it.
impl EventSet for () {
    /// None is named. An aggregate takes only what is.
    const TYPES: &'static [&'static str] = &[];

    fn read(_envelope: &RawEnvelope) -> Result<Self, DecodeError> {
        Ok(())
    }
}

/// Writes the enum of all that can happen to an [`Aggregate`]: one variant for each event, called as it is.
///
/// A single event converts into it, so that tests can fold what they like. See [`Aggregate`] for an example.
#[macro_export]
macro_rules! events {
    ($(#[$meta:meta])* $vis:vis enum $Name:ident { $($(#[$of:meta])* $Event:ident),+ $(,)? }) => {
        $(#[$meta])*
        $vis enum $Name {
            $($(#[$of])* $Event($Event),)+
        }

        impl $crate::EventSet for $Name {
            const TYPES: &'static [&'static str] = &[$(<$Event as $crate::Message>::TYPE),+];

            fn read(envelope: &$crate::RawEnvelope) -> Result<Self, $crate::DecodeError> {
                match envelope.r#type.as_str() {
                    $(<$Event as $crate::Message>::TYPE => {
                        envelope.decode::<$Event>().map(|event| Self::$Event(event.data))
                    })+
                    _ => Err($crate::DecodeError::UnknownType { found: envelope.r#type.clone() }),
                }
            }
        }

        $(impl From<$Event> for $Name {
            fn from(event: $Event) -> Self {
                Self::$Event(event)
            }
        })+
    };
}
