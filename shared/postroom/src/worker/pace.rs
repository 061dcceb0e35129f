//! How long messages stay away that were not tried. They come back for nothing, and a queue lets them do so a hundred times.

use std::time::Duration;

use crate::worker::{Record, Worker};

/// How long a message stays away that was given out for the first time; each time it is twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// The longest that it stays away. A hundred receives last for more than half a day then.
const LONGEST: Duration = Duration::from_mins(15);
/// From this receive on a message's failures are its own, also while its provider is known to be down: a few that always
/// fail, and blame their provider, would else keep it closed and each other alive until their queue gives them up.
///
/// At this pace that is five hours: an outage of a night takes nobody's attempts.
pub(crate) const ITS_OWN: u32 = 30;

impl Worker {
    /// How long a message stays away that was not tried: as long as whoever sent it away says, and the longer the more
    /// often it came. How many there are that wait is known to nobody; if they are more than can be served, they come
    /// ever more seldom, and if they are fewer, soon enough.
    ///
    /// Not all at once: any time of the second half.
    pub(super) fn stay_away(&self, record: &Record, after: Duration) -> Duration {
        let half = pace(record.receives) / 2;
        after.max(half + self.runtime.jitter(half))
    }
}

/// Whether a message's failures count although its provider is known to be down.
pub(super) fn has_waited_enough(record: &Record) -> bool {
    record.receives >= ITS_OWN
}

fn pace(receives: u32) -> Duration {
    FIRST.saturating_mul(2_u32.saturating_pow(receives.saturating_sub(1))).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_it_stays_away_twice_as_long_up_to_a_quarter_of_an_hour() {
        for (receives, seconds) in
            [(0, 1), (1, 1), (2, 2), (5, 16), (10, 512), (11, 900), (100, 900), (u32::MAX, 900)]
        {
            assert_eq!(pace(receives), Duration::from_secs(seconds), "{receives}");
        }
    }
}
