//! A function on a schedule that enqueues one task for each live thing.

use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use postroom::{Clock, Runtime, Schedule, ScheduleError, Scheduled, SystemClock, reason_of};
use serde::Deserialize;

use crate::deadline::RunTime;

/// The event of a schedule: `{"time":"2026-11-21T09:45:00Z"}`.
///
/// Its schedule names the input `{"time":"<aws.scheduler.scheduled-time>"}`. The `time` of the scheduler's own event is not
/// said to be the time that was due.
// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>, read 2026-11-21.
#[derive(Debug, Deserialize)]
struct Tick {
    /// When the schedule was due; the same on every retry.
    time: Option<Timestamp>,
}

/// Why an event is answered with an error.
#[derive(Debug, thiserror::Error)]
enum TickError {
    /// No time, no slot: whatever slot was taken would be another one on the next retry. Permanent.
    #[error(
        "the event has no `time`: its schedule must send {{\"time\":\"<aws.scheduler.scheduled-time>\"}}"
    )]
    NoTime,
    /// Some things have no task. The asynchronous retry visits the same slot again.
    #[error("the slot {slot} was not visited to its end")]
    Schedule {
        slot: Timestamp,
        #[source]
        source: ScheduleError,
    },
}

impl From<TickError> for Diagnostic {
    fn from(error: TickError) -> Self {
        Self { error_type: "TickError".to_owned(), error_message: reason_of(&error) }
    }
}

/// Visits the slot of every event of the schedule, for as long as the process lives.
///
/// The event's `time` is when the schedule was due. A slot begins at a whole multiple of `every` since 1970: an event that
/// is late, or comes again, has the same one.
///
/// # Errors
/// The Lambda runtime could not be reached. A run that fails is answered with its reason, and does not end this.
pub async fn run_schedule<S: Schedule>(
    runtime: Runtime,
    schedule: S,
    every: Duration,
) -> Result<(), lambda_runtime::Error> {
    let (runtime, schedule) = (&runtime, &schedule);
    let handler = service_fn(move |event: LambdaEvent<Tick>| async move {
        let slot = slot_of(event.payload.time.ok_or(TickError::NoTime)?, every);
        let visited = handle_slot(runtime, schedule, slot, event.context.deadline).await;
        visited.map(drop).map_err(|source| TickError::Schedule { slot, source })
    });
    lambda_runtime::run(handler).await
}

/// Visits a slot once, and ends before the invocation does; `deadline_ms` as of [`handle_batch`](crate::handle_batch).
///
/// # Errors
/// [`ScheduleError`]: some things may have no task. A repeat of the slot goes on.
pub async fn handle_slot<S: Schedule>(
    runtime: &Runtime,
    schedule: &S,
    slot: Timestamp,
    deadline_ms: u64,
) -> Result<Scheduled, ScheduleError> {
    let time = RunTime::of(deadline_ms, SystemClock.now());
    let visited = time.limit(runtime.run_schedule(schedule, slot, time.stop_at)).await;
    visited.unwrap_or(Err(ScheduleError::OutOfTime { schedule: S::NAME }))
}

/// The slot that a time lies in.
fn slot_of(time: Timestamp, every: Duration) -> Timestamp {
    let every = i128::try_from(every.as_nanos()).unwrap_or(i128::MAX).max(1);
    let time = time.as_nanosecond();
    Timestamp::from_nanosecond(time - time.rem_euclid(every)).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: Duration = Duration::from_mins(15);

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn a_slot_is_what_its_time_is_floored_to() {
        let slot = |time| slot_of(at(time), QUARTER);

        assert_eq!(slot("2026-11-21T09:30:00Z"), at("2026-11-21T09:30:00Z"));
        assert_eq!(slot("2026-11-21T09:31:07.5Z"), at("2026-11-21T09:30:00Z"));
        assert_eq!(slot("2026-11-21T09:44:59.999999Z"), at("2026-11-21T09:30:00Z"));
        assert_eq!(slot("2026-11-21T09:45:00Z"), at("2026-11-21T09:45:00Z"));
        assert_eq!(slot("1969-12-31T23:59:59Z"), at("1969-12-31T23:45:00Z"));
    }

    #[test]
    fn the_event_of_a_schedule_tells_when_it_was_due() {
        let event = r#"{"time": "2026-11-21T09:45:00Z"}"#;

        let tick: Tick = serde_json::from_str(event).unwrap();

        assert_eq!(tick.time, Some(at("2026-11-21T09:45:00Z")));
    }

    #[test]
    fn an_event_without_a_time_is_told_so() {
        let tick: Tick = serde_json::from_str(r#"{"detail": "by hand"}"#).unwrap();

        let diagnostic = Diagnostic::from(tick.time.ok_or(TickError::NoTime).unwrap_err());

        assert!(diagnostic.error_message.contains("no `time`"), "{}", diagnostic.error_message);
    }
}
