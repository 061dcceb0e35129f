//! Where everything that is drawn is drawn from.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use jiff::Timestamp;

/// A row of numbers that its first one decides. `SplitMix64`: small, and even enough for accidents.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed(u64);

impl Seed {
    /// Another one each time.
    pub(crate) fn fresh() -> Self {
        Self(u64::from(Timestamp::now().subsec_nanosecond().unsigned_abs()))
    }

    /// A row of its own, so that nobody's numbers depend on who drew first.
    pub(crate) fn split(mut self, part: u64) -> Self {
        Self(self.next() ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    /// The next number, both bounds included.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    /// Whether something happens that happens once in `many` times.
    pub(crate) fn once_in(&mut self, many: u64) -> bool {
        self.between(1, many) == 1
    }

    /// One of those there are.
    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let most = u64::try_from(all.len() - 1).unwrap();
        all[usize::try_from(self.between(0, most)).unwrap()]
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Seed {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}
