//! Which form of a list a caller wants: JSON, or a file for a spreadsheet.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;

use crate::kind::Kind;
use crate::problem::Problem;

/// What a list can be answered as, by the request's `Accept`. Where that leaves both, it is JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Representation {
    /// `application/json`.
    Json,
    /// `text/csv`.
    Csv,
}

/// How much a media type is wanted: its weight in thousandths, then how exactly it was named.
type Wanted = (u16, u8);

impl<S: Send + Sync> FromRequestParts<S> for Representation {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers).ok_or_else(|| {
            Problem::new(Kind::NOT_ACCEPTABLE)
                .detail("`accept` has to leave `application/json` or `text/csv`")
        })
    }
}

impl Representation {
    /// Parameters of a media type but its weight are not looked at.
    // <https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1>, from memory 2026-11-22.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(ACCEPT);
        let accept = lines.iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
        let accept = accept.collect::<Vec<_>>().join(",").to_ascii_lowercase();
        if accept.trim().is_empty() {
            return Some(Self::Json);
        }
        let (json, csv) = (wanted(&accept, "application", "json"), wanted(&accept, "text", "csv"));
        match (json.0, csv.0) {
            (0, 0) => None,
            _ if csv > json => Some(Self::Csv),
            _ => Some(Self::Json),
        }
    }
}

/// What the range that names this type most exactly says of it; nothing, where none does.
fn wanted(accept: &str, main: &str, sub: &str) -> Wanted {
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let exactly = match parts.next()?.split_once('/')? {
            named if named == (main, sub) => 2,
            named if named == (main, "*") => 1,
            ("*", "*") => 0,
            _ => return None,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        Some((exactly, weight.map_or(Some(1_000), thousandths)?))
    });
    ranges.max().map_or((0, 0), |(exactly, weight)| (weight, exactly))
}

/// `0.5` is 500; `None`: it is no weight.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let is_number = fraction.len() <= 3 && fraction.bytes().all(|digit| digit.is_ascii_digit());
    let thousandths = format!("{fraction:0<3}").parse().ok().filter(|_| is_number)?;
    match whole {
        "0" => Some(thousandths),
        "1" => (thousandths == 0).then_some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &str) -> Option<Representation> {
        let mut headers = HeaderMap::new();
        for line in accept.split('|') {
            headers.append(ACCEPT, line.parse().unwrap());
        }
        Representation::of(&headers)
    }

    #[test]
    fn what_is_wanted_most_is_answered_and_json_where_both_are() {
        for accept in [
            "",
            "*/*",
            "application/*",
            "text/csv, application/json",
            "text/csv;q=0.8, */*;q=0.9",
            "text/html, */*;q=0.1",
        ] {
            assert_eq!(chosen(accept), Some(Representation::Json), "{accept:?}");
        }
        for accept in [
            "text/csv",
            "TEXT/CSV; charset=utf-8; q=0.001",
            "text/*",
            "text/csv, */*",
            "application/json;q=0.5|text/csv",
            "application/json;q=0, */*",
        ] {
            assert_eq!(chosen(accept), Some(Representation::Csv), "{accept:?}");
        }
    }

    #[test]
    fn what_leaves_neither_is_not_acceptable() {
        for accept in [
            "text/html",
            "text/csv;q=0",
            "text/csv;q=0.0000",
            "text/csv;q=2",
            "text/csv;q=",
            "csv",
            "text/csv/x",
            "*/*;q=0.000",
        ] {
            assert_eq!(chosen(accept), None, "{accept:?}");
        }
        assert_eq!(Representation::of(&HeaderMap::new()), Some(Representation::Json));
    }
}
