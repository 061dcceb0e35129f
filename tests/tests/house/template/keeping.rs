//! How long things are kept there, against how long the kit remembers them.

use std::time::Duration;

use postroom::{ClaimChecks, Runtime};

use super::{Resource, resources};
use crate::repository::must_be_empty;

/// How long SQS keeps a message where nothing is said.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
const UNLESS_SAID: Duration = Duration::from_hours(4 * 24);

#[test]
fn the_inbox_remembers_longer_than_a_queue_and_its_dead_letter_queue_can_bring_a_message() {
    let queues = resources("AWS::SQS::Queue");
    let behind = |queue: &Resource| {
        let name = queue.text("/RedrivePolicy/deadLetterTargetArn").strip_suffix(".Arn")?;
        queues.iter().find(|queue| queue.id == name)
    };
    let workers: Vec<_> = queues.iter().filter_map(|queue| Some((queue, behind(queue)?))).collect();
    assert!(!workers.is_empty(), "no queue has a dead-letter queue");

    let violations: Vec<_> = workers
        .into_iter()
        .map(|(queue, letters)| (&queue.id, kept(queue) + kept(letters)))
        // The time in between, of a day for everything that is slow, is not the inbox's to lose either.
        .filter(|(_, kept)| *kept + Duration::from_hours(24) > Runtime::REMEMBERS)
        .map(|(id, kept)| format!("{id}: messages live {} h", kept.as_secs() / 3600))
        .collect();

    must_be_empty(
        &violations,
        "Raise Runtime::REMEMBERS: a message that comes when its run is forgotten takes effect again.",
    );
}

fn kept(queue: &Resource) -> Duration {
    let seconds = queue.property("/MessageRetentionPeriod").as_u64();
    seconds.map_or(UNLESS_SAID, Duration::from_secs)
}

#[test]
fn a_payload_is_there_longer_than_a_message_can_bring_it_and_an_operator_needs() {
    let queues = resources("AWS::SQS::Queue");
    let longest = queues.iter().map(kept).max().expect("the template has queues");
    // In the outbox, in a queue, in its dead-letter queue, and before somebody who redrives it.
    let needed = ClaimChecks::MAX_DELAY + 2 * longest + ClaimChecks::FOR_OPERATORS;

    let violations: Vec<_> = resources("AWS::S3::Bucket")
        .iter()
        .map(|bucket| (bucket.id.clone(), forgets_payloads_after(bucket)))
        .filter(|(_, kept)| kept.is_none_or(|kept| kept < needed))
        .map(|(id, kept)| format!("{id}: payloads live {kept:?}, of {needed:?}"))
        .collect();

    must_be_empty(
        &violations,
        "Raise ExpirationInDays of the rule on claims/: a message whose payload is removed can never be handled.",
    );
}

/// The rule of this bucket about payloads; the least where there are several.
fn forgets_payloads_after(bucket: &Resource) -> Option<Duration> {
    let rules = bucket.property("/LifecycleConfiguration/Rules").as_array()?;
    let about_payloads = rules.iter().filter(|rule| {
        let prefix = rule["Prefix"].as_str().unwrap_or_default();
        ClaimChecks::PREFIX.starts_with(prefix) || prefix.starts_with(ClaimChecks::PREFIX)
    });
    let days = about_payloads.filter_map(|rule| rule["ExpirationInDays"].as_u64()).min()?;
    Some(Duration::from_hours(24 * days))
}
