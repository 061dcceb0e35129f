//! Records of a table's stream: each says that something was appended, and where.

use crate::envelope::{DecodeError, RawEnvelope};
use crate::id::TenantId;
use crate::stored::StreamId;

/// One record of the journal's stream, as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    /// Its place in its shard: what is reported back.
    pub sequence_number: String,
    /// As it came.
    pub body: String,
    /// What it tells, or why it tells nothing.
    pub wake_up: Result<WakeUp, DecodeError>,
}

/// The news that a stream has an event of a version. What it says is read from the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeUp {
    pub(crate) tenant_id: TenantId,
    pub(crate) stream: StreamId,
    pub(crate) version: u64,
}

impl WakeUp {
    /// By the key of a journal record: `demo#orders/0192…`, as [`StreamId::key`] spells it, and its version.
    ///
    /// # Errors
    /// [`DecodeError::Envelope`]: no event has that key.
    pub fn of_key(stream: &str, version: &str) -> Result<Self, DecodeError> {
        let no_event = |path: &str, found: &str| {
            let (path, message) =
                (path.to_owned(), format!("`{found}` is no part of an event's key"));
            DecodeError::Envelope { path, message }
        };
        let (tenant_id, name) =
            StreamId::of_key(stream).ok_or_else(|| no_event("stream", stream))?;
        let number = version.parse().ok().filter(|number| *number > 0);
        let version = number.ok_or_else(|| no_event("version", version))?;
        Ok(Self { tenant_id, stream: name, version })
    }

    /// By the event itself, as a queue brings it back.
    ///
    /// # Errors
    /// [`DecodeError`]: it is no envelope, or one of no event.
    pub fn of_body(body: &str) -> Result<Self, DecodeError> {
        let event = RawEnvelope::parse(body)?;
        Self::of_event(&event).ok_or_else(|| {
            let (path, message) = ("streamversion".to_owned(), "this is no event of a stream");
            DecodeError::Envelope { path, message: message.to_owned() }
        })
    }

    pub(crate) fn of_event(event: &RawEnvelope) -> Option<Self> {
        let stream = StreamId::from_stored(event.subject.clone());
        Some(Self { tenant_id: event.tenant_id.clone(), stream, version: event.stream_version? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_an_event_tells_its_tenant_stream_and_version() {
        let wake_up = WakeUp::of_key("acme%231#orders/7", "12").unwrap();

        assert_eq!(wake_up.tenant_id.as_str(), "acme#1");
        assert_eq!((wake_up.stream.as_str(), wake_up.version), ("orders/7", 12));
        assert_eq!(wake_up.stream.key(&wake_up.tenant_id), "acme%231#orders/7");
    }

    #[test]
    fn what_is_no_key_of_an_event_is_named() {
        for (stream, version, path) in [
            ("orders/7", "1", "stream"),
            ("demo#orders#7", "1", "stream"),
            ("#orders/7", "1", "stream"),
            ("demo#orders/7", "0", "version"),
            ("demo#orders/7", "1.5", "version"),
            ("demo#orders/7", "-1", "version"),
        ] {
            let Err(DecodeError::Envelope { path: named, .. }) = WakeUp::of_key(stream, version)
            else {
                panic!("{stream} {version} is taken for a key")
            };
            assert_eq!(named, path, "{stream} {version}");
        }
    }
}
