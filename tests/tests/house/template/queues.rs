//! One queue per task type, its dead letters, and the mapping that feeds one function from it.

use super::{Resource, functions, resources};
use crate::repository::must_be_empty;

/// AWS asks for this many function timeouts: the rest is for retries of a throttled batch.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>, named from memory 2026-11-21.
const TIMEOUTS_OF_VISIBILITY: u64 = 6;
/// The backstop for crash loops; attempts are counted in the inbox.
const RECEIVES: u64 = 100;
/// The longest SQS keeps a message: 14 days.
const LONGEST_RETENTION_S: u64 = 14 * 24 * 60 * 60;

/// A function that is fed from a queue: `SyncStatisticsFunction` from `SyncStatisticsQueue`.
struct Worker {
    function: Resource,
    mapping: serde_json::Value,
}

#[test]
fn every_worker_has_its_own_queue_and_every_queue_its_worker() {
    let queues = resources("AWS::SQS::Queue");
    let mut expected = Vec::new();
    let mut violations = Vec::new();
    for Worker { function, mapping } in workers() {
        let queue = format!("{}Queue", function.stem());
        if mapping["Queue"] != format!("{queue}.Arn").as_str() {
            violations.push(format!("{} is fed from {}", function.id, mapping["Queue"]));
        }
        if !queues.iter().any(|found| found.id == queue) {
            violations.push(format!("{queue} is missing"));
        }
        expected.push(queue);
    }
    expected
        .extend(functions().iter().map(|function| format!("{}DeadLetterQueue", function.stem())));
    let orphaned = queues.iter().filter(|queue| !expected.contains(&queue.id));
    violations.extend(orphaned.map(|queue| format!("{} belongs to no function", queue.id)));

    must_be_empty(
        &violations,
        "Name the queue after the one function that reads it: StemFunction, StemQueue.",
    );
}

#[test]
fn every_queued_handler_has_a_function_behind_a_queue() {
    let workers: Vec<_> = workers().iter().map(|worker| worker.function.folder()).collect();
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
    let table = domain::reactions(&domain::Settings::default());
    let violations: Vec<_> = fed()
        .iter()
        .filter(|(function, queue)| {
            let is_fifo = queue.property("/FifoQueue") == true;
            is_fifo != table.is_in_order(&function.folder())
        })
        .map(|(_, queue)| queue.id.clone())
        .collect();

    must_be_empty(
        &violations,
        "`queued_in_order` in reactions.rs needs FifoQueue: true, and `queued` needs a standard queue.",
    );
}

#[test]
fn queues_are_named_after_their_function() {
    let mut violations = Vec::new();
    for function in functions() {
        for (id, suffix) in [("Queue", ""), ("DeadLetterQueue", "-dlq")] {
            let Some(queue) = find(&format!("{}{id}", function.stem())) else { continue };
            let fifo = if queue.property("/FifoQueue") == true { ".fifo" } else { "" };
            let should = format!("${{AWS::StackName}}-{}{suffix}{fifo}", function.folder());
            if queue.text("/QueueName") != should {
                violations.push(format!(
                    "{} is `{}`, not `{should}`",
                    queue.id,
                    queue.text("/QueueName")
                ));
            }
        }
    }

    must_be_empty(&violations, "The name is the folder's; `-dlq` stands before `.fifo`.");
}

#[test]
fn every_queue_gives_up_into_its_own_dead_letter_queue() {
    let mut violations = Vec::new();
    for (function, queue) in fed() {
        let dead_letters = format!("{}DeadLetterQueue", function.stem());
        if queue.text("/RedrivePolicy/deadLetterTargetArn") != format!("{dead_letters}.Arn") {
            violations.push(format!("{}: deadLetterTargetArn", queue.id));
        }
        if queue.number("/RedrivePolicy/maxReceiveCount") != RECEIVES {
            violations.push(format!("{}: maxReceiveCount is not {RECEIVES}", queue.id));
        }
        let source = format!(":{}", queue.text("/QueueName"));
        let allows = find(&dead_letters).is_some_and(|dlq| {
            dlq.text("/RedriveAllowPolicy/redrivePermission") == "byQueue"
                && dlq.text("/RedriveAllowPolicy/sourceQueueArns/0").ends_with(&source)
        });
        if !allows {
            violations
                .push(format!("{dead_letters}: RedriveAllowPolicy does not name {}", queue.id));
        }
    }

    must_be_empty(
        &violations,
        "Receives also grow when nothing was tried, so the count stays high; the kit counts attempts itself.",
    );
}

#[test]
fn messages_are_kept_as_long_as_possible() {
    let violations: Vec<_> = resources("AWS::SQS::Queue")
        .iter()
        .filter(|queue| queue.number("/MessageRetentionPeriod") != LONGEST_RETENTION_S)
        .map(|queue| queue.id.clone())
        .collect();

    must_be_empty(
        &violations,
        "Set MessageRetentionPeriod: 1209600. What expires is dropped without a word; the age counts from the first send.",
    );
}

#[test]
fn a_message_stays_hidden_for_six_function_timeouts() {
    let violations: Vec<_> = fed()
        .iter()
        .filter(|(function, queue)| {
            let needed = TIMEOUTS_OF_VISIBILITY * function.number("/Timeout");
            queue.number("/VisibilityTimeout") < needed
        })
        .map(|(function, queue)| {
            let (is, timeout) = (queue.number("/VisibilityTimeout"), function.number("/Timeout"));
            format!("{}: {is} s, with a function timeout of {timeout} s", queue.id)
        })
        .collect();

    must_be_empty(&violations, "Raise VisibilityTimeout to six times the function's Timeout.");
}

#[test]
fn every_mapping_reports_partial_failures_and_is_bounded() {
    let mut violations = Vec::new();
    for Worker { function, mapping } in workers() {
        if mapping["FunctionResponseTypes"] != serde_json::json!(["ReportBatchItemFailures"]) {
            violations.push(format!("{}: FunctionResponseTypes", function.id));
        }
        for bound in ["/BatchSize", "/ScalingConfig/MaximumConcurrency"] {
            if mapping.pointer(bound).and_then(serde_json::Value::as_u64).is_none() {
                violations.push(format!("{}: {bound}", function.id));
            }
        }
    }

    must_be_empty(
        &violations,
        "Without ReportBatchItemFailures an unprocessed message counts as done: it is lost.",
    );
}

#[test]
fn every_queue_is_encrypted() {
    let violations: Vec<_> = resources("AWS::SQS::Queue")
        .iter()
        .filter(|queue| queue.property("/SqsManagedSseEnabled") != true)
        .map(|queue| queue.id.clone())
        .collect();

    must_be_empty(&violations, "Set SqsManagedSseEnabled: true.");
}

/// Every SQS mapping with its function.
fn workers() -> Vec<Worker> {
    let mut workers = Vec::new();
    for function in functions() {
        let mappings: Vec<_> =
            function.events("SQS").iter().map(|event| event["Properties"].clone()).collect();
        assert!(
            mappings.len() < 2,
            "{} is fed from more than one queue: one task type each",
            function.id
        );
        workers.extend(mappings.into_iter().next().map(|mapping| Worker { function, mapping }));
    }
    workers
}

/// Every worker's function with its queue.
fn fed() -> Vec<(Resource, Resource)> {
    let workers = workers().into_iter();
    workers
        .filter_map(|Worker { function, .. }| {
            let queue = find(&format!("{}Queue", function.stem()))?;
            Some((function, queue))
        })
        .collect()
}

fn find(id: &str) -> Option<Resource> {
    resources("AWS::SQS::Queue").into_iter().find(|queue| queue.id == id)
}
