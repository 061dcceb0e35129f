//! What becomes of a batch, by what the function answered.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>, named from memory 2026-11-21.
//! With `ReportBatchItemFailures`:
//!
//! | the function's answer                                              | the batch               |
//! |--------------------------------------------------------------------|-------------------------|
//! | nothing, `null`, `{}`, `batchItemFailures` empty or null           | all deleted             |
//! | ids that are in the batch                                          | those return, rest gone |
//! | an id that is not in the batch, is empty, null, or under a wrong key | all return            |
//! | no JSON, or JSON of another shape                                  | all return              |
//! | an error, a time-out, a crash                                      | all return              |
//!
//! AWS does not say what an object without `batchItemFailures` but with other keys is. Here all
//! return: a misspelt key is then seen at once, and nothing is lost by it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lambda::{InvokeError, Response};

/// What becomes of the messages of one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    DeleteAll,
    /// All but these are deleted.
    Return(BTreeSet<String>),
    /// Nothing is deleted; the reason is for the log.
    ReturnAll {
        reason: String,
    },
}

/// Decides on a batch; without `ReportBatchItemFailures` any answer at all is a success.
pub(super) fn decide(
    answer: &Result<Response, InvokeError>,
    ids: &BTreeSet<&str>,
    reports_failures: bool,
) -> Verdict {
    let payload = match answer {
        Ok(response) => &response.payload,
        Err(error) => return Verdict::ReturnAll { reason: error.to_string() },
    };
    if !reports_failures {
        return Verdict::DeleteAll;
    }
    match failed_ids(payload, ids) {
        Ok(failed) if failed.is_empty() => Verdict::DeleteAll,
        Ok(failed) => Verdict::Return(failed),
        Err(reason) => Verdict::ReturnAll { reason },
    }
}

fn failed_ids(payload: &[u8], ids: &BTreeSet<&str>) -> Result<BTreeSet<String>, String> {
    if payload.is_empty() {
        return Ok(BTreeSet::new());
    }
    let answer: Value = serde_json::from_slice(payload)
        .map_err(|error| format!("the answer is no JSON: {error}"))?;
    let failures = match &answer {
        Value::Null => return Ok(BTreeSet::new()),
        Value::Object(fields) if fields.is_empty() => return Ok(BTreeSet::new()),
        Value::Object(fields) => match fields.get("batchItemFailures") {
            Some(Value::Null) => return Ok(BTreeSet::new()),
            Some(Value::Array(failures)) => failures,
            Some(_) => return Err("`batchItemFailures` is no list".to_owned()),
            None => return Err("the answer has no `batchItemFailures`".to_owned()),
        },
        _ => return Err("the answer is no object".to_owned()),
    };
    failures
        .iter()
        .map(|failure| match failure.get("itemIdentifier").and_then(Value::as_str) {
            Some(id) if ids.contains(id) => Ok(id.to_owned()),
            Some(id) => Err(format!("`{id}` is not in the batch")),
            None => Err("a failure has no `itemIdentifier`".to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::lambda::FunctionError;

    /// What is expected of an answer to a batch of `a` and `b`.
    #[derive(Debug)]
    enum Expected {
        AllDeleted,
        Returned(&'static [&'static str]),
        AllReturned,
    }
    use Expected::{AllDeleted, AllReturned, Returned};

    fn answer(payload: &'static str) -> Response {
        let payload = Bytes::from_static(payload.as_bytes());
        Response { request_id: "r".to_owned(), payload }
    }

    fn check(answer: &Result<Response, InvokeError>, reports_failures: bool, expected: &Expected) {
        let verdict = decide(answer, &BTreeSet::from(["a", "b"]), reports_failures);

        let as_expected = match (expected, &verdict) {
            (AllDeleted, Verdict::DeleteAll) | (AllReturned, Verdict::ReturnAll { .. }) => true,
            (Returned(ids), Verdict::Return(returned)) => returned.iter().eq(ids.iter()),
            _ => false,
        };
        assert!(as_expected, "{answer:?} gave {verdict:?} instead of {expected:?}");
    }

    #[test]
    fn every_answer_has_the_outcome_it_has_on_aws() {
        let cases = [
            ("", AllDeleted),
            ("null", AllDeleted),
            ("{}", AllDeleted),
            (r#"{"batchItemFailures": []}"#, AllDeleted),
            (r#"{"batchItemFailures": null}"#, AllDeleted),
            (r#"{"batchItemFailures": [{"itemIdentifier": "a"}]}"#, Returned(&["a"])),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "a"}]}"#,
                Returned(&["a", "b"]),
            ),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "a"}]}"#,
                Returned(&["a"]),
            ),
            (r#"{"batchItemFailures": [{"itemIdentifier": "c"}]}"#, AllReturned),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}]}"#,
                AllReturned,
            ),
            (r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#, AllReturned),
            (r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#, AllReturned),
            (r#"{"batchItemFailures": [{"itemIdentifier": 1}]}"#, AllReturned),
            (r#"{"batchItemFailures": [{"messageId": "a"}]}"#, AllReturned),
            (r#"{"batchItemFailures": ["a"]}"#, AllReturned),
            (r#"{"batchItemFailures": "a"}"#, AllReturned),
            (r#"{"batch_item_failures": [{"itemIdentifier": "a"}]}"#, AllReturned),
            (r#""ok""#, AllReturned),
            ("[]", AllReturned),
            ("{", AllReturned),
        ];

        for (payload, expected) in cases {
            check(&Ok(answer(payload)), true, &expected);
        }
    }

    #[test]
    fn any_answer_is_a_success_for_a_mapping_without_partial_failures() {
        for payload in ["", "{", r#"{"batchItemFailures": [{"itemIdentifier": "a"}]}"#] {
            check(&Ok(answer(payload)), false, &AllDeleted);
        }
    }

    #[test]
    fn a_batch_without_an_answer_returns_as_a_whole() {
        let function = "f".to_owned();
        let source =
            FunctionError { error_type: "T".to_owned(), error_message: "broken".to_owned() };
        let errors = [
            InvokeError::FunctionError { function: function.clone(), source },
            InvokeError::TimedOut { function: function.clone(), after: std::time::Duration::MAX },
            InvokeError::Crashed { function, reason: "signal: 9".to_owned() },
        ];

        for error in errors {
            check(&Err(error.clone()), true, &AllReturned);
            check(&Err(error), false, &AllReturned);
        }
    }
}
