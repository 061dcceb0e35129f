//! `FilterCriteria` of an event source: which messages of a queue, or records of a stream, a function gets.
//!
//! Records of a stream are filtered on as they are; what passes none is skipped. The rest of this page is about queues.
//!
//! A mapping has several filters, and a message that passes one of them is delivered; what passes none is deleted from
//! the queue. Only `body` can be filtered on. A filter's pattern expects text or JSON there:
//!
//! | the message's body | `body` of the pattern          | the message                      |
//! |--------------------|--------------------------------|----------------------------------|
//! | text               | a list of rules                | passes if the rules match        |
//! | text               | an object                      | does not pass                    |
//! | JSON               | a list of rules                | does not pass                    |
//! | JSON               | an object                      | passes if the pattern matches    |
//! | any                | left out                       | passes                           |
//!
//! AWS does not say what a lone number or string in JSON is; here JSON begins with an object or a list.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html> for what can be filtered on, and
//! `doc_source/invocation-eventfiltering.md` at commit 4c88540 of `awsdocs/aws-lambda-developer-guide` on GitHub for the
//! table; both read 2026-11-21.

mod pattern;
mod rule;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub(crate) use pattern::Pattern;
use rule::Rule;

/// The most filters of a mapping: five, or up to ten where AWS was asked for more.
const MOST_FILTERS: usize = 10;
// The AWS SDKs' service model of Lambda, as in botocore 1.43.127, read 2026-11-21.
const PATTERN_BYTES: usize = 4_096;

/// The filters of a mapping; without any, every message passes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filters {
    any: Vec<Filter>,
}

/// What one filter expects in the body.
#[derive(Debug, Clone, PartialEq)]
enum Filter {
    Anything,
    Text(Vec<Rule>),
    Json(Pattern),
    /// Of a stream: the pattern is for the whole record.
    Record(Pattern),
}

/// Why filters are not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The criteria are not `{"Filters": [{"Pattern": "…"}]}`, or too many.
    #[error("the criteria are not a list of 1 to {MOST_FILTERS} patterns under `Filters`")]
    Criteria,
    /// A pattern is not a JSON object in a text, or too long.
    #[error("the pattern `{pattern}` is not a JSON object of at most {PATTERN_BYTES} bytes")]
    Pattern { pattern: String },
    /// A pattern names something that an SQS event source cannot filter on.
    #[error("`{key}` cannot be filtered on, `body` alone can")]
    Key { key: String },
    /// A rule is none that Lambda has.
    #[error("`{rule}` at `{path}` is no rule of an event pattern")]
    Rule { path: String, rule: String },
}

impl Filters {
    /// Reads `{"Filters": [{"Pattern": "{\"body\": {\"kind\": [\"a\"]}}"}]}`.
    ///
    /// # Errors
    /// [`FilterError`], naming what is wrong.
    pub fn read(criteria: &Value) -> Result<Self, FilterError> {
        Self::read_each(criteria, Filter::of_body)
    }

    fn read_each(
        criteria: &Value,
        read: impl Fn(&Map<String, Value>) -> Result<Filter, FilterError>,
    ) -> Result<Self, FilterError> {
        let filters = criteria["Filters"].as_array().ok_or(FilterError::Criteria)?;
        if !(1..=MOST_FILTERS).contains(&filters.len()) {
            return Err(FilterError::Criteria);
        }
        let patterns = filters.iter().map(|filter| filter["Pattern"].as_str());
        let any = patterns.map(|pattern| read(&members(pattern.ok_or(FilterError::Criteria)?)?));
        Ok(Self { any: any.collect::<Result<_, _>>()? })
    }

    /// Reads the same for a stream, whose patterns are for whole records: `{"eventName": ["INSERT"]}`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of_records(criteria: &Value) -> Result<Self, FilterError> {
        Self::read_each(criteria, |members| Pattern::read(members, "record").map(Filter::Record))
    }

    /// Whether a record of a stream is delivered.
    pub fn pass_record(&self, record: &Value) -> bool {
        let passes = |filter: &Filter| match filter {
            Filter::Record(pattern) => pattern.matches(Some(record)),
            Filter::Anything | Filter::Text(_) | Filter::Json(_) => false,
        };
        self.any.is_empty() || self.any.iter().any(passes)
    }

    /// Whether a message with this body is delivered.
    pub fn pass(&self, body: &str) -> bool {
        if self.any.is_empty() {
            return true;
        }
        let parsed = serde_json::from_str(body).ok();
        let json = parsed.filter(|value: &Value| value.is_object() || value.is_array());
        self.any.iter().any(|filter| match (filter, &json) {
            (Filter::Anything, _) => true,
            (Filter::Text(rules), None) => {
                let text = Value::String(body.to_owned());
                rule::any_matches(rules, Some(&text))
            }
            (Filter::Json(pattern), Some(value)) => pattern.matches(Some(value)),
            (Filter::Text(_), Some(_)) | (Filter::Json(_), None) | (Filter::Record(_), _) => false,
        })
    }
}

/// The members of a pattern.
fn members(text: &str) -> Result<Map<String, Value>, FilterError> {
    let invalid = || FilterError::Pattern { pattern: text.to_owned() };
    if text.len() > PATTERN_BYTES {
        return Err(invalid());
    }
    serde_json::from_str(text).map_err(|_| invalid())
}

impl Filter {
    fn of_body(pattern: &Map<String, Value>) -> Result<Self, FilterError> {
        if let Some(key) = pattern.keys().find(|key| *key != "body") {
            return Err(FilterError::Key { key: key.clone() });
        }
        match pattern.get("body") {
            None => Ok(Self::Anything),
            Some(Value::Array(rules)) => Ok(Self::Text(rule::read_all(rules, "body")?)),
            Some(Value::Object(members)) => Ok(Self::Json(Pattern::read(members, "body")?)),
            Some(other) => {
                Err(FilterError::Rule { path: "body".to_owned(), rule: other.to_string() })
            }
        }
    }
}
