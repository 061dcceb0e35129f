//! Rates: how many calls all processes together may make to a provider.
//!
//! A rate is a row of slots, one call each, at even distances. Whoever wants to call takes the next ones; what nobody took
//! is kept for half a second ([`SlotsAsked::KEPT`]), and lost then; what was taken may be used for a second
//! ([`SlotsAsked::CREDIT`]). This is a token bucket of half a second's tokens, of which a store has to keep one number.

use std::time::Duration;

use jiff::Timestamp;

use crate::BoxFuture;
use crate::clock::later;
use crate::port::StoreError;

/// Which slots of each provider are taken.
pub trait Rates: Send + Sync {
    /// Takes the next slots, unless they are further ahead than whoever asks would wait. No slot is given out twice.
    ///
    /// Sent again after its answer was lost it takes others, and the first are nobody's: never too many.
    fn take<'a>(&'a self, asked: &'a SlotsAsked<'a>) -> BoxFuture<'a, Result<Slots, StoreError>>;
}

/// A request for slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotsAsked<'a> {
    /// Whose rate.
    pub provider: &'a str,
    /// How far apart two slots are, in whole microseconds.
    pub every: Duration,
    /// How many.
    pub count: u32,
    /// When they are asked for.
    pub now: Timestamp,
    /// How long whoever asks would wait for the first.
    pub patience: Duration,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slots {
    /// They are the caller's, each from its time on for [`SlotsAsked::CREDIT`].
    Taken {
        /// The time of the first; the others follow it at their distance.
        first: Timestamp,
    },
    /// They are too far ahead: nothing was taken.
    Later {
        /// When the next would be.
        at: Timestamp,
    },
    /// So many ask that the store answers no more of them: nothing was taken. No error: whoever made calls without an
    /// answer would be without a limit just when there are too many.
    Busy,
}

impl SlotsAsked<'_> {
    /// For how long a slot may be used after its time. So in any span of time there are no more calls than slots in that
    /// span and this.
    pub const CREDIT: Duration = Duration::from_secs(1);
    /// For how long a slot that nobody took is kept. Less than it may be used: it would else be lost on its way to whoever
    /// takes it, and where nobody else takes any, so would every other.
    pub const KEPT: Duration = Duration::from_millis(500);

    /// The earliest slot that may still be taken.
    pub fn earliest(&self) -> Timestamp {
        self.now.saturating_sub(Self::KEPT).unwrap_or(Timestamp::MIN)
    }

    /// The latest that whoever asks would wait for.
    pub fn latest(&self) -> Timestamp {
        later(self.now, self.patience)
    }

    /// The end of as many slots from `first` on.
    pub fn end(&self, first: Timestamp) -> Timestamp {
        later(first, self.every * self.count)
    }
}
