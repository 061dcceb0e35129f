//! The table of reactions against what is deployed for it.

use std::time::Duration;

use domain::statistics::ScheduleStatistics;
use postroom::{Schedule, Worker};
use serde_json::Value;

use super::{Resource, functions, resources};
use crate::repository::must_be_empty;

#[test]
fn every_queued_handler_has_a_function_behind_a_queue() {
    let workers: Vec<_> = workers().iter().map(Resource::folder).collect();
    let table = domain::reactions(&domain::Settings::default());

    let violations: Vec<_> = table
        .queues()
        .into_iter()
        .filter(|handler| !workers.iter().any(|worker| worker == handler))
        .map(|handler| format!("{handler} is queued in reactions.rs, and no function takes it"))
        .collect();

    must_be_empty(
        &violations,
        "Add the function and its queue, as CONTRIBUTING says, or run the listener in the request.",
    );
}

#[test]
fn a_handler_is_queued_in_order_exactly_where_its_queue_is_fifo() {
    let (queues, table) =
        (resources("AWS::SQS::Queue"), domain::reactions(&domain::Settings::default()));
    let is_fifo = |function: &Resource| {
        let id = format!("{}Queue", function.stem());
        queues.iter().any(|queue| queue.id == id && queue.property("/FifoQueue") == true)
    };

    let violations: Vec<_> = workers()
        .iter()
        .filter(|function| is_fifo(function) != table.is_in_order(&function.folder()))
        .map(|function| format!("{}Queue", function.stem()))
        .collect();

    must_be_empty(
        &violations,
        "`queued_in_order` in reactions.rs needs FifoQueue: true, and `queued` needs a standard queue.",
    );
}

#[test]
fn a_worker_has_time_for_the_longest_run_of_its_handler() {
    let table = domain::reactions(&domain::Settings::default());

    let violations: Vec<_> = workers()
        .iter()
        .filter_map(|function| {
            let time_out = Duration::from_secs(function.property("/Timeout").as_u64().unwrap_or(0));
            let needed = table.time_needed(&function.folder()) + Worker::MARGIN;
            let id = &function.id;
            (time_out <= needed)
                .then(|| format!("{id}: {time_out:?}, and a run and the margin take {needed:?}"))
        })
        .collect();

    must_be_empty(
        &violations,
        "Raise its Timeout: a job is not started with less than its TIME_NEEDED before the worker's margin.",
    );
}

#[test]
fn the_schedule_of_statistics_fires_once_a_slot() {
    let slot = format!("rate({} minutes)", ScheduleStatistics::EVERY.as_secs() / 60);

    let fires = of_the_schedule_of_statistics("ScheduleExpression");

    assert_eq!(fires, [slot.as_str()], "a slot that nobody fires in has no tasks");
}

#[test]
fn the_schedule_of_statistics_tells_when_it_was_due() {
    let sends = of_the_schedule_of_statistics("Input");

    let due = r#"{"time":"<aws.scheduler.scheduled-time>"}"#;
    assert_eq!(sends, [due], "the time of the scheduler's own event may be that of the invocation");
}

/// A property of every schedule of the statistics.
fn of_the_schedule_of_statistics(property: &str) -> Vec<Value> {
    let functions = functions();
    let function = functions.iter().find(|function| function.folder() == ScheduleStatistics::NAME);
    let schedules = function.into_iter().flat_map(|function| function.events("ScheduleV2"));
    schedules.map(|schedule| schedule["Properties"][property].clone()).collect()
}

/// Every function that is fed from a queue.
fn workers() -> Vec<Resource> {
    let workers: Vec<_> =
        functions().into_iter().filter(|function| !function.events("SQS").is_empty()).collect();
    assert!(!workers.is_empty(), "no function is fed from a queue");
    workers
}
