//! The slots of a rate that this process has taken and not yet used: decisions, without any I/O.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::port::SlotsAsked;

/// How many calls all processes together may make to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    /// How far apart two slots are, in whole microseconds: rounded up, so that there are rather less.
    pub(super) every: Duration,
    /// How many are taken at once: those of a tenth of a second, or one. So all processes together write about ten
    /// times a second however high the rate is.
    pub(super) lot: u32,
}

impl Rate {
    pub(super) fn of(per_second: NonZeroU32) -> Self {
        let every = Duration::from_micros(1_000_000_u64.div_ceil(u64::from(per_second.get())));
        Self { every, lot: (per_second.get() / 10).max(1) }
    }
}

/// Slots that are this process's.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lot {
    next: Timestamp,
    left: u32,
}

impl Lot {
    /// A lot just taken.
    pub(super) fn taken(first: Timestamp, rate: Rate) -> Self {
        Self { next: first, left: rate.lot }
    }

    /// The next slot that may still be used. Those that were left too long are lost.
    pub(super) fn peek(&mut self, rate: Rate, now: Timestamp) -> Option<Timestamp> {
        let earliest = now.saturating_sub(SlotsAsked::CREDIT).unwrap_or(Timestamp::MIN);
        while self.left > 0 && self.next < earliest {
            self.drop_next(rate);
        }
        (self.left > 0).then_some(self.next)
    }

    /// The same, and it is used.
    pub(super) fn take(&mut self, rate: Rate, now: Timestamp) -> Option<Timestamp> {
        let slot = self.peek(rate, now)?;
        self.drop_next(rate);
        Some(slot)
    }

    fn drop_next(&mut self, rate: Rate) {
        (self.next, self.left) = (later(self.next, rate.every), self.left - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32) -> Rate {
        Rate::of(NonZeroU32::new(per_second).unwrap())
    }

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_253_400_000 + milliseconds).unwrap()
    }

    #[test]
    fn slots_are_rather_too_far_apart_and_taken_by_the_tenth_of_a_second() {
        for (per_second, every_us, lot) in [
            (1, 1_000_000, 1),
            (3, 333_334, 1),
            (10, 100_000, 1),
            (19, 52_632, 1),
            (250, 4_000, 25),
        ] {
            let every = Duration::from_micros(every_us);
            assert_eq!(rate(per_second), Rate { every, lot }, "{per_second}");
        }
    }

    #[test]
    fn a_slot_is_used_once_and_not_when_it_was_left_for_more_than_a_second() {
        let rate = rate(20);
        let mut lot = Lot::taken(at(0), rate);

        assert_eq!(lot.take(rate, at(0)), Some(at(0)));
        assert_eq!(lot.take(rate, at(1_050)), Some(at(50)));
        assert_eq!(lot.take(rate, at(1_050)), None);

        let mut left = Lot::taken(at(0), rate);
        assert_eq!(left.take(rate, at(1_001)), Some(at(50)));
        assert_eq!(Lot::taken(at(0), rate).take(rate, at(2_000)), None);
    }
}
