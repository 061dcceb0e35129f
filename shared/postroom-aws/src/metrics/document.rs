//! Documents of the embedded metric format, within its limits.

use jiff::Timestamp;
use postroom::sortable;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "Postroom";
/// The dimension of all metrics; a document may have 30.
const DIMENSION: &str = "FunctionName";
/// The most characters of a dimension's value.
// All limits here: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>,
// read 2026-11-21.
const VALUE_CHARACTERS: usize = 1_024;
/// The most metrics of a document.
const METRICS: usize = 100;
/// The most values of a metric in a document.
const VALUES: usize = 100;

/// A metric and all its values; not empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric<'a> {
    pub(super) name: &'a str,
    pub(super) unit: &'static str,
    pub(super) values: &'a [u64],
}

/// As few lines as hold all values.
pub(super) fn documents(
    mut left: Vec<Metric<'_>>,
    function: &str,
    at: Timestamp,
    level: &str,
    of_invocation: &[(&'static str, String)],
) -> Vec<String> {
    let function: String = function.chars().take(VALUE_CHARACTERS).collect();
    let mut lines = Vec::new();
    // Each round takes a hundred values off every metric.
    while !left.is_empty() {
        for metrics in left.chunks(METRICS) {
            let mut document = document(metrics, &function, at);
            document.insert("level".to_owned(), json!(level));
            document.insert("timestamp".to_owned(), json!(sortable(at)));
            for (name, value) in of_invocation {
                let value = serde_json::from_str(value).unwrap_or_default();
                document.insert((*name).to_owned(), value);
            }
            lines.push(format!("{}\n", Value::Object(document)));
        }
        left = left.into_iter().filter_map(rest).collect();
    }
    lines
}

fn document(metrics: &[Metric<'_>], function: &str, at: Timestamp) -> Map<String, Value> {
    let defined = metrics.iter().map(|metric| json!({"Name": metric.name, "Unit": metric.unit}));
    let directive = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [[DIMENSION]],
        "Metrics": defined.collect::<Vec<_>>(),
    });
    let head = json!({"Timestamp": at.as_millisecond(), "CloudWatchMetrics": [directive]});
    let mut document = Map::new();
    document.insert("_aws".to_owned(), head);
    document.insert(DIMENSION.to_owned(), json!(function));
    for metric in metrics {
        let value = match metric.values {
            [value] => json!(value),
            values => json!(values[..values.len().min(VALUES)]),
        };
        document.insert(metric.name.to_owned(), value);
    }
    document
}

fn rest(metric: Metric<'_>) -> Option<Metric<'_>> {
    let values = metric.values.get(VALUES..).filter(|values| !values.is_empty())?;
    Some(Metric { values, ..metric })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(metrics: Vec<Metric<'_>>, function: &str) -> Vec<Value> {
        let at = "2026-11-21T09:30:00Z".parse().unwrap();
        let invocation = [("request_id", r#""8f5b""#.to_owned())];
        let lines = documents(metrics, function, at, "INFO", &invocation);
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn defined(line: &Value) -> &Vec<Value> {
        line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap()
    }

    /// What CloudWatch asks of a document; it drops one that breaks a rule, without a word to us.
    fn is_within_the_limits(line: &Value) {
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert_eq!(directives.len(), 1);
        assert!(line["_aws"]["Timestamp"].is_u64());
        assert!((1..=100).contains(&defined(line).len()));
        for dimensions in directives[0]["Dimensions"].as_array().unwrap() {
            assert!(dimensions.as_array().unwrap().len() <= 30);
            for dimension in dimensions.as_array().unwrap() {
                let value = line[dimension.as_str().unwrap()].as_str().unwrap();
                assert!((1..=1_024).contains(&value.chars().count()));
            }
        }
        for metric in defined(line) {
            match &line[metric["Name"].as_str().unwrap()] {
                Value::Array(values) => assert!((1..=100).contains(&values.len())),
                value => assert!(value.is_u64(), "{metric}: {value}"),
            }
        }
        assert!(line.to_string().len() <= 1_048_576);
    }

    fn values_of(lines: &[Value], metric: &str) -> Vec<u64> {
        let values = lines.iter().map(|line| &line[metric]);
        let values = values.flat_map(|value| match value {
            Value::Array(values) => values.iter().filter_map(Value::as_u64).collect(),
            value => value.as_u64().into_iter().collect::<Vec<_>>(),
        });
        values.collect()
    }

    #[test]
    fn a_document_is_as_it_is_documented() {
        let lag_ms = Metric { name: "lag_ms", unit: "Milliseconds", values: &[310, 295] };
        let processed = Metric { name: "processed", unit: "Count", values: &[2] };

        assert_eq!(
            lines(vec![lag_ms, processed], "dev-charge-card"),
            [json!({
                "_aws": {
                    "Timestamp": 1_795_253_400_000_u64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Postroom",
                        "Dimensions": [["FunctionName"]],
                        "Metrics": [
                            {"Name": "lag_ms", "Unit": "Milliseconds"},
                            {"Name": "processed", "Unit": "Count"},
                        ],
                    }],
                },
                "FunctionName": "dev-charge-card",
                "lag_ms": [310, 295],
                "processed": 2,
                "level": "INFO",
                "timestamp": "2026-11-21T09:30:00.000000Z",
                "request_id": "8f5b",
            })]
        );
    }

    #[test]
    fn a_hundred_metrics_and_a_hundred_values_are_one_line_and_one_more_is_a_second() {
        for (metrics, values, expected) in [
            (100, 100, 1),
            (101, 1, 2),
            (1, 101, 2),
            (101, 101, 4),
            (250, 1, 3),
            (1, 1_000, 10),
            (0, 0, 0),
        ] {
            let names: Vec<String> = (0..metrics).map(|index| format!("m{index}_ms")).collect();
            let values: Vec<u64> = (0..values).collect();
            let of = |name| Metric { name, unit: "Milliseconds", values: &values };

            let lines = lines(names.iter().map(|name| of(name)).collect(), "dev-charge-card");

            assert_eq!(lines.len(), expected, "{metrics} metrics");
            lines.iter().for_each(is_within_the_limits);
            for name in &names {
                assert_eq!(values_of(&lines, name), values);
            }
        }
    }

    #[test]
    fn a_name_that_is_too_long_for_a_dimension_is_cut() {
        let metric = Metric { name: "processed", unit: "Count", values: &[1] };

        let lines = lines(vec![metric], &"ä".repeat(1_025));

        is_within_the_limits(&lines[0]);
    }
}
