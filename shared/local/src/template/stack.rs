//! The resources that run on this machine, with all values known.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::resolve::Resolver;
use super::resource::Resource;
use super::{
    Bucket, STACK, Secret, TemplateError, Topic, buckets, events, mappings, secrets,
    stream_mappings, topics,
};
use crate::filter::Filters;

// SAM's defaults: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html>,
// named from memory 2026-11-21.
const DEFAULT_TIMEOUT_S: u64 = 3;
const DEFAULT_MEMORY_MB: u64 = 128;

/// Everything the local system starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stack {
    pub tables: Vec<Table>,
    /// Dead-letter queues come before the queues that name them.
    pub queues: Vec<Queue>,
    pub topics: Vec<Topic>,
    pub secrets: Vec<Secret>,
    pub buckets: Vec<Bucket>,
    pub functions: Vec<Function>,
    pub mappings: Vec<Mapping>,
    pub stream_mappings: Vec<StreamMapping>,
    pub schedules: Vec<Schedule>,
    pub routes: Vec<Route>,
    pub parameters: BTreeMap<String, String>,
}

/// A DynamoDB table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub name: String,
    /// The request that creates it: `{"TableName": …, "KeySchema": […], …}`.
    pub create_request: Value,
    pub ttl_attribute: Option<String>,
}

/// An SQS queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    pub name: String,
    /// As `CreateQueue` takes them: all text, policies as JSON.
    pub attributes: BTreeMap<String, String>,
}

/// A Lambda function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Without the stack's name: `sync-statistics`.
    pub name: String,
    /// The name on AWS: `local-sync-statistics`.
    pub full_name: String,
    pub binary: String,
    pub timeout: Duration,
    pub memory_mb: u64,
    pub log_format: Option<String>,
    pub log_level: Option<String>,
    pub environment: BTreeMap<String, String>,
}

/// An SQS queue that invokes a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    pub function: String,
    pub queue: String,
    pub queue_arn: String,
    pub batch_size: usize,
    pub batching_window: Duration,
    pub maximum_concurrency: Option<usize>,
    pub filters: Filters,
    pub report_batch_item_failures: bool,
}

/// A table's stream that invokes a function.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamMapping {
    pub function: String,
    pub table: String,
    pub batch_size: usize,
    pub batching_window: Duration,
    pub starting_position: StartingPosition,
    pub patience: Patience,
    /// The queue that is told where the records were that are given up.
    pub on_failure: Option<String>,
    pub filters: Filters,
    pub report_batch_item_failures: bool,
}

/// Where a stream is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartingPosition {
    /// From the oldest record that there is.
    TrimHorizon,
    /// From the next one on.
    Latest,
}

impl StartingPosition {
    /// As AWS calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TrimHorizon => "TRIM_HORIZON",
            Self::Latest => "LATEST",
        }
    }
}

/// When records of a stream are given up; without bounds never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    pub maximum_retries: Option<u32>,
    pub maximum_record_age: Option<Duration>,
    /// Whether a batch that broke its function is split in two.
    pub bisect: bool,
}

/// Which AWS service fires a schedule; their events differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleKind {
    /// SAM's `Schedule`.
    EventBridgeRule,
    /// SAM's `ScheduleV2`.
    EventBridgeScheduler,
}

/// A function that is invoked at an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub name: String,
    pub kind: ScheduleKind,
    pub function: String,
    pub every: Duration,
    /// The event, if the template gives one instead of the service's own; the scheduler fills in the time that was due.
    pub input: Option<String>,
}

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `GET /webhooks/{name}`, or `$default`.
    pub key: String,
    pub function: String,
    pub needs_token: bool,
}

