//! What a caller got wrong, field by field.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The longest line that a caller may write, in characters.
pub(crate) const MAX_LINE_CHARS: usize = 200;
/// What [`is_a_line`] says, for the schema: no control character, and something besides space.
pub(crate) const LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

/// Input of the right shape that breaks rules: all of them, not only the first. Permanent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} of the input's fields break a rule", .violations.len())]
pub struct InvalidInput {
    /// At least one, in the order of their paths.
    pub violations: Vec<Violation>,
}

/// One rule that one field breaks: `{"path": "/budget/amount_minor", "message": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Violation {
    /// The field, a JSON pointer (RFC 6901) into the input.
    pub path: String,
    /// The rule, in words for people.
    pub message: String,
}

impl From<garde::Report> for InvalidInput {
    fn from(report: garde::Report) -> Self {
        let violation = |(path, error): &(garde::Path, garde::Error)| Violation {
            path: pointer(&path.to_string()),
            message: error.message().to_owned(),
        };
        let mut violations: Vec<Violation> = report.iter().map(violation).collect();
        violations.sort_by(|one, other| one.path.cmp(&other.path));
        Self { violations }
    }
}

/// Reads a nested object, and only an object: serde also takes an array, for its values in the order of our code.
pub(crate) fn object<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    from.deserialize_map(Object(PhantomData))
}

/// A name, a description: one line, around which space does not count.
pub(crate) fn is_a_line(text: &str) -> garde::Result {
    is_a_line_of(MAX_LINE_CHARS, text)
}

/// One line of so many characters at most.
pub(crate) fn is_a_line_of(most: usize, text: &str) -> garde::Result {
    let chars = text.trim().chars().count();
    if !(1..=most).contains(&chars) {
        return Err(garde::Error::new(format!("has to be 1-{most} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(garde::Error::new("has to be one line without control characters"));
    }
    Ok(())
}

struct Object<T>(PhantomData<fn() -> T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

/// `budget.rows[0].amount` as `/budget/rows/0/amount`, and `r#type` as `/type`; our field names contain none of the separators.
fn pointer(path: &str) -> String {
    format!("/{}", path.replace(['.', '['], "/").replace(']', "").replace("r#", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_json_pointers() {
        assert_eq!(pointer("name"), "/name");
        assert_eq!(pointer("budget.amount_minor"), "/budget/amount_minor");
        assert_eq!(pointer("rows[0].amount"), "/rows/0/amount");
        assert_eq!(pointer("r#type"), "/type");
    }
}
