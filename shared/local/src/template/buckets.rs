//! Buckets of the template, and whom they tell.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::TemplateError;
use super::resource::Resource;
use crate::sqs::queue_of_arn;

const NOTICES: &str = "NotificationConfiguration";
/// What a bucket tells here: all the ways to put an object that there are here.
const EVENTS: [&str; 2] = ["s3:ObjectCreated:*", "s3:ObjectCreated:Put"];

/// An S3 bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    pub notices: Vec<BucketNotice>,
}

/// A queue that is told when an object is put whose key begins and ends so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketNotice {
    pub queue: String,
    pub prefix: String,
    pub suffix: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Configuration {
    event: String,
    queue: String,
    filter: Option<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    s3_key: S3Key,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct S3Key {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Rule {
    name: String,
    value: String,
}

impl BucketNotice {
    /// Whether it is told of an object at this key.
    pub(crate) fn wants(&self, key: &str) -> bool {
        key.starts_with(&self.prefix) && key.ends_with(&self.suffix)
    }
}

/// Reads a bucket. What it would tell in ways that are not here is refused: its notices would be lost.
pub(super) fn read(resource: &Resource<'_>) -> Result<Bucket, TemplateError> {
    let invalid = |reason: String| resource.invalid(NOTICES, reason);
    let told: Map<String, Value> = resource.optional(NOTICES)?.unwrap_or_default();
    if let Some(other) = told.keys().find(|key| *key != "QueueConfigurations") {
        return Err(invalid(format!("{other} are not here, queues alone are told")));
    }
    let configurations = told.get("QueueConfigurations").cloned().unwrap_or(Value::Array(vec![]));
    let configurations: Vec<Configuration> =
        serde_json::from_value(configurations).map_err(|error| invalid(error.to_string()))?;
    let notices =
        configurations.into_iter().map(|configuration| notice(configuration).map_err(invalid));
    Ok(Bucket { name: resource.name("BucketName")?, notices: notices.collect::<Result<_, _>>()? })
}

fn notice(configuration: Configuration) -> Result<BucketNotice, String> {
    let Configuration { event, queue, filter } = configuration;
    if !EVENTS.contains(&event.as_str()) {
        return Err(format!("{event} is not told here, of {} alone", EVENTS.join(" and ")));
    }
    let Some(name) = queue_of_arn(&queue) else {
        return Err(format!("{queue} is no queue here"));
    };
    let mut notice =
        BucketNotice { queue: name.to_owned(), prefix: String::new(), suffix: String::new() };
    for Rule { name, value } in filter.map(|filter| filter.s3_key.rules).unwrap_or_default() {
        match name.to_lowercase().as_str() {
            "prefix" => notice.prefix = value,
            "suffix" => notice.suffix = value,
            _ => return Err(format!("keys are not told apart by their {name}")),
        }
    }
    Ok(notice)
}
