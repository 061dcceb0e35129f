//! What wakes somebody up.

use serde_json::Value;

use super::{Resource, functions, resources};
use crate::repository::must_be_empty;

#[test]
fn every_function_is_watched_for_errors_and_throttles() {
    let watched = watched();
    let mut violations = Vec::new();
    for function in functions() {
        for metric in ["Errors", "Throttles"] {
            if !watched.contains(&(metric.to_owned(), function.id.clone())) {
                violations.push(format!("{}: {metric}", function.id));
            }
        }
    }

    must_be_empty(&violations, "Add an alarm on the metric with dimension FunctionName.");
}

#[test]
fn every_queue_is_watched_for_age_and_every_dead_letter_queue_for_content() {
    let watched = watched();

    let violations: Vec<_> = resources("AWS::SQS::Queue")
        .iter()
        .map(|queue| {
            let metric = if queue.id.ends_with("DeadLetterQueue") {
                "ApproximateNumberOfMessagesVisible"
            } else {
                "ApproximateAgeOfOldestMessage"
            };
            (metric.to_owned(), format!("{}.QueueName", queue.id))
        })
        .filter(|alarm| !watched.contains(alarm))
        .map(|(metric, queue)| format!("{queue}: {metric}"))
        .collect();

    must_be_empty(&violations, "Add an alarm on the metric with dimension QueueName.");
}

#[test]
fn every_alarm_says_what_to_look_at_and_reaches_the_topic() {
    let violations: Vec<_> = alarms()
        .iter()
        .filter(|alarm| {
            alarm.text("/AlarmDescription").is_empty()
                || alarm.property("/AlarmActions/0") != "HasAlarmTopic"
        })
        .map(|alarm| alarm.id.clone())
        .collect();

    must_be_empty(
        &violations,
        "Add AlarmDescription and AlarmActions as the other alarms have them.",
    );
}

pub(super) fn alarms() -> Vec<Resource> {
    resources("AWS::CloudWatch::Alarm")
}

/// Every alarm as its metric and what it measures.
fn watched() -> Vec<(String, String)> {
    let dimension = |alarm: &Resource| {
        alarm.property("/Dimensions/0/Value").as_str().map(str::to_owned).unwrap_or_default()
    };
    let metric = |alarm: &Resource| match alarm.property("/MetricName") {
        Value::String(metric) => metric.clone(),
        _ => String::new(),
    };
    alarms().iter().map(|alarm| (metric(alarm), dimension(alarm))).collect()
}
