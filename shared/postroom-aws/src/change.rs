//! A conditional change of an item, with its names and values: `SET … REMOVE …` if a condition holds.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use postroom::OwnerToken;

use crate::attributes::{Attributes, text};
use crate::keys::{OWNER, STATUS};

/// What a change of a run names and sets: room for it at once, and nothing is moved while it is written down.
const ROOM: usize = 16;

/// A change being written down. The value that an attribute `x` is set to is `:x`.
///
/// An attribute with an underscore stands for itself, any other `x` is `#x`: it may be a reserved word. Names take as long to
/// write, sign and read as values do.
// No reserved word has an underscore:
// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html>, read 2026-11-22.
#[derive(Debug)]
pub(crate) struct Change {
    condition: String,
    sets: String,
    removes: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Attributes,
}

impl Change {
    /// A change under a condition, whose names and values are added by [`name`](Self::name) and [`value`](Self::value).
    pub(crate) fn if_true(condition: &str) -> Self {
        Self {
            condition: condition.to_owned(),
            sets: String::new(),
            removes: String::new(),
            names: HashMap::with_capacity(ROOM),
            values: Attributes::with_capacity(ROOM),
        }
    }

    /// A change that only the holder of the lease may make.
    pub(crate) fn if_held_by(owner: OwnerToken) -> Self {
        Self::if_true("#status = :running AND #owner = :holder")
            .name(STATUS)
            .name(OWNER)
            .value(":running", text("running"))
            .value(":holder", text(owner.to_string()))
    }

    /// Only if this holds too.
    pub(crate) fn and(mut self, condition: &str) -> Self {
        self.condition = format!("({}) AND {condition}", self.condition);
        self
    }

    /// Also if this holds.
    pub(crate) fn or(mut self, condition: &str) -> Self {
        self.condition = format!("({}) OR {condition}", self.condition);
        self
    }

    /// Makes `#name` stand for the attribute.
    pub(crate) fn name(mut self, name: &str) -> Self {
        self.names.insert(["#", name].concat(), name.to_owned());
        self
    }

    /// Makes a placeholder stand for a value.
    pub(crate) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    /// Sets an attribute.
    pub(crate) fn set(self, name: &str, value: AttributeValue) -> Self {
        let placeholder = [":", name].concat();
        let mut change = self.set_to(name, &placeholder);
        change.values.insert(placeholder, value);
        change
    }

    /// Sets an attribute, or removes it.
    pub(crate) fn set_or_remove(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self.remove(name),
        }
    }

    /// Sets an attribute to what an expression gives.
    pub(crate) fn set_to(mut self, name: &str, expression: &str) -> Self {
        let begun = if self.sets.is_empty() { "SET " } else { ", " };
        self.sets.extend([begun, mark(name), name, " = ", expression]);
        self.unless_plain(name)
    }

    /// Removes an attribute.
    pub(crate) fn remove(mut self, name: &str) -> Self {
        let begun = if self.removes.is_empty() { " REMOVE " } else { ", " };
        self.removes.extend([begun, mark(name), name]);
        self.unless_plain(name)
    }

    fn unless_plain(self, name: &str) -> Self {
        if is_plain(name) { self } else { self.name(name) }
    }

    /// The condition, if it has one.
    pub(crate) fn condition(&self) -> Option<String> {
        (!self.condition.is_empty()).then(|| self.condition.clone())
    }

    /// The change. It sets at least one attribute.
    pub(crate) fn expression(&self) -> String {
        [self.sets.as_str(), &self.removes].concat()
    }
}

/// Whether an attribute can stand for itself.
fn is_plain(name: &str) -> bool {
    name.contains('_')
}

/// What stands before an attribute's name.
fn mark(name: &str) -> &'static str {
    if is_plain(name) { "" } else { "#" }
}
