//! A function on a schedule that sends what was left in the outbox.

use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use postroom::{Clock, Courier, Relayed, SystemClock, reason_of};
use serde::de::IgnoredAny;
use tracing::info;

use crate::worker::deadline_of;

/// How long a row is left to whoever committed it: that one sends it right after the commit.
const GRACE: Duration = Duration::from_secs(5);
/// What is left of the invocation when no further page is begun: time to send one and to answer.
const MARGIN: Duration = Duration::from_secs(2);
/// How long a run may take where the invocation has no deadline.
const DEFAULT_RUN: Duration = Duration::from_secs(30);

/// Relays once for every event of the schedule, for as long as the process lives.
///
/// # Errors
/// The Lambda runtime could not be reached. A run that fails is answered with its reason, and does not end this.
pub async fn run_relay(courier: Courier) -> Result<(), lambda_runtime::Error> {
    let courier = &courier;
    let handler = service_fn(move |event: LambdaEvent<IgnoredAny>| async move {
        let now = SystemClock.now();
        let relayed = courier.relay(due_by(now), stop_at(&event.context, now)).await;
        // The answer of a failed invocation is where its error stops travelling.
        let Relayed { sent, left } = relayed.map_err(|error| reason_of(&error))?;
        info!(sent, left, "relayed the outbox");
        Ok::<(), String>(())
    });
    lambda_runtime::run(handler).await
}

fn due_by(now: Timestamp) -> Timestamp {
    now.saturating_sub(GRACE).unwrap_or(Timestamp::MIN)
}

/// When a run begins nothing more.
pub(crate) fn stop_at(context: &Context, now: Timestamp) -> Timestamp {
    let deadline = deadline_of(context, now).map(|deadline| deadline.saturating_sub(MARGIN));
    let stop = deadline.unwrap_or_else(|| now.saturating_add(DEFAULT_RUN));
    stop.unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_leaves_fresh_rows_alone_and_stops_before_its_deadline() {
        let now: Timestamp = "2026-11-21T09:30:00Z".parse().unwrap();
        let mut context = Context::default();
        context.deadline = u64::try_from(now.as_millisecond()).unwrap() + 30_000;

        assert_eq!(due_by(now), "2026-11-21T09:29:55Z".parse().unwrap());
        assert_eq!(stop_at(&context, now), "2026-11-21T09:30:28Z".parse().unwrap());
        assert_eq!(stop_at(&Context::default(), now), "2026-11-21T09:30:30Z".parse().unwrap());
    }
}
