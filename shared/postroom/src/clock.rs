//! Time as a port: nothing in the kit or the business asks the machine what time it is.

use std::time::Duration;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use crate::BoxFuture;

/// What time it is, and how to wait.
///
/// Times carry microseconds and no more, so that they survive every store and every wire unchanged.
pub trait Clock: Send + Sync {
    /// The time now, in whole microseconds.
    fn now(&self) -> Timestamp;

    /// Waits; a simulated clock may return as soon as its time has moved.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let to_microseconds =
            TimestampRound::new().smallest(Unit::Microsecond).mode(RoundMode::Trunc);
        let now = Timestamp::now();
        now.round(to_microseconds).unwrap_or(now)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A time as text whose alphabetical order is the order in time: `2026-11-21T09:30:00.000000Z`.
///
/// ```
/// let at: jiff::Timestamp = "2026-11-21T09:30:00Z".parse().unwrap();
/// assert_eq!(postroom::sortable(at), "2026-11-21T09:30:00.000000Z");
/// ```
pub fn sortable(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// `at` moved on by a duration; at the end of time it stays there.
pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// A duration as logs have it: a number, where `as_millis` would be logged as text.
///
/// ```
/// assert_eq!(postroom::milliseconds(std::time::Duration::from_secs(2)), 2_000);
/// ```
pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How long after `start` is `end`; zero when it is not after.
///
/// ```
/// let (start, end) = ("2026-11-21T09:30:00Z".parse().unwrap(), "2026-11-21T09:31:00Z".parse().unwrap());
/// assert_eq!(postroom::between(start, end).as_secs(), 60);
/// assert!(postroom::between(end, start).is_zero());
/// ```
pub fn between(start: Timestamp, end: Timestamp) -> Duration {
    Duration::try_from(end.duration_since(start)).unwrap_or(Duration::ZERO)
}
