//! What a request brings along for tracing: the name of its chain, and the trace it is part of.

use axum::http::{HeaderMap, HeaderName};
use postroom::{CorrelationId, InvalidId};

/// Names the chain of everything a request causes; accepted, or made, and always returned.
pub(crate) const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The correlation id the caller named, if any.
///
/// # Errors
/// It named one that is none.
pub(crate) fn correlation_id(headers: &HeaderMap) -> Result<Option<CorrelationId>, InvalidId> {
    let Some(value) = headers.get(CORRELATION_ID) else { return Ok(None) };
    // A value that is not ASCII is no id either; the lossy text says so.
    String::from_utf8_lossy(value.as_bytes()).parse().map(Some)
}

/// The caller's trace context, passed on as it is.
///
/// One that is malformed is dropped and not refused, as <https://www.w3.org/TR/trace-context/#traceparent-header> (read
/// 2026-11-21) wants it: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(TRACEPARENT)?.to_str().ok()?;
    let parts: Vec<&str> = text.splitn(5, '-').collect();
    let [version, trace_id, parent_id, flags] = parts[..] else { return None };
    let valid = version == "00"
        && is_hex(trace_id, 32)
        && is_hex(parent_id, 16)
        && is_hex(flags, 2)
        && !is_zero(trace_id)
        && !is_zero(parent_id);
    valid.then(|| text.to_owned())
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(value: &str) -> Option<String> {
        let value = HeaderValue::from_str(value).unwrap();
        traceparent(&HeaderMap::from_iter([(TRACEPARENT, value)]))
    }

    #[test]
    fn a_trace_context_is_passed_on_as_it_is() {
        assert_eq!(read(VALID).as_deref(), Some(VALID));
    }

    #[test]
    fn a_malformed_trace_context_is_dropped() {
        for malformed in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert_eq!(read(malformed), None, "{malformed:?}");
        }
    }
}
