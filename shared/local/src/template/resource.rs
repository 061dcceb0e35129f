//! One resource of the template, with properties that are resolved when they are asked for.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::TemplateError;
use super::resolve::Resolver;

/// A resource, or an event of a function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resource<'a> {
    /// The logical id: `SyncStatisticsQueue`, or `ApiFunction.Events.Requests`.
    pub id: &'a str,
    pub kind: &'a str,
    pub body: &'a Value,
    /// What `Globals` says for this type; the resource's own properties come first.
    pub globals: &'a Value,
    pub resolver: &'a Resolver<'a>,
}

impl Resource<'_> {
    /// A property as `CloudFormation` would see it, or `None` if it is absent.
    ///
    /// A property of a property is written as a path: `LoggingConfig/LogFormat`.
    pub(super) fn value(&self, path: &str) -> Result<Option<Value>, TemplateError> {
        match self.own(path).or_else(|| self.global(path)) {
            Some(value) => self.resolver.resolve(self.id, path, value),
            None => Ok(None),
        }
    }

    /// The names in a property that is an object, those of `Globals` among them, as SAM merges them.
    pub(super) fn names(&self, path: &str) -> BTreeSet<String> {
        let objects = [self.own(path), self.global(path)].into_iter().flatten();
        objects.filter_map(Value::as_object).flat_map(Map::keys).cloned().collect()
    }

    /// A property of a type, or `None` if it is absent.
    pub(super) fn optional<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, TemplateError> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        serde_json::from_value(value)
            .map(Some)
            .map_err(|error| self.invalid(name, error.to_string()))
    }

    pub(super) fn required<T: DeserializeOwned>(&self, name: &str) -> Result<T, TemplateError> {
        self.optional(name)?.ok_or_else(|| self.invalid(name, "it is missing".to_owned()))
    }

    /// A number, which templates may also give as text or by a parameter.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, TemplateError> {
        match self.value(name)? {
            None => Ok(None),
            Some(value) => {
                let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
                number.map(Some).ok_or_else(|| self.invalid(name, format!("{value} is no number")))
            }
        }
    }

    /// The physical name of a table, queue or function.
    pub(super) fn name(&self, property: &str) -> Result<String, TemplateError> {
        let name = self.optional(property)?;
        Ok(name.unwrap_or_else(|| format!("{}-{}", super::STACK, self.id)))
    }

    pub(super) fn invalid(&self, property: &str, reason: String) -> TemplateError {
        TemplateError::Property { owner: self.id.to_owned(), property: property.to_owned(), reason }
    }

    /// Whether the resource exists: it has no condition, or one that holds.
    pub(super) fn exists(&self) -> Result<bool, TemplateError> {
        match self.body["Condition"].as_str() {
            Some(condition) => self.resolver.holds(self.id, condition),
            None => Ok(true),
        }
    }

    fn own(&self, path: &str) -> Option<&Value> {
        self.body["Properties"].pointer(&format!("/{path}"))
    }

    fn global(&self, path: &str) -> Option<&Value> {
        self.globals.pointer(&format!("/{path}"))
    }
}
