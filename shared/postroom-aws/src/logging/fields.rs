//! The fields of events and spans, each value rendered as JSON once.

use std::error::Error;
use std::fmt;

use postroom::reason_of;
use tracing::field::{Field, Visit};

/// What the name of a field begins with that is a metric.
pub(super) const METRIC: &str = "metric.";

/// What an event says, or a span.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// The text of an event.
    pub(super) message: String,
    /// Names, and values as JSON.
    pub(super) values: Vec<(&'static str, String)>,
    /// Names without their prefix, and numbers.
    pub(super) metrics: Vec<(&'static str, u64)>,
}

impl Fields {
    fn set(&mut self, field: &Field, value: String) {
        let name = renamed(field.name());
        // A span's field may be recorded again; the last word holds.
        self.values.retain(|(known, _)| *known != name);
        self.values.push((name, value));
    }

    fn text(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = text;
        } else {
            self.set(field, quoted(&text));
        }
    }
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name().strip_prefix(METRIC) {
            Some(metric) => self.metrics.push((metric, value)),
            None => self.set(field, value.to_string()),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.record_u64(field, value),
            Err(_) => self.set(field, value.to_string()),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // What is not finite is no JSON number.
        self.set(field, serde_json::to_string(&value).unwrap_or_default());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.to_string());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value.to_owned());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.text(field, reason_of(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format!("{value:?}"));
    }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    // A text is always written.
    serde_json::to_string(text).unwrap_or_default()
}

/// The Lambda runtime names the fields of an invocation in its own way.
fn renamed(name: &'static str) -> &'static str {
    match name {
        "requestId" => "request_id",
        "xrayTraceId" => "xray_trace_id",
        name => name,
    }
}
