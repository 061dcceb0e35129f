//! Logs: one JSON object a line, its fields those of the event and of the span it happened in.

use tracing_subscriber::EnvFilter;

use crate::env::Env;

/// Starts logging to standard output, from the level that `RUST_LOG`, else `AWS_LAMBDA_LOG_LEVEL` names, else `info`.
///
/// `RUST_LOG` may name several (`info,postroom=debug`). A second call changes nothing.
///
/// ```json
/// {"timestamp":"2026-11-21T09:30:00.000000Z","level":"INFO","message":"done","duration_ms":41,
///  "target":"postroom::worker::record","span":{"name":"record","correlation_id":"req-1","handler":"charge-card"}}
/// ```
pub fn start(env: &mut Env) {
    let name = if env.optional("RUST_LOG").is_some() { "RUST_LOG" } else { "AWS_LAMBDA_LOG_LEVEL" };
    // Lambda's FATAL has no counterpart; `error` shows it and a little more.
    let level = env.optional(name).map(|level| level.replace("FATAL", "error"));
    let filter = EnvFilter::try_new(level.as_deref().unwrap_or("info")).unwrap_or_else(|error| {
        env.malformed(name, &error);
        EnvFilter::new("info")
    });
    // A second subscriber is refused; the first stays.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .try_init();
}
