//! Filter policies: which messages of a topic a subscription gets.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::SnsError;
use crate::filter::Pattern;
use crate::sqs::{AttributeValue, MessageAttribute};

/// The most bytes of a policy.
// <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>, from memory 2026-11-22.
const POLICY_BYTES: usize = 256 * 1_024;
const PARAMETER: &str = "FilterPolicy";

/// What a message has to be like.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FilterPolicy {
    /// As it was set.
    pub(super) text: String,
    pattern: Pattern,
}

/// What a policy looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Scope {
    #[default]
    MessageAttributes,
    MessageBody,
}

impl Scope {
    const ALL: [Self; 2] = [Self::MessageAttributes, Self::MessageBody];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::MessageAttributes => "MessageAttributes",
            Self::MessageBody => "MessageBody",
        }
    }

    pub(super) fn named(name: &str) -> Result<Self, SnsError> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == name);
        found.ok_or_else(|| SnsError::invalid("FilterPolicyScope", format!("{name} is none")))
    }
}

impl FilterPolicy {
    /// Reads a policy, a JSON object.
    pub(super) fn read(text: &str) -> Result<Self, SnsError> {
        let invalid = |reason: String| SnsError::invalid(PARAMETER, reason);
        if text.len() > POLICY_BYTES {
            return Err(invalid(format!("it has more than {POLICY_BYTES} bytes")));
        }
        let members: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let pattern =
            Pattern::read(&members, PARAMETER).map_err(|error| invalid(error.to_string()))?;
        Ok(Self { text: text.to_owned(), pattern })
    }

    /// Whether a message passes. Of its body no part of one that is no JSON object does.
    pub(super) fn passes(
        &self,
        scope: Scope,
        body: &str,
        attributes: &BTreeMap<String, MessageAttribute>,
    ) -> bool {
        match scope {
            Scope::MessageAttributes => self.pattern.matches(Some(&as_object(attributes))),
            Scope::MessageBody => {
                let body = serde_json::from_str(body).ok().filter(Value::is_object);
                body.is_some_and(|body| self.pattern.matches(Some(&body)))
            }
        }
    }
}

/// Attributes as rules see them; those that are binary, or no value of their type, are not there.
fn as_object(attributes: &BTreeMap<String, MessageAttribute>) -> Value {
    let seen = attributes.iter().filter_map(|(name, attribute)| {
        let AttributeValue::Text(text) = &attribute.value else { return None };
        let value = match attribute.data_type.as_str() {
            "String.Array" => serde_json::from_str(text).ok().filter(Value::is_array)?,
            number if number.starts_with("Number") => {
                Value::Number(serde_json::from_str::<Number>(text).ok()?)
            }
            _ => Value::String(text.clone()),
        };
        Some((name.clone(), value))
    });
    Value::Object(seen.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(pairs: &[(&str, &str, &str)]) -> BTreeMap<String, MessageAttribute> {
        let attribute = |kind: &str, value: &str| MessageAttribute {
            data_type: kind.to_owned(),
            value: AttributeValue::Text(value.to_owned()),
        };
        pairs
            .iter()
            .map(|(name, kind, value)| ((*name).to_owned(), attribute(kind, value)))
            .collect()
    }

    #[test]
    fn attributes_are_seen_by_their_types() {
        let policy =
            r#"{"type": [{"prefix": "user."}], "n": [{"numeric": [">", 1]}], "tags": ["b"]}"#;
        let policy = FilterPolicy::read(policy).expect("a policy");
        let passes = |number_type: &str, tags: &str| {
            let given = [("type", "String", "user.left"), ("n", number_type, "2")];
            let mut given = attributes(&given);
            given.extend(attributes(&[("tags", "String.Array", tags)]));
            policy.passes(Scope::MessageAttributes, "", &given)
        };

        let seen = [
            passes("Number", r#"["a", "b"]"#),
            passes("String", r#"["a", "b"]"#),
            passes("Number", r#"["a"]"#),
            passes("Number", "b"),
        ];

        assert_eq!(seen, [true, false, false, false]);
    }

    #[test]
    fn a_body_that_is_no_object_passes_no_policy() {
        let policy = FilterPolicy::read(r#"{"a": [{"exists": false}]}"#).expect("a policy");
        let passes = |body: &str| policy.passes(Scope::MessageBody, body, &BTreeMap::new());

        let seen = ["{}", r#"{"a": 1}"#, "text", "[{}]", "5"].map(passes);

        assert_eq!(seen, [true, false, false, false, false]);
    }

    #[test]
    fn what_is_no_policy_is_refused_with_what_is_wrong() {
        let said = ["[]", "{", r#"{"a": [{"cidr": "10.0.0.0/24"}]}"#, r#"{"a": []}"#]
            .map(|text| FilterPolicy::read(text).expect_err("refused").to_string());

        assert!(said.iter().all(|said| said.starts_with("Invalid parameter: FilterPolicy: ")));
        assert!(said[2].contains("cidr") && said[2].contains("FilterPolicy.a"), "{}", said[2]);
    }
}
