//! What is written, of what happens in spans.

mod lines;
mod metrics;

use std::io;
use std::sync::{Arc, Mutex};

use postroom::memory::ManualClock;
use serde_json::Value;
use tracing::field::Empty;
use tracing::{Span, info_span};

use super::*;

/// What was written, readable while it is being written.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines so far, each of them JSON.
    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn messages(&self) -> Vec<String> {
        let lines = self.lines().into_iter().filter(|line| line["_aws"].is_null());
        lines.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    fn metrics(&self) -> Vec<Value> {
        self.lines().into_iter().filter(|line| !line["_aws"].is_null()).collect()
    }
}

/// What `happening` writes, under an environment. Its clock stands still until somebody moves it.
fn written_at(env: &[(&str, &str)], happening: impl FnOnce(&ManualClock)) -> Output {
    let (subscriber, output, clock) = logs(env);
    tracing::subscriber::with_default(subscriber, || happening(&clock));
    output
}

fn written(happening: impl FnOnce()) -> Output {
    written_at(&[], |_| happening())
}

fn logs(env: &[(&str, &str)]) -> (impl Subscriber + Send + Sync, Output, Arc<ManualClock>) {
    let mut env = Env::of(env.iter().copied());
    let clock = Arc::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap()));
    let output = Output::default();
    let subscriber = subscriber(&mut env, clock.clone(), output.clone());
    env.check().unwrap();
    (subscriber, output, clock)
}

/// As the Lambda runtime has it around each invocation.
fn invocation(request_id: &str) -> Span {
    info_span!("Lambda runtime invoke", requestId = request_id)
}

/// As the worker has it around each record.
fn record(correlation_id: &str) -> Span {
    info_span!(
        "record",
        correlation_id,
        "event.type" = "order.placed",
        handler = "charge-card",
        attempt = Empty
    )
}
