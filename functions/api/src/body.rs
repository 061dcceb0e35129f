//! The request's body as JSON of a known shape.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use domain::Violation;
use serde::de::DeserializeOwned;
use serde_json::{Deserializer, Value};
use serde_path_to_error::{Path, Segment};

use crate::kind::Kind;
use crate::problem::Problem;

/// Reads a body of shape `T`.
///
/// # Errors
/// What says it is something else than JSON is 415; what is no JSON is 400; JSON of another shape is 422 and names the
/// first field that is wrong. A field that is there twice is wrong: readers disagree about which of the two counts.
pub(crate) fn read<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    if !may_be_json(headers) {
        return Err(Problem::new(Kind::UNSUPPORTED_MEDIA_TYPE)
            .detail("a body has the content type `application/json`"));
    }
    if !parse(bytes)?.is_object() {
        // Serde would take an array for an object's values in their order.
        return Err(invalid(String::new(), "has to be an object".to_owned()));
    }
    // From the bytes again: in the value, the second of two fields has already replaced the first.
    serde_path_to_error::deserialize(&mut Deserializer::from_slice(bytes))
        .map_err(|error| wrong(&error))
}

/// The syntax first and to the end, so that half a document is malformed whatever its first half says.
///
/// It stops at 128 levels, also in fields that are not known and otherwise skipped.
fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let mut document = Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut document).map_err(|error| {
        // Well-formed, but not to be held by anything: only the message tells.
        let unholdable = error.inner().to_string().starts_with("number out of range");
        if unholdable { wrong(&error) } else { malformed(error.inner()) }
    })?;
    document.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// A body without content type is taken for JSON: nothing else is ever sent here.
fn may_be_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let kind = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Kind::MALFORMED_JSON).detail(error.to_string())
}

fn wrong(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let message = error.inner().to_string();
    // The path says where; line and column are of no use beside it.
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    invalid(pointer(error.path(), &message), message)
}

fn invalid(path: String, message: String) -> Problem {
    Problem::invalid(vec![Violation { path, message }])
}

/// The path as a JSON pointer. <https://www.rfc-editor.org/rfc/rfc6901>, named from memory 2026-11-21.
fn pointer(path: &Path, message: &str) -> String {
    let mut pointer = String::new();
    let mut push = |part: &str| {
        pointer.push('/');
        pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
    };
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&index.to_string()),
            Segment::Map { key } => push(key),
            Segment::Enum { variant } => push(variant),
            Segment::Unknown => {}
        }
    }
    // Serde's path ends at the object that lacks a field, or has it twice; which one, only its message says. An unknown
    // field it names itself, but where a filter is flattened into the rest.
    let named = |what: &str| message.strip_prefix(what)?.split('`').next();
    let flattened = path.iter().next().is_none();
    let unknown = named("unknown field `").filter(|_| flattened);
    if let Some(field) = named("missing field `").or(named("duplicate field `")).or(unknown) {
        push(field);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Parcel {
        #[expect(dead_code, reason = "only its place matters")]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    struct Line {
        #[expect(dead_code, reason = "only its place matters")]
        #[serde(rename = "a/b~c")]
        amount: u32,
    }

    fn refused(body: &str) -> Problem {
        read::<Parcel>(&HeaderMap::new(), body.as_bytes()).unwrap_err()
    }

    fn path_of(body: &str) -> String {
        refused(body).errors()[0].path.clone()
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        assert_eq!(path_of(r#"{"lines": [{"a/b~c": 1}, {"a/b~c": 1.5}]}"#), "/lines/1/a~1b~0c");
        assert_eq!(path_of(r#"{"lines": [{"a/b~c": 1e400}]}"#), "/lines/0/a~1b~0c");
        assert_eq!(path_of(r#"{"lines": 7}"#), "/lines");
    }

    #[test]
    fn the_field_that_is_missing_is_named() {
        assert_eq!(path_of("{}"), "/lines");
        assert_eq!(path_of(r#"{"lines": [{}]}"#), "/lines/0/a~1b~0c");
    }

    #[test]
    fn the_field_that_is_there_twice_is_named() {
        assert_eq!(path_of(r#"{"lines": [], "lines": []}"#), "/lines");
        assert_eq!(path_of(r#"{"lines": [{"a/b~c": 1, "a/b~c": 2}]}"#), "/lines/0/a~1b~0c");
    }

    #[test]
    fn a_body_that_is_no_object_is_wrong_as_a_whole() {
        assert_eq!(path_of("[[]]"), "");
        assert_eq!(path_of("null"), "");
    }

    #[test]
    fn a_message_says_nothing_of_lines() {
        assert_eq!(
            refused(r#"{"lines": 7}"#).errors()[0].message,
            "invalid type: integer `7`, expected a sequence"
        );
    }
}
