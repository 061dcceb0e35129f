//! When a breaker opens, for how long, and who may find out whether it can be closed: decisions, without any I/O.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::id::OwnerToken;
use crate::port::Breaker;

/// How long a breaker is open at first; each time in a row it is open twice as long.
const FIRST_OPEN: Duration = Duration::from_secs(10);
/// The longest it is open, also where the provider asks for more.
const LONGEST_OPEN: Duration = Duration::from_mins(15);
/// The longest that whoever comes while somebody probes waits before it looks again; a probe mostly takes less.
const WHILE_PROBING: Duration = Duration::from_secs(5);

/// What a breaker means for a call now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    /// It may be made.
    Go,
    /// It may be made by one who is elected.
    Probe,
    /// It may not be made before `at`. Those that wait come over a time as long as `spread`, for the first of them to be
    /// answered before the others arrive.
    Wait { at: Timestamp, spread: Duration },
}

impl Breaker {
    /// What it means for a call at a time.
    pub(super) fn stance(self, now: Timestamp) -> Stance {
        match self {
            Self::Closed => Stance::Go,
            Self::Open { probe_at, .. } if probe_at <= now => Stance::Probe,
            Self::Open { openings, probe_at } => {
                Stance::Wait { at: probe_at, spread: open_for(openings) / 8 }
            }
            Self::Probing { until, .. } if until <= now => Stance::Probe,
            Self::Probing { until, .. } => {
                Stance::Wait { at: until.min(later(now, WHILE_PROBING)), spread: WHILE_PROBING / 8 }
            }
        }
    }

    /// Opened, or opened again, for at least as long as the provider asked for.
    pub(super) fn opened(self, now: Timestamp, asked: Duration) -> Self {
        let openings = self.openings().saturating_add(1);
        let open_for = open_for(openings).max(asked.min(LONGEST_OPEN));
        Self::Open { openings, probe_at: later(now, open_for) }
    }

    /// Probed by one who is certainly gone at a time.
    pub(super) fn probed(self, prober: OwnerToken, until: Timestamp) -> Self {
        Self::Probing { openings: self.openings(), prober, until }
    }

    /// As it was before somebody began to probe who then found nothing to try.
    pub(super) fn not_probed(self, now: Timestamp) -> Self {
        Self::Open { openings: self.openings(), probe_at: now }
    }

    fn openings(self) -> u32 {
        match self {
            Self::Closed => 0,
            Self::Open { openings, .. } | Self::Probing { openings, .. } => openings,
        }
    }
}

/// How long a breaker is open that was opened so often in a row.
fn open_for(openings: u32) -> Duration {
    FIRST_OPEN.saturating_mul(2_u32.saturating_pow(openings.saturating_sub(1))).min(LONGEST_OPEN)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_253_400 + seconds).unwrap()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn prober() -> OwnerToken {
        Uuid::from_u128(1).into()
    }

    #[test]
    fn what_a_breaker_means_for_a_call() {
        let open = Breaker::Open { openings: 4, probe_at: at(80) };
        let probing = Breaker::Probing { openings: 1, prober: prober(), until: at(30) };
        let wait = |until: i64, spread_ms| {
            let spread = Duration::from_millis(spread_ms);
            Stance::Wait { at: at(until), spread }
        };
        for (breaker, now, stance) in [
            (Breaker::Closed, 0, Stance::Go),
            (open, 0, wait(80, 10_000)),
            (open, 79, wait(80, 10_000)),
            (open, 80, Stance::Probe),
            (open, 1_000_000, Stance::Probe),
            (probing, 0, wait(5, 625)),
            (probing, 28, wait(30, 625)),
            (probing, 30, Stance::Probe),
        ] {
            assert_eq!(breaker.stance(at(now)), stance, "{breaker:?} after {now} s");
        }
    }

    #[test]
    fn each_time_in_a_row_it_is_open_twice_as_long_up_to_a_quarter_of_an_hour() {
        let mut breaker = Breaker::Closed;
        for (time, lasts) in [10, 20, 40, 80, 160, 320, 640, 900, 900].into_iter().enumerate() {
            breaker = breaker.opened(at(0), Duration::ZERO);

            let openings = u32::try_from(time + 1).unwrap();
            assert_eq!(breaker, Breaker::Open { openings, probe_at: at(lasts) });
            breaker = breaker.probed(prober(), at(lasts + 30));
        }
        let most = Breaker::Open { openings: u32::MAX, probe_at: at(0) };
        let probe_at = at(900);
        assert_eq!(
            most.opened(at(0), Duration::ZERO),
            Breaker::Open { openings: u32::MAX, probe_at }
        );
    }

    #[test]
    fn it_is_open_as_long_as_the_provider_asked_for_within_bounds() {
        for (asked, lasts) in [(9, 10), (10, 10), (60, 60), (900, 900), (86_400, 900)] {
            let opened = Breaker::Closed.opened(at(0), seconds(asked));

            assert_eq!(opened, Breaker::Open { openings: 1, probe_at: at(lasts) });
        }
    }

    #[test]
    fn who_found_nothing_to_try_leaves_the_probe_to_the_next_and_the_openings_as_they_were() {
        let probing = Breaker::Open { openings: 3, probe_at: at(0) }.probed(prober(), at(30));

        assert_eq!(probing, Breaker::Probing { openings: 3, prober: prober(), until: at(30) });
        assert_eq!(probing.not_probed(at(1)), Breaker::Open { openings: 3, probe_at: at(1) });
    }
}
