//! What a FIFO queue remembers of its messages' deduplication ids.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::queue::Sent;

// The AWS SDKs' service model of SQS, as in botocore 1.43.11, read 2026-11-21. The interval counts
// from the first send, whether or not the message was received or deleted since.
const INTERVAL: Duration = Duration::from_mins(5);

/// A deduplication id and, where ids are separate by group, the group.
pub(crate) type Key = (Option<String>, String);

/// The messages sent in the last five minutes, by deduplication id.
#[derive(Debug, Default)]
pub(crate) struct Deduplication {
    sent: HashMap<Key, Sent>,
    /// Every key of `sent` once, oldest first.
    expiring: VecDeque<(Timestamp, Key)>,
}

impl Deduplication {
    /// What was sent under the key within the interval.
    pub(crate) fn recall(&mut self, key: &Key, now: Timestamp) -> Option<Sent> {
        while self.expiring.front().is_some_and(|(expires_at, _)| *expires_at <= now) {
            if let Some((_, expired)) = self.expiring.pop_front() {
                self.sent.remove(&expired);
            }
        }
        self.sent.get(key).cloned()
    }

    /// Remembers a message whose key was not recalled.
    pub(crate) fn remember(&mut self, key: Key, sent: Sent, now: Timestamp) {
        self.expiring.push_back((now + INTERVAL, key.clone()));
        self.sent.insert(key, sent);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_message_is_remembered_for_five_minutes_and_not_longer() {
        let mut memory = Deduplication::default();
        let (key, start) = ((None, "d".to_owned()), Timestamp::UNIX_EPOCH);
        let sent = Sent { message_id: Uuid::nil(), sequence_number: None };
        memory.remember(key.clone(), sent.clone(), start);

        let just_before = memory.recall(&key, start + Duration::from_secs(299));
        let at_the_end = memory.recall(&key, start + Duration::from_mins(5));

        assert_eq!((just_before, at_the_end), (Some(sent), None));
    }
}
