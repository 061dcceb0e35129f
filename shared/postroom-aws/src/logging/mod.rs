//! Logs and metrics: what the code says by `tracing`, written as lines.
//!
//! A line is one JSON object. It has the fields of its event and those of the spans it happened in, the innermost first,
//! all at its root: a record's `correlation_id` is in the same place whoever logs.
//!
//! ```json
//! {"timestamp":"2026-11-21T09:30:00.000000Z","level":"WARN","message":"failed; will be tried again",
//!  "target":"postroom::worker::failure","reason":"the bank does not answer","attempt":1,"wait_ms":1200,
//!  "correlation_id":"req-1","causation_id":"0192…","event.type":"order.placed","event.id":"0192…","tenant_id":"demo",
//!  "handler":"charge-card","message_id":"059f…","duration_ms":41,"request_id":"8f5b…","xray_trace_id":"Root=1-…"}
//! ```
//! `duration_ms` is how long the unit of work has been running, where the event names nothing else. A *unit of work* is
//! the outermost span with a `correlation_id`: a record, a request, a command of a schedule.
//!
//! **Debug lines are kept** with their unit of work and written when it fails, right before the line that says so; they
//! go with it when it does not. A unit that fails is one with a line at ERROR, one that counts as one of [`FAILURES`], or
//! one that panics. At most 100 lines and 32 KiB are kept; of more the oldest are dropped, with one warning.
//!
//! **An event may carry metrics**: fields named `metric.…` that are whole numbers. They are left out of the line, and
//! added up for the invocation: what ends in `_ms` keeps each value, everything else is a count. When the invocation's
//! span closes, however it ended, they are written as one line in CloudWatch's embedded metric format, whatever the log
//! level: see the `metrics` module for its shape. Any crate may count so: `info!(metric.parcels = 3, "shipped")`.
//!
//! A process that is killed takes along what it has kept and added up; lines are written at once.

mod settings;
mod levels;
mod fields;
mod kept;
mod line;
mod layer;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use postroom::{Clock, SystemClock};
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;

use crate::env::Env;
use crate::logging::layer::Logs;
use crate::logging::settings::Settings;

/// Metrics that say of a unit of work that it failed.
pub const FAILURES: &[&str] = &["failed", "permanent", "lease_lost", "deadline_returned"];

/// Starts logging to standard output.
///
/// Lambda names the format and the level: `AWS_LAMBDA_LOG_FORMAT`, JSON if it is not there, and `AWS_LAMBDA_LOG_LEVEL`,
/// else INFO. From DEBUG on nothing is kept, every line is written at once. `RUST_LOG` goes before the level, and may name
/// several: `info,postroom=debug`; those it does not name stay at Lambda's. What is malformed is ignored, with a warning.
/// A second call changes nothing.
pub fn start(env: &mut Env) {
    let subscriber = subscriber(env, Arc::new(SystemClock), io::stdout());
    // A second subscriber is refused; the first stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// What [`start`] starts, with its own clock and output: for tests of what is said.
pub fn subscriber<O: io::Write + Send + 'static>(
    env: &mut Env,
    clock: Arc<dyn Clock>,
    out: O,
) -> impl Subscriber + Send + Sync + use<O> {
    tracing_subscriber::registry().with(Logs::new(Settings::of_env(env), clock, out))
}