impl Stack {
    /// The value of a template parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

pub(super) fn build(
    document: &Value,
    resolver: &Resolver<'_>,
    parameters: &BTreeMap<String, Value>,
) -> Result<Stack, TemplateError> {
    let mut stack = Stack {
        parameters: parameters.iter().map(|(name, value)| (name.clone(), to_text(value))).collect(),
        ..Stack::default()
    };
    let mut subscriptions = Vec::new();
    for (id, body) in document["Resources"].as_object().into_iter().flatten() {
        let kind = body["Type"].as_str().unwrap_or_default();
        let globals = match kind {
            "AWS::Serverless::Function" => &document["Globals"]["Function"],
            _ => &Value::Null,
        };
        let resource = Resource { id, kind, body, globals, resolver };
        if !resource.exists()? {
            continue;
        }
        match resource.kind {
            "AWS::DynamoDB::Table" => stack.tables.push(table(&resource)?),
            "AWS::SQS::Queue" => stack.queues.push(queue(&resource)?),
            "AWS::SNS::Topic" => stack.topics.push(topics::read(&resource)?),
            "AWS::SNS::Subscription" => subscriptions.push(topics::subscription(&resource)?),
            "AWS::SecretsManager::Secret" => stack.secrets.push(secrets::read(&resource)?),
            "AWS::S3::Bucket" => stack.buckets.push(buckets::read(&resource)?),
            "AWS::Serverless::Function" => {
                let function = function(&resource)?;
                events::add(&mut stack, document, &resource, &function)?;
                stack.functions.push(function);
            }
            // Roles, alarms, log groups and the like have no meaning here.
            _ => {}
        }
    }
    stack.queues.sort_by_key(|queue| queue.attributes.contains_key("RedrivePolicy"));
    topics::subscribe(&mut stack, subscriptions)?;
    mappings::check_visibility(&stack)?;
    stream_mappings::check(&stack)?;
    Ok(stack)
}

fn table(resource: &Resource<'_>) -> Result<Table, TemplateError> {
    let name = resource.name("TableName")?;
    let mut request = Map::new();
    request.insert("TableName".to_owned(), json!(name));
    for property in ["AttributeDefinitions", "KeySchema"] {
        request.insert(property.to_owned(), resource.required(property)?);
    }
    // The mode is about money, which is none here; without one a table needs its throughput.
    request.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST"));
    for property in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        if let Some(indexes) = resource.value(property)? {
            request.insert(property.to_owned(), indexes);
        }
    }
    if let Some(Value::Object(mut stream)) = resource.value("StreamSpecification")? {
        stream.insert("StreamEnabled".to_owned(), json!(true));
        request.insert("StreamSpecification".to_owned(), Value::Object(stream));
    }
    let ttl = resource.value("TimeToLiveSpecification")?.unwrap_or_default();
    let ttl_attribute = ttl["AttributeName"].as_str().filter(|_| ttl["Enabled"] == json!(true));
    Ok(Table {
        name,
        create_request: Value::Object(request),
        ttl_attribute: ttl_attribute.map(str::to_owned),
    })
}

fn queue(resource: &Resource<'_>) -> Result<Queue, TemplateError> {
    let attributes = [
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "DelaySeconds",
        "FifoQueue",
        "FifoThroughputLimit",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    ];
    let mut given = BTreeMap::new();
    for attribute in attributes {
        if let Some(value) = resource.value(attribute)? {
            given.insert(attribute.to_owned(), to_text(&value));
        }
    }
    Ok(Queue { name: resource.name("QueueName")?, attributes: given })
}

fn function(resource: &Resource<'_>) -> Result<Function, TemplateError> {
    let full_name = resource.name("FunctionName")?;
    let prefix = format!("{STACK}-");
    let name = full_name.strip_prefix(&prefix).unwrap_or(&full_name).to_owned();
    let binary = resource.body["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or(&name);
    let mut environment = BTreeMap::new();
    for variable in resource.names("Environment/Variables") {
        if let Some(value) = resource.value(&format!("Environment/Variables/{variable}"))? {
            environment.insert(variable, to_text(&value));
        }
    }
    let timeout_s = resource.number("Timeout")?.unwrap_or(DEFAULT_TIMEOUT_S);
    Ok(Function {
        binary: binary.to_owned(),
        timeout: Duration::from_secs(timeout_s),
        memory_mb: resource.number("MemorySize")?.unwrap_or(DEFAULT_MEMORY_MB),
        log_format: resource.optional("LoggingConfig/LogFormat")?,
        log_level: resource.optional("LoggingConfig/ApplicationLogLevel")?,
        environment,
        name,
        full_name,
    })
}

/// A value as environments and queue attributes carry it: text as it is, the rest as JSON.
pub(super) fn to_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
