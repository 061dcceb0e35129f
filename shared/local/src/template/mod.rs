//! `infra/template.yaml` as the local system needs it: nothing is declared twice.
//!
//! Only what runs here is read; resources of other types are passed over. A property that is
//! needed and has no value here is an error that names it.

mod buckets;
mod document;
mod error;
mod events;
mod mappings;
mod stream_mappings;
mod resolve;
mod resource;
mod stack;
mod topics;
mod secrets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

pub use buckets::{Bucket, BucketNotice};
pub use error::TemplateError;
pub use secrets::Secret;
pub use stack::{
    Function, Mapping, Patience, Queue, Route, Schedule, ScheduleKind, Stack, StartingPosition,
    StreamMapping, Table,
};
pub use topics::{Topic, TopicSubscription};

/// The region of everything local.
pub const REGION: &str = "us-east-1";
/// The account of everything local.
pub const ACCOUNT: &str = "000000000000";
/// The name of the local stack, which the names of resources begin with.
pub const STACK: &str = "local";
/// What the scheduler's input says where the time belongs at which the schedule was due.
///
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>, read 2026-11-21.
pub const SCHEDULED_TIME: &str = "<aws.scheduler.scheduled-time>";
const PARTITION: &str = "aws";

/// A template that was read but whose values are not yet known.
#[derive(Debug)]
pub struct Template {
    document: Value,
}

impl Template {
    /// Reads a template in YAML.
    ///
    /// # Errors
    /// [`TemplateError::Read`] and [`TemplateError::Invalid`].
    pub fn load(path: &Path) -> Result<Self, TemplateError> {
        Ok(Self { document: document::read(path)? })
    }

    /// Gives every property its value.
    ///
    /// `overrides` take the place of parameters' defaults. Queue URLs begin with `aws_url`.
    ///
    /// # Errors
    /// Every [`TemplateError`] but those of [`Template::load`].
    pub fn resolve(
        &self,
        overrides: &BTreeMap<String, String>,
        aws_url: &str,
    ) -> Result<Stack, TemplateError> {
        let parameters = self.parameters(overrides)?;
        let resolver = resolve::Resolver::new(&self.document, &parameters, aws_url);
        stack::build(&self.document, &resolver, &parameters)
    }

    fn parameters(
        &self,
        overrides: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Value>, TemplateError> {
        let no_parameters = serde_json::Map::new();
        let declared = self.document["Parameters"].as_object().unwrap_or(&no_parameters);
        if let Some(name) = overrides.keys().find(|name| !declared.contains_key(*name)) {
            return Err(TemplateError::UnknownParameter { name: name.clone() });
        }
        let valued = declared.iter().map(|(name, declaration)| {
            let value = overrides.get(name).map(|given| Value::String(given.clone()));
            // CloudFormation hands every parameter on as text.
            let default = match &declaration["Default"] {
                Value::Null => None,
                Value::String(text) => Some(Value::String(text.clone())),
                other => Some(Value::String(other.to_string())),
            };
            let value = value.or(default);
            let value = value.ok_or_else(|| TemplateError::NoValue { name: name.clone() })?;
            Ok((name.clone(), value))
        });
        valued.collect()
    }
}
