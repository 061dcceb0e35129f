//! Which letters are meant.

use jiff::Timestamp;

use crate::id::Fingerprint;
use crate::port::LetterHead;
use crate::sortable;

/// Which open letters: those that meet all of it. Nothing asked for is all of them.
///
/// The time is a key and reads nothing else; the rest is looked at while reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// Of this queue.
    pub queue: Option<String>,
    /// Failed by this handler.
    pub handler: Option<String>,
    /// Of this message type.
    pub r#type: Option<String>,
    /// Failed in this way.
    pub fingerprint: Option<Fingerprint>,
    /// Last failed at this time or later.
    pub from: Option<Timestamp>,
    /// Last failed before this time.
    pub before: Option<Timestamp>,
}

impl LetterFilter {
    /// Whether it means this letter.
    pub fn means(&self, letter: &LetterHead) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| match wanted {
            None => true,
            Some(wanted) => found == Some(wanted),
        };
        is(&self.queue, Some(&letter.queue))
            && is(&self.handler, letter.handler.as_deref())
            && is(&self.r#type, letter.r#type.as_deref())
            && self.fingerprint.is_none_or(|wanted| wanted == letter.fingerprint)
            && self.from.is_none_or(|from| letter.last_failed_at >= from)
            && self.before.is_none_or(|before| letter.last_failed_at < before)
    }

    /// Where to begin reading, the newest first: before a position, or before what is too new.
    pub(super) fn begin(&self, cursor: Option<String>) -> Option<String> {
        // A time is the beginning of all positions of that time, and sorts before them.
        let newest = self.before.map(sortable);
        match (cursor, newest) {
            (Some(cursor), Some(newest)) => Some(cursor.min(newest)),
            (cursor, newest) => cursor.or(newest),
        }
    }

    /// Whether everything from this letter on is too old.
    pub(super) fn ends_at(&self, letter: &LetterHead) -> bool {
        self.from.is_some_and(|from| letter.last_failed_at < from)
    }
}
