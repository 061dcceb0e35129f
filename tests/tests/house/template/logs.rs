//! Log lines that are counted: the template's words and the code's are the same.

use serde_json::Value;

use super::{Resource, functions, resources, template};
use crate::repository::{must_be_empty, read, sources};

/// What a worker says when it parks a dead letter.
const PARKED: &str = "failed for good; parked";
/// What every line about a message that was not sent, or not removed, says.
const LEFT: &str = "in the outbox";
/// Where messages go through the outbox: each warning there is about one that stays.
const SENDERS: &[&str] = &["shared/postroom/src/courier.rs", "shared/postroom-aws/src/outbox.rs"];

#[test]
fn every_worker_is_watched_for_parked_dead_letters() {
    let workers = functions().into_iter().filter(|function| !function.events("SQS").is_empty());

    must_be_empty(
        &unwatched(workers, PARKED),
        "Add StemParkedFilter on StemLogGroup, as SyncStatisticsParkedFilter is.",
    );
}

#[test]
fn every_sender_is_watched_for_messages_that_stay() {
    let senders = functions()
        .into_iter()
        .filter(|function| !function.property("/Environment/Variables/OUTBOX_TABLE").is_null());

    must_be_empty(
        &unwatched(senders, LEFT),
        "Add StemLeftFilter on StemLogGroup, as ApiLeftFilter is.",
    );
}

#[test]
fn what_is_counted_wakes_somebody_up_and_is_on_the_dashboard() {
    let (alarms, dashboards) =
        (resources("AWS::CloudWatch::Alarm"), resources("AWS::CloudWatch::Dashboard"));
    let mut violations = Vec::new();
    for filter in filters() {
        let (namespace, metric) = metric_of(&filter);
        let alarmed = alarms.iter().any(|alarm| {
            alarm.text("/Namespace") == namespace && alarm.text("/MetricName") == metric
        });
        let shown = format!(r#"["{namespace}", "{metric}""#);
        if !alarmed {
            violations.push(format!("{}: no alarm on {metric}", filter.id));
        }
        if !dashboards.iter().any(|dashboard| dashboard.text("/DashboardBody").contains(&shown)) {
            violations.push(format!("{}: the dashboard has no {metric}", filter.id));
        }
    }

    must_be_empty(&violations, "Add what is missing, of the filter's namespace and metric.");
}

#[test]
fn the_code_says_what_is_counted() {
    let warnings: Vec<String> = sources(&[".rs"])
        .iter()
        .filter(|source| source.path.starts_with("shared/postroom"))
        .flat_map(|source| warnings(&source.text))
        .collect();

    let violations: Vec<_> = filters()
        .iter()
        .filter(|filter| {
            let words = words_of(filter);
            !warnings.iter().any(|warning| warning.contains(&words))
        })
        .map(|filter| format!("{} counts `{}`, which nobody warns of", filter.id, words_of(filter)))
        .collect();

    must_be_empty(&violations, "Change the log line and the FilterPattern together.");
}

#[test]
fn every_warning_about_a_message_that_stays_is_counted() {
    let violations: Vec<_> = SENDERS
        .iter()
        .flat_map(|path| warnings(&read(path)).into_iter().map(move |warning| (path, warning)))
        .filter(|(_, warning)| !warning.contains(LEFT))
        .map(|(path, warning)| format!("{path}: {warning}"))
        .collect();

    must_be_empty(&violations, "Say `in the outbox` in the line: an alarm counts these words.");
}

#[test]
fn no_log_level_silences_what_is_counted() {
    let template = template();
    let levels = template["Parameters"]["LogLevel"]["AllowedValues"].as_array();
    let levels = levels.expect("LogLevel lists its values");

    let violations: Vec<_> = levels
        .iter()
        .filter_map(Value::as_str)
        .filter(|level| !["TRACE", "DEBUG", "INFO", "WARN"].contains(level))
        .map(|level| format!("LogLevel may be {level}"))
        .collect();

    must_be_empty(&violations, "Warnings are counted; a level above WARN hides them.");
}

#[test]
fn warnings_are_found_however_they_are_laid_out() {
    let code = "warn!(\n    reason,\n    rows = rows.len(),\n    \"one; {x}\"\n);\n\
                tracing::warn!(handler, \"two (2)\"); info!(\"three\");\n\
                Err(error) => warn!(a = \"four\", \"five\"),";

    assert_eq!(
        warnings(code),
        [
            "reason, rows = rows.len(), \"one; {x}\"",
            "handler, \"two (2)\"",
            "a = \"four\", \"five\""
        ]
    );
}

/// The functions on whose log group no filter counts these words at WARN.
fn unwatched(functions: impl Iterator<Item = Resource>, words: &str) -> Vec<String> {
    let filters = filters();
    let watched = |function: &Resource| {
        let group = format!("{}LogGroup", function.stem());
        filters.iter().any(|filter| {
            filter.text("/LogGroupName") == group
                && filter.text("/FilterPattern").contains(r#"($.level = "WARN")"#)
                && words_of(filter) == words
        })
    };
    functions.filter(|function| !watched(function)).map(|function| function.id.clone()).collect()
}

fn filters() -> Vec<Resource> {
    let filters = resources("AWS::Logs::MetricFilter");
    assert!(!filters.is_empty(), "the template counts no log lines");
    filters
}

fn metric_of(filter: &Resource) -> (&str, &str) {
    (
        filter.text("/MetricTransformations/0/MetricNamespace"),
        filter.text("/MetricTransformations/0/MetricName"),
    )
}

/// `{ … ($.message = "failed for good; parked*") }` → `failed for good; parked`.
fn words_of(filter: &Resource) -> String {
    let pattern = filter.text("/FilterPattern");
    let (_, rest) = pattern.split_once(r#"$.message = ""#).expect("a pattern asks for a message");
    let (words, _) = rest.split_once('"').expect("a text is closed");
    words.trim_matches('*').to_owned()
}

/// What stands in the parentheses of each `warn!`, on one line.
fn warnings(code: &str) -> Vec<String> {
    code.split("warn!(").skip(1).map(|rest| one_line(inside(rest))).collect()
}

/// Up to the parenthesis that closes, not counting those in texts.
fn inside(rest: &str) -> &str {
    let (mut depth, mut in_text) = (1, false);
    for (at, letter) in rest.char_indices() {
        match letter {
            '"' => in_text = !in_text,
            '(' if !in_text => depth += 1,
            ')' if !in_text => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &rest[..at];
        }
    }
    rest
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
