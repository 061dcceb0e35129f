//! A function on a schedule that sends what was left in the outbox.

use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use postroom::port::StoreError;
use postroom::{Clock, Courier, Relayed, SystemClock, reason_of};
use serde::de::IgnoredAny;

use crate::deadline::RunTime;

/// How long a row is left to whoever committed it: that one sends it right after the commit.
const GRACE: Duration = Duration::from_secs(5);

/// Why rows may be left in the outbox. They stay for the next run.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A shard could not be read; what the others held is sent. The store knows whether that passes.
    #[error("the outbox was not read to its end")]
    Read {
        #[source]
        source: StoreError,
    },
    /// It took until the invocation was about to end. Retryable.
    #[error("the relay ran out of time")]
    OutOfTime,
}

impl From<RelayError> for Diagnostic {
    fn from(error: RelayError) -> Self {
        // The answer of a failed invocation is where its error stops travelling.
        Self { error_type: "RelayError".to_owned(), error_message: reason_of(&error) }
    }
}

/// Relays once for every event of the schedule, for as long as the process lives.
///
/// # Errors
/// The Lambda runtime could not be reached. A run that fails is answered with its reason, and does not end this.
pub async fn run_relay(courier: Courier) -> Result<(), lambda_runtime::Error> {
    let courier = &courier;
    let handler = service_fn(move |event: LambdaEvent<IgnoredAny>| async move {
        handle_relay(courier, event.context.deadline).await.map(drop)
    });
    lambda_runtime::run(handler).await
}

/// Relays once, and ends before the invocation does; `deadline_ms` as of [`handle_batch`](crate::handle_batch).
///
/// # Errors
/// [`RelayError`]: something may be left for the next run.
pub async fn handle_relay(courier: &Courier, deadline_ms: u64) -> Result<Relayed, RelayError> {
    let now = SystemClock.now();
    let time = RunTime::of(deadline_ms, now);
    let relayed = time.limit(courier.relay(due_by(now), time.stop_at)).await;
    let relayed = relayed.ok_or(RelayError::OutOfTime)?;
    relayed.map_err(|source| RelayError::Read { source })
}

fn due_by(now: Timestamp) -> Timestamp {
    now.saturating_sub(GRACE).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_leaves_fresh_rows_alone() {
        let now: Timestamp = "2026-11-21T09:30:00Z".parse().unwrap();

        assert_eq!(due_by(now), "2026-11-21T09:29:55Z".parse().unwrap());
    }
}
