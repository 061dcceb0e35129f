//! Message attributes on the wire: `{"DataType": "String", "StringValue": "x"}`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::sqs::message::{AttributeValue, MessageAttribute};
use crate::sqs::{SqsError, digest};

/// A message attribute, or a message system attribute.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireAttribute {
    data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    string_value: Option<String>,
    /// Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
}

impl WireAttribute {
    pub(super) fn into_attribute(self, name: &str) -> Result<MessageAttribute, SqsError> {
        let value = match (self.string_value, self.binary_value) {
            (Some(text), None) => Some(AttributeValue::Text(text)),
            (None, Some(text)) => STANDARD.decode(text).ok().map(AttributeValue::Binary),
            _ => None,
        };
        let value = value.ok_or_else(|| SqsError::InvalidParameterValue {
            parameter: "MessageAttributes",
            reason: format!("{name} has neither a text nor a base64 value, or both"),
        })?;
        Ok(MessageAttribute { data_type: self.data_type, value })
    }

    /// The value of a system attribute, which are all text.
    pub(super) fn into_text(self) -> Result<String, SqsError> {
        self.string_value.ok_or_else(|| SqsError::InvalidParameterValue {
            parameter: "MessageSystemAttributes",
            reason: "the value is not text".to_owned(),
        })
    }
}

impl From<&MessageAttribute> for WireAttribute {
    fn from(attribute: &MessageAttribute) -> Self {
        let (string_value, binary_value) = match &attribute.value {
            AttributeValue::Text(text) => (Some(text.clone()), None),
            AttributeValue::Binary(bytes) => (None, Some(STANDARD.encode(bytes))),
        };
        Self { data_type: attribute.data_type.clone(), string_value, binary_value }
    }
}

/// `MD5OfMessageSystemAttributes`; the trace header is the only such attribute of a sender.
pub(super) fn md5_of_trace_header(header: &str) -> Option<String> {
    let attribute = MessageAttribute {
        data_type: "String".to_owned(),
        value: AttributeValue::Text(header.to_owned()),
    };
    digest::md5_of_attributes(&[("AWSTraceHeader".to_owned(), attribute)].into())
}

/// The attributes that a receiver asked for: `All`, `.*`, `prefix.*` or a name each.
pub(super) fn chosen_attributes(
    attributes: BTreeMap<String, MessageAttribute>,
    wanted: &[String],
) -> BTreeMap<String, MessageAttribute> {
    let is_wanted = |name: &str| {
        wanted.iter().any(|pattern| match pattern.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => pattern == "All" || pattern == name,
        })
    };
    attributes.into_iter().filter(|(name, _)| is_wanted(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_gets_the_attributes_it_named_and_no_others() {
        let attributes: BTreeMap<_, _> = ["order.id", "order.kind", "trace"]
            .map(|name| (name.to_owned(), MessageAttribute::text("String", "x")))
            .into();
        let choose = |wanted: &str| {
            let chosen = chosen_attributes(attributes.clone(), &[wanted.to_owned()]);
            chosen.into_keys().collect::<Vec<_>>()
        };

        let answers = ["All", ".*", "order.*", "trace", "none"].map(choose);

        assert_eq!(answers.each_ref().map(Vec::len), [3, 3, 2, 1, 0]);
        assert_eq!(answers[2], ["order.id", "order.kind"]);
    }

    #[test]
    fn an_attribute_with_both_values_is_refused() {
        let both = r#"{"DataType": "String", "StringValue": "x", "BinaryValue": "eA=="}"#;
        let attribute: WireAttribute = serde_json::from_str(both).expect("shape");

        let read = attribute.into_attribute("a");

        assert!(matches!(read, Err(SqsError::InvalidParameterValue { .. })));
    }
}
