//! A request as the query protocol has it: flat names with full stops, `MessageAttributes.entry.1.Name`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::sns::SnsError;
use crate::sqs::{AttributeValue, MessageAttribute};

/// The fields of a form, or of a part of one, whose names then begin behind that part's.
#[derive(Debug, Default)]
pub(crate) struct Form {
    fields: BTreeMap<String, String>,
}

impl Form {
    /// Reads `Action=Publish&Message=x`; of a name that is there twice the last counts.
    pub(crate) fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body);
        Self { fields: pairs.map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// What is asked; empty where nothing is.
    pub(crate) fn action(&self) -> &str {
        self.optional("Action").unwrap_or_default()
    }

    pub(super) fn optional(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, SnsError> {
        self.optional(name).ok_or_else(|| SnsError::invalid(name, "it is missing"))
    }

    /// The entries of a list, `Name.member.1.…`, or of a map, `Name.entry.1.…`, from 1 on without a gap.
    pub(super) fn list(&self, name: &str) -> Vec<Self> {
        (1..).map(|index| self.part(&format!("{name}.{index}."))).map_while(|part| part).collect()
    }

    /// A map of texts.
    pub(super) fn texts(&self, name: &str) -> Result<BTreeMap<String, String>, SnsError> {
        let entries = self.list(&format!("{name}.entry")).into_iter();
        let texts = entries.map(|entry| {
            Ok((entry.required("key")?.to_owned(), entry.required("value")?.to_owned()))
        });
        texts.collect()
    }

    pub(super) fn message_attributes(
        &self,
    ) -> Result<BTreeMap<String, MessageAttribute>, SnsError> {
        let entries = self.list("MessageAttributes.entry").into_iter();
        let attributes = entries.map(|entry| {
            let name = entry.required("Name")?;
            let invalid =
                |reason: &str| SnsError::invalid("MessageAttributes", format!("{name} {reason}"));
            let value =
                match (entry.optional("Value.StringValue"), entry.optional("Value.BinaryValue")) {
                    (Some(text), None) => AttributeValue::Text(text.to_owned()),
                    (None, Some(text)) => AttributeValue::Binary(
                        BASE64_STANDARD.decode(text).map_err(|_| invalid("is no base64"))?,
                    ),
                    _ => return Err(invalid("has neither a text nor a binary value, or both")),
                };
            let data_type = entry.required("Value.DataType")?.to_owned();
            Ok((name.to_owned(), MessageAttribute { data_type, value }))
        });
        attributes.collect()
    }

    /// The fields whose names begin so, if there are any.
    fn part(&self, prefix: &str) -> Option<Self> {
        let fields = self.fields.range(prefix.to_owned()..);
        let fields = fields.map_while(|(name, value)| Some((name.strip_prefix(prefix)?, value)));
        let fields: BTreeMap<_, _> =
            fields.map(|(name, value)| (name.to_owned(), value.clone())).collect();
        (!fields.is_empty()).then_some(Self { fields })
    }
}
