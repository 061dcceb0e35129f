//! When an invocation ends, and what is given up before it does.

use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::Context;
use postroom::between;
use tokio::time::timeout;

/// How far a deadline may lie before now, by clocks that differ, and still mean something.
const DEADLINE_PAST: Duration = Duration::from_hours(1);
/// How far a deadline may lie ahead: a function runs for 15 minutes at most, and the rest is for clocks that differ.
///
/// A day and not an hour, because a deadline that counts as unknown is not kept, while one that is too far away is
/// merely one that never comes.
// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, named from memory 2026-11-21.
const DEADLINE_AHEAD: Duration = Duration::from_hours(24);
/// What is left of the invocation when a run begins nothing more: time for a step that goes well, and to answer.
const LAST_STEP: Duration = Duration::from_secs(2);
/// What is left of it when a run is given up, wherever it stands: time to answer.
const ANSWER: Duration = Duration::from_millis(500);
/// What a run takes for its time where the invocation has no deadline.
const DEFAULT: Duration = Duration::from_secs(30);

/// When the invocation ends, if that can be believed; `cargo lambda watch` says 1970 for all of them.
pub fn deadline_of(context: &Context, now: Timestamp) -> Option<Timestamp> {
    believable(context.deadline, now)
}

/// The same of a deadline in milliseconds since 1970.
pub(crate) fn believable(deadline_ms: u64, now: Timestamp) -> Option<Timestamp> {
    let deadline = Timestamp::from_millisecond(i64::try_from(deadline_ms).ok()?).ok()?;
    let earliest = now.saturating_sub(DEADLINE_PAST).ok()?;
    let latest = now.saturating_add(DEADLINE_AHEAD).ok()?;
    (earliest <= deadline && deadline <= latest).then_some(deadline)
}

/// How long a run of many steps may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunTime {
    /// When it begins nothing more.
    pub(crate) stop_at: Timestamp,
    /// For how long from its beginning it may last, its last step included.
    left: Duration,
}

impl RunTime {
    /// The time of a run that begins now, in an invocation with a deadline in milliseconds since 1970.
    pub(crate) fn of(deadline_ms: u64, now: Timestamp) -> Self {
        let left = believable(deadline_ms, now).map_or(DEFAULT, |deadline| between(now, deadline));
        let stop_at = now.saturating_add(left.saturating_sub(LAST_STEP)).unwrap_or(now);
        Self { stop_at, left: left.saturating_sub(ANSWER) }
    }

    /// What `run` comes to, or nothing where its time is over first. It is then dropped where it stands: a step may take
    /// longer than there is time, and an invocation that is not answered costs its process.
    pub(crate) async fn limit<T>(&self, run: impl Future<Output = T>) -> Option<T> {
        timeout(self.left, run).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T09:30:00Z".parse().unwrap()
    }

    fn in_ms(milliseconds: i64) -> u64 {
        u64::try_from(now().as_millisecond() + milliseconds).unwrap()
    }

    #[test]
    fn a_deadline_that_makes_no_sense_is_unknown() {
        let deadline = |milliseconds| {
            let mut context = Context::default();
            context.deadline = milliseconds;
            deadline_of(&context, now()).map(|at| at.to_string())
        };

        assert_eq!(deadline(in_ms(30_000)).as_deref(), Some("2026-11-21T09:30:30Z"));
        assert_eq!(deadline(in_ms(-1)).as_deref(), Some("2026-11-21T09:29:59.999Z"));
        assert_eq!(deadline(600_000), None);
        assert_eq!(deadline(in_ms(-3_600_001)), None);
        assert_eq!(deadline(in_ms(86_400_001)), None);
        assert_eq!(deadline(u64::MAX), None);
    }

    #[test]
    fn a_run_begins_nothing_in_its_last_two_seconds_and_leaves_half_a_second_to_answer() {
        let run = |deadline_ms| {
            let RunTime { stop_at, left } = RunTime::of(deadline_ms, now());
            (stop_at.to_string(), left)
        };
        let stops = |at: &str, left| (format!("2026-11-21T09:{at}Z"), Duration::from_millis(left));

        assert_eq!(run(in_ms(30_000)), stops("30:28", 29_500));
        assert_eq!(run(in_ms(1_000)), stops("30:00", 500));
        assert_eq!(run(in_ms(200)), stops("30:00", 0));
        assert_eq!(run(600_000), stops("30:28", 29_500), "a run is bounded all the same");
    }
}
