//! Streams of tables that invoke a function: what AWS would refuse is refused here, and what does not run here.

use std::time::Duration;

use serde_json::Value;

use super::mappings::{bounded, filters};
use super::resource::Resource;
use super::{Function, Patience, REGION, Stack, StartingPosition, StreamMapping, TemplateError};
use crate::filter::Filters;
use crate::sqs::queue_of_arn;

// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>, read 2026-11-22; that an age is at least a
// minute, from the AWS SDKs' service model of Lambda, named from memory 2026-11-22.
const DEFAULT_BATCH_SIZE: u64 = 100;
const LARGEST_BATCH: u64 = 10_000;
const LONGEST_WINDOW_S: u64 = 300;
const MOST_RETRIES: u64 = 10_000;
const AGES_S: std::ops::RangeInclusive<u64> = 60..=604_800;

/// The mapping that a DynamoDB event declares, or `None` if it is disabled.
pub(super) fn read(
    event: &Resource<'_>,
    function: &Function,
) -> Result<Option<StreamMapping>, TemplateError> {
    if event.optional("Enabled")? == Some(false) {
        return Ok(None);
    }
    for unsupported in ["ParallelizationFactor", "TumblingWindowInSeconds"] {
        if event.value(unsupported)?.is_some() {
            return Err(event.invalid(unsupported, "it is not supported here".to_owned()));
        }
    }
    let types: Vec<String> = event.optional("FunctionResponseTypes")?.unwrap_or_default();
    let size = "BatchSize";
    let batch_size = bounded(event, size, event.value(size)?, 1..=LARGEST_BATCH)?;
    let batch_size = batch_size.unwrap_or(DEFAULT_BATCH_SIZE);
    let window = "MaximumBatchingWindowInSeconds";
    let window_s = bounded(event, window, event.value(window)?, 0..=LONGEST_WINDOW_S)?;
    Ok(Some(StreamMapping {
        function: function.name.clone(),
        table: table(event)?,
        batch_size: usize::try_from(batch_size).unwrap_or(usize::MAX),
        batching_window: Duration::from_secs(window_s.unwrap_or(0)),
        starting_position: starting_position(event)?,
        patience: patience(event)?,
        on_failure: on_failure(event)?,
        filters: filters(event, Filters::of_records)?,
        report_batch_item_failures: types.iter().any(|kind| kind == "ReportBatchItemFailures"),
    }))
}

/// AWS refuses a mapping of a table without a stream, and one whose destination there is not.
pub(super) fn check(stack: &Stack) -> Result<(), TemplateError> {
    for mapping in &stack.stream_mappings {
        let missing = |property: &str, reason: String| TemplateError::Property {
            owner: mapping.function.clone(),
            property: property.to_owned(),
            reason,
        };
        let table = stack.tables.iter().find(|table| table.name == mapping.table);
        if table.is_none_or(|table| table.create_request["StreamSpecification"].is_null()) {
            let reason = format!("the template has no table {} with a stream", mapping.table);
            return Err(missing("Stream", reason));
        }
        let is_there = |name: &String| stack.queues.iter().any(|queue| queue.name == *name);
        if let Some(queue) = mapping.on_failure.as_ref().filter(|name| !is_there(name)) {
            let reason = format!("the template has no queue {queue}");
            return Err(missing("DestinationConfig", reason));
        }
    }
    Ok(())
}

fn table(event: &Resource<'_>) -> Result<String, TemplateError> {
    let stream: String = event.required("Stream")?;
    let table = stream
        .strip_prefix(&format!("arn:aws:dynamodb:{REGION}:"))
        .and_then(|rest| rest.split_once(":table/"))
        .and_then(|(_, rest)| rest.split_once("/stream/"))
        .map(|(table, _)| table.to_owned());
    table.ok_or_else(|| event.invalid("Stream", format!("{stream} is not the stream of a table")))
}

fn starting_position(event: &Resource<'_>) -> Result<StartingPosition, TemplateError> {
    let given: String = event.required("StartingPosition")?;
    match given.as_str() {
        "TRIM_HORIZON" => Ok(StartingPosition::TrimHorizon),
        "LATEST" => Ok(StartingPosition::Latest),
        _ => {
            let reason = format!("`{given}` is neither TRIM_HORIZON nor LATEST");
            Err(event.invalid("StartingPosition", reason))
        }
    }
}

fn patience(event: &Resource<'_>) -> Result<Patience, TemplateError> {
    let (retries, age) = ("MaximumRetryAttempts", "MaximumRecordAgeInSeconds");
    let maximum_retries = bounded(event, retries, bound(event, retries)?, 0..=MOST_RETRIES)?;
    let maximum_age_s = bounded(event, age, bound(event, age)?, AGES_S)?;
    Ok(Patience {
        maximum_retries: maximum_retries.and_then(|most| u32::try_from(most).ok()),
        maximum_record_age: maximum_age_s.map(Duration::from_secs),
        bisect: event.optional("BisectBatchOnFunctionError")?.unwrap_or(false),
    })
}

/// A bound that may be -1, which is none.
fn bound(event: &Resource<'_>, property: &str) -> Result<Option<Value>, TemplateError> {
    let given = event.value(property)?;
    let is_none = |value: &Value| value.as_i64() == Some(-1) || value.as_str() == Some("-1");
    Ok(given.filter(|value| !is_none(value)))
}

/// The queue that is told of records that were given up.
fn on_failure(event: &Resource<'_>) -> Result<Option<String>, TemplateError> {
    let property = "DestinationConfig/OnFailure/Destination";
    let Some(arn) = event.optional::<String>(property)? else { return Ok(None) };
    let queue = queue_of_arn(&arn).map(str::to_owned);
    let queue = queue.ok_or_else(|| event.invalid(property, format!("{arn} is no local queue")))?;
    Ok(Some(queue))
}
