//! Test support: events as they were shipped are read for ever.

use postroom::{Message, RawEnvelope};

/// Reads a shipped fixture as `M`; one of the newest version is also written as it was read.
pub(crate) fn reads<M: Message>(fixture: &str) {
    let shipped = RawEnvelope::parse(fixture).unwrap();

    let event = shipped.decode::<M>().unwrap();

    if shipped.data_version == M::VERSION {
        assert_eq!(serde_json::to_value(&event.data).unwrap(), shipped.data);
    }
}
