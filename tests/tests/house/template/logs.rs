//! Metrics and log lines: what the template asks for is what the code says.

use std::collections::BTreeSet;

use super::{Resource, resources};
use crate::repository::{must_be_empty, read, sources};

/// Under which the code's own metrics are; the others are AWS's.
const NAMESPACE: &str = "Postroom";
/// What each of them is of.
const DIMENSION: &str = "FunctionName";
/// Where messages go through the outbox: each warning there is about one that stays.
const SENDERS: &[&str] = &["shared/postroom/src/courier.rs", "shared/postroom-aws/src/outbox.rs"];

#[test]
fn the_code_counts_what_alarms_wait_for() {
    let counted = counted();

    let violations: Vec<_> = alarms()
        .iter()
        .filter(|alarm| !counted.contains(alarm.text("/MetricName")))
        .map(|alarm| format!("{}: no log line carries {}", alarm.id, alarm.text("/MetricName")))
        .collect();

    must_be_empty(&violations, "Rename the metric of the log line and of the alarm together.");
}

#[test]
fn metrics_are_written_where_alarms_wait_for_them() {
    let written = read("shared/postroom-aws/src/metrics/document.rs");
    let elsewhere = alarms().into_iter().filter(|alarm| {
        alarm.text("/Dimensions/0/Name") != DIMENSION || !alarm.property("/Dimensions/1").is_null()
    });

    let violations: Vec<_> = [("NAMESPACE", NAMESPACE), ("DIMENSION", DIMENSION)]
        .into_iter()
        .map(|(name, value)| format!("const {name}: &str = \"{value}\";"))
        .filter(|line| !written.contains(line))
        .map(|line| format!("metrics are not written with {line}"))
        .chain(elsewhere.map(|alarm| format!("{}: not of {DIMENSION} alone", alarm.id)))
        .collect();

    must_be_empty(&violations, "An alarm on a metric under another name waits for ever.");
}

#[test]
fn the_dashboard_shows_what_is_counted_and_nothing_else() {
    let counted = counted();
    let shown: BTreeSet<String> = resources("AWS::CloudWatch::Dashboard")
        .iter()
        .flat_map(|dashboard| shown(dashboard.text("/DashboardBody")))
        .collect();

    let unknown = shown.iter().filter(|metric| !counted.contains(*metric));
    let alarms = alarms();
    let unseen = alarms.iter().filter(|alarm| !shown.contains(alarm.text("/MetricName")));
    let violations: Vec<_> = unknown
        .map(|metric| format!("the dashboard has {metric}, which no log line carries"))
        .chain(unseen.map(|alarm| format!("{}: its metric is not on the dashboard", alarm.id)))
        .collect();

    must_be_empty(&violations, "Add or rename the metric on the dashboard.");
}

#[test]
fn every_metric_is_documented() {
    let table = read("shared/postroom-aws/src/metrics/mod.rs");
    let documented: BTreeSet<String> = table
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    let counted = counted();

    let violations: Vec<_> = counted
        .symmetric_difference(&documented)
        .map(|metric| format!("{metric} is counted or documented, not both"))
        .collect();

    must_be_empty(&violations, "Change the table in shared/postroom-aws/src/metrics/mod.rs.");
}

#[test]
fn every_warning_about_a_message_that_stays_says_so() {
    let violations: Vec<_> = SENDERS
        .iter()
        .flat_map(|path| warnings(&read(path)).into_iter().map(move |warning| (path, warning)))
        .filter(|(_, warning)| !warning.contains("in the outbox"))
        .map(|(path, warning)| format!("{path}: {warning}"))
        .collect();

    must_be_empty(
        &violations,
        "Say `in the outbox` in the line: an alarm tells people to search for it.",
    );
}

#[test]
fn questions_to_the_logs_ask_for_fields_that_there_are() {
    let known: BTreeSet<&str> = [
        "attempt",
        "causation_id",
        "correlation_id",
        "dead_letter",
        "duration_ms",
        "event.id",
        "event.type",
        "fingerprint",
        "handler",
        "level",
        "message",
        "message_id",
        "reason",
        "timestamp",
    ]
    .into();
    let code: String = product().into_iter().map(|source| source.text).collect();

    for query in resources("AWS::Logs::QueryDefinition") {
        let text = query.text("/QueryString");
        let asked = text.lines().next().and_then(|line| line.strip_prefix("fields ")).unwrap_or("");
        let asked: Vec<_> = asked.split(',').map(|field| field.trim().trim_matches('`')).collect();
        assert!(asked.len() > 5, "{}: {text}", query.id);
        for field in asked {
            assert!(known.contains(field) && code.contains(field), "{}: {field}", query.id);
        }
    }
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

fn alarms() -> Vec<Resource> {
    let mut alarms = resources("AWS::CloudWatch::Alarm");
    alarms.retain(|alarm| alarm.text("/Namespace") == NAMESPACE);
    assert!(!alarms.is_empty(), "no alarm waits for what the code counts");
    alarms
}

/// The metrics of a dashboard that are ours: those after `"Postroom"`, and in the lines below it that begin with `.`.
fn shown(dashboard: &str) -> Vec<String> {
    let mut namespace = String::new();
    let mut found = Vec::new();
    for line in dashboard.lines().filter_map(|line| line.trim().strip_prefix('[')) {
        let mut texts = line.split('"').skip(1).step_by(2);
        let (Some(first), Some(metric)) = (texts.next(), texts.next()) else { continue };
        match first {
            "..." => continue,
            "." => {}
            first => first.clone_into(&mut namespace),
        }
        if namespace == NAMESPACE {
            found.push(metric.to_owned());
        }
    }
    found
}

/// Every metric that a log line of the product carries, and the one that is counted where lines are written.
fn counted() -> BTreeSet<String> {
    let mut counted = BTreeSet::from(["cold_start".to_owned()]);
    for source in product() {
        for (_, line) in source.code() {
            counted.extend(line.split("metric.").skip(1).filter_map(name_of_a_field));
        }
    }
    counted
}

/// `published = batch.len()` → `published`.
fn name_of_a_field(text: &str) -> Option<String> {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')?;
    let (name, rest) = text.split_at(end);
    (rest.starts_with(" =") && !rest.starts_with(" ==")).then(|| name.to_owned())
}

fn product() -> Vec<crate::repository::Source> {
    let mut sources = sources(&[".rs"]);
    sources.retain(|source| {
        (source.path.starts_with("shared/postroom") || source.path.starts_with("functions/"))
            && !source.path.contains("/tests/")
    });
    sources
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
