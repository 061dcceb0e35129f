//! Items as they are read: each attribute by its type, and a clear error where it is not of that type.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use postroom::port::StoreError;
use serde::de::DeserializeOwned;

/// An item as the SDK gives and takes it.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// An item being read.
#[derive(Debug)]
pub(crate) struct Reading {
    attributes: Attributes,
    operation: &'static str,
}

impl Reading {
    /// Reads `attributes`, which `operation` found.
    pub(crate) fn of(attributes: Attributes, operation: &'static str) -> Self {
        Self { attributes, operation }
    }

    /// A text that has to be there.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<String, StoreError> {
        self.optional_text(name)?.ok_or_else(|| self.corrupt(name, &"is missing"))
    }

    /// A text, if it is there.
    pub(crate) fn optional_text(
        &mut self,
        name: &'static str,
    ) -> Result<Option<String>, StoreError> {
        match self.attributes.remove(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            Some(_) => Err(self.corrupt(name, &"is no text")),
        }
    }

    /// A text that has to be there and be a `T`: an id, a time.
    pub(crate) fn parsed<T: FromStr>(&mut self, name: &'static str) -> Result<T, StoreError>
    where
        T::Err: fmt::Display,
    {
        self.optional_parsed(name)?.ok_or_else(|| self.corrupt(name, &"is missing"))
    }

    /// A text that is a `T`, if it is there.
    pub(crate) fn optional_parsed<T: FromStr>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, StoreError>
    where
        T::Err: fmt::Display,
    {
        let Some(text) = self.optional_text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|error| self.corrupt(name, &error))
    }

    /// A number, if it is there.
    pub(crate) fn optional_number<T: FromStr>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, StoreError>
    where
        T::Err: fmt::Display,
    {
        match self.attributes.remove(name) {
            None => Ok(None),
            Some(AttributeValue::N(digits)) => {
                digits.parse().map(Some).map_err(|error| self.corrupt(name, &error))
            }
            Some(_) => Err(self.corrupt(name, &"is no number")),
        }
    }

    /// Anything that has to be there, through serde.
    pub(crate) fn nested<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<T, StoreError> {
        let value = self.attributes.remove(name);
        let value = value.ok_or_else(|| self.corrupt(name, &"is missing"))?;
        serde_dynamo::from_attribute_value(value).map_err(|error| self.corrupt(name, &error))
    }

    /// The error that says what is wrong with an attribute.
    pub(crate) fn corrupt(&self, name: &str, reason: &dyn fmt::Display) -> StoreError {
        StoreError::Corrupt { operation: self.operation, reason: format!("`{name}`: {reason}") }
    }
}

/// A text attribute.
pub(crate) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute.
pub(crate) fn number(number: impl Into<u64>) -> AttributeValue {
    AttributeValue::N(number.into().to_string())
}
