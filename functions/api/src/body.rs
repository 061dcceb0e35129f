//! The request's body as JSON of a known shape.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use domain::Violation;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::problem::Problem;

/// A body of shape `T`. What is no JSON is 400; JSON of another shape is 422 and names the field.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "unreadable-body"))?;
        read(&bytes).map(Self)
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Syntax first and to the end, so that half a document is malformed whatever its first half says.
    let json: Value = serde_json::from_slice(bytes).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "malformed-json").detail(error.to_string())
    })?;
    if !json.is_object() {
        // Serde would take an array for an object's values in their order.
        return Err(invalid(String::new(), "has to be an object".to_owned()));
    }
    serde_path_to_error::deserialize(json).map_err(|error| {
        let message = error.inner().to_string();
        invalid(pointer(error.path(), &message), message)
    })
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
    // Serde's path ends at the object that lacks a field; which one, only its message says.
    if let Some(field) = message.strip_prefix("missing field `") {
        push(field.trim_end_matches('`'));
    }
    pointer
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Order {
        #[expect(dead_code, reason = "only its place matters")]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    struct Line {
        #[expect(dead_code, reason = "only its place matters")]
        #[serde(rename = "a/b~c")]
        amount: u32,
    }

    fn path_of(body: &str) -> String {
        let problem = read::<Order>(body.as_bytes()).unwrap_err();
        problem.errors()[0].path.clone()
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        assert_eq!(path_of(r#"{"lines": [{"a/b~c": 1}, {"a/b~c": 1.5}]}"#), "/lines/1/a~1b~0c");
        assert_eq!(path_of(r#"{"lines": 7}"#), "/lines");
    }

    #[test]
    fn the_field_that_is_missing_is_named() {
        assert_eq!(path_of("{}"), "/lines");
        assert_eq!(path_of(r#"{"lines": [{}]}"#), "/lines/0/a~1b~0c");
    }

    #[test]
    fn a_body_that_is_no_object_is_wrong_as_a_whole() {
        assert_eq!(path_of("[[]]"), "");
        assert_eq!(path_of("null"), "");
    }
}
