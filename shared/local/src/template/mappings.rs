//! Queues that invoke a function: what AWS would refuse is refused here.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;

use super::resource::Resource;
use super::{Function, Mapping, Stack, TemplateError};
use crate::filter::{FilterError, Filters};
use crate::sqs::{FIFO_SUFFIX, queue_of_arn};

/// SAM's default for an SQS event.
const DEFAULT_BATCH_SIZE: u64 = 10;
/// SQS's default for a queue.
const DEFAULT_VISIBILITY_S: u64 = 30;
// The AWS SDKs' service model of Lambda, as in botocore 1.43.127, and, that a window is not for FIFO queues,
// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>; both read 2026-11-21.
const LARGEST_BATCH: u64 = 10_000;
const LARGEST_FIFO_BATCH: u64 = 10;
const LARGEST_BATCH_WITHOUT_WINDOW: u64 = 10;
const LONGEST_WINDOW_S: u64 = 300;
const MOST_CONCURRENCY: u64 = 1_000;

/// The mapping that an SQS event declares, or `None` if it is disabled.
pub(super) fn read(
    event: &Resource<'_>,
    function: &Function,
) -> Result<Option<Mapping>, TemplateError> {
    if event.optional("Enabled")? == Some(false) {
        return Ok(None);
    }
    let queue_arn: String = event.required("Queue")?;
    let queue = queue_of_arn(&queue_arn)
        .map(str::to_owned)
        .ok_or_else(|| event.invalid("Queue", format!("{queue_arn} is not a local queue")))?;
    let types: Vec<String> = event.optional("FunctionResponseTypes")?.unwrap_or_default();
    let (batch_size, window_s) = batching(event, &queue)?;
    Ok(Some(Mapping {
        function: function.name.clone(),
        queue,
        queue_arn,
        batch_size,
        batching_window: Duration::from_secs(window_s),
        maximum_concurrency: maximum_concurrency(event)?,
        filters: filters(event, Filters::read)?,
        report_batch_item_failures: types.iter().any(|kind| kind == "ReportBatchItemFailures"),
    }))
}

/// How many messages a batch has, and how many seconds it may take to gather them.
fn batching(event: &Resource<'_>, queue: &str) -> Result<(usize, u64), TemplateError> {
    let (size_property, window_property) = ("BatchSize", "MaximumBatchingWindowInSeconds");
    let fifo = queue.ends_with(FIFO_SUFFIX);
    let largest = if fifo { LARGEST_FIFO_BATCH } else { LARGEST_BATCH };
    let size = bounded(event, size_property, event.value(size_property)?, 1..=largest)?
        .unwrap_or(DEFAULT_BATCH_SIZE);
    let window_s =
        bounded(event, window_property, event.value(window_property)?, 0..=LONGEST_WINDOW_S)?
            .unwrap_or(0);
    if fifo && window_s > 0 {
        return Err(event.invalid(window_property, "FIFO queues have none".to_owned()));
    }
    if size > LARGEST_BATCH_WITHOUT_WINDOW && window_s == 0 {
        let reason = format!("a batch of {size} needs a window of at least 1 s");
        return Err(event.invalid(window_property, reason));
    }
    Ok((usize::try_from(size).unwrap_or(usize::MAX), window_s))
}

fn maximum_concurrency(event: &Resource<'_>) -> Result<Option<usize>, TemplateError> {
    let scaling = event.value("ScalingConfig")?.unwrap_or_default();
    let given = scaling.get("MaximumConcurrency").cloned();
    let bound = bounded(event, "ScalingConfig/MaximumConcurrency", given, 2..=MOST_CONCURRENCY)?;
    Ok(bound.and_then(|bound| usize::try_from(bound).ok()))
}

/// The filters of an event, which `read` reads as those of its kind of source.
pub(super) fn filters(
    event: &Resource<'_>,
    read: fn(&Value) -> Result<Filters, FilterError>,
) -> Result<Filters, TemplateError> {
    match event.value("FilterCriteria")? {
        None => Ok(Filters::default()),
        Some(criteria) => {
            read(&criteria).map_err(|error| event.invalid("FilterCriteria", error.to_string()))
        }
    }
}

/// A number within its bounds, which templates may also give as text or by a parameter.
pub(super) fn bounded(
    event: &Resource<'_>,
    property: &str,
    given: Option<Value>,
    bounds: RangeInclusive<u64>,
) -> Result<Option<u64>, TemplateError> {
    let Some(given) = given else { return Ok(None) };
    let number = given.as_u64().or_else(|| given.as_str()?.parse().ok());
    let number = number.filter(|number| bounds.contains(number));
    let (least, most) = bounds.into_inner();
    let reason = || event.invalid(property, format!("{given} is not {least} to {most}"));
    number.map(Some).ok_or_else(reason)
}

/// AWS refuses a mapping whose function may run longer than its messages stay hidden.
pub(super) fn check_visibility(stack: &Stack) -> Result<(), TemplateError> {
    for mapping in &stack.mappings {
        let Some(queue) = stack.queues.iter().find(|queue| queue.name == mapping.queue) else {
            return Err(TemplateError::Property {
                owner: mapping.function.clone(),
                property: "Queue".to_owned(),
                reason: format!("the template has no queue {}", mapping.queue),
            });
        };
        let given = queue.attributes.get("VisibilityTimeout").and_then(|text| text.parse().ok());
        let visibility = Duration::from_secs(given.unwrap_or(DEFAULT_VISIBILITY_S));
        let function = stack.functions.iter().find(|function| function.name == mapping.function);
        if function.is_some_and(|function| function.timeout > visibility) {
            return Err(TemplateError::Property {
                owner: mapping.queue.clone(),
                property: "VisibilityTimeout".to_owned(),
                reason: format!("it is shorter than the time-out of {}", mapping.function),
            });
        }
    }
    Ok(())
}
