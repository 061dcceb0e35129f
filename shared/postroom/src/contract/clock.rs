//! What a clock promises.
#![expect(clippy::unused_async, reason = "promises are asynchronous, whatever they look at")]

use std::time::Duration;

use crate::clock::Clock;
use crate::sortable;

/// Finer times would come back changed from every store and wire.
pub async fn its_times_survive_being_written_down(clock: &dyn Clock) {
    for _ in 0..100 {
        let now = clock.now();
        assert_eq!(sortable(now).parse::<jiff::Timestamp>().unwrap(), now);
    }
}

/// A deadline that is waited for has come.
pub async fn who_sleeps_wakes_no_earlier(clock: &dyn Clock) {
    let before = clock.now();

    clock.sleep(Duration::from_millis(5)).await;

    assert!(clock.now().duration_since(before) >= jiff::SignedDuration::from_millis(5));
}
