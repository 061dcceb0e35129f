//! `Retry-After`: seconds, or a date. <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>, named from memory 2026-11-21.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// How long the provider asks us to wait; `None` where it does not, or not in a way we understand.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    // Its dates are those of mail: `Sun, 06 Nov 1994 08:49:37 GMT`.
    let date = DateTimeParser::new().parse_timestamp(value).ok()?;
    // A date that has passed: no wait.
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn wait(value: &'static str) -> Option<Duration> {
        let now = "1994-11-06T08:49:07Z".parse().unwrap();
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
        retry_after(&headers, now)
    }

    #[test]
    fn seconds_and_dates_are_understood() {
        assert_eq!(wait("90"), Some(Duration::from_secs(90)));
        assert_eq!(wait("0"), Some(Duration::ZERO));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_date_that_has_passed_is_no_wait() {
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn anything_else_says_nothing() {
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-5"), None);
        assert_eq!(wait("1.5"), None);
        assert_eq!(retry_after(&HeaderMap::new(), Timestamp::UNIX_EPOCH), None);
    }
}
