//! A clock that stands still until it is moved.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::BoxFuture;
use crate::clock::{Clock, later};

/// Time that only a test moves, and that whoever sleeps moves by as much.
///
/// ```
/// use std::time::Duration;
/// use postroom::{Clock, memory::ManualClock};
///
/// let clock = ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap());
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(postroom::sortable(clock.now()), "2026-11-21T09:31:00.000000Z");
/// ```
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<Timestamp>,
}

impl ManualClock {
    /// A clock that stands at a time.
    pub fn at(now: Timestamp) -> Self {
        Self { now: Mutex::new(now) }
    }

    /// Puts the clock to a time, forward or back.
    pub fn set(&self, now: Timestamp) {
        *self.lock() = now;
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let mut now = self.lock();
        *now = later(*now, by);
    }

    fn lock(&self) -> MutexGuard<'_, Timestamp> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.lock()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        // Not before it is polled: a sleep that is never awaited takes no time.
        Box::pin(async move { self.advance(duration) })
    }
}
