//! Metrics: added up for an invocation, written when it ends.

use serde_json::json;
use tokio::task::yield_now;
use tracing::instrument::WithSubscriber;
use tracing::{Instrument, Span, debug, debug_span, info, warn};

use super::*;

#[test]
fn at_every_level_metrics_and_debug_lines_of_what_failed_pass_lambdas_filter() {
    for (level, passing) in [
        ("TRACE", "INFO"),
        ("INFO", "INFO"),
        ("WARN", "WARN"),
        ("ERROR", "ERROR"),
        ("FATAL", "FATAL"),
    ] {
        let output = written_at(&[("AWS_LAMBDA_LOG_LEVEL", level)], |_| {
            let _record = record("req-1").entered();
            debug!("asking the bank");
            info!(metric.published = 1, "sent");
            warn!(metric.failed = 1, "over");
        });

        let kept = output.lines().into_iter().filter(|line| line["kept"] == "DEBUG");
        let kept: Vec<_> = kept.map(|line| line["level"].clone()).collect();
        // From DEBUG on nothing is kept.
        assert_eq!(kept, if level == "TRACE" { vec![] } else { vec![json!(passing)] });
        let metrics = output.metrics();
        assert_eq!(metrics[0]["level"], passing);
        assert_eq!((&metrics[0]["published"], &metrics[0]["failed"]), (&json!(1), &json!(1)));
    }
}

#[test]
fn metrics_are_left_out_of_the_line_and_one_line_of_them_ends_the_invocation() {
    let output = written(|| {
        let _first = invocation("8f5b").in_scope(|| {
            for lag_ms in [310, 295_u64] {
                let _record = record("req-1").entered();
                info!(metric.processed = 1, metric.lag_ms = lag_ms, "done");
            }
            Span::current()
        });
    });

    let lines = output.lines();
    assert_eq!(lines.len(), 3);
    assert!(!output.text().contains("metric."));
    let metrics = &lines[2];
    assert_eq!((&metrics["processed"], &metrics["lag_ms"]), (&json!(2), &json!([310, 295])));
    assert_eq!(metrics["request_id"], "8f5b");
}

#[test]
fn metrics_are_written_when_the_invocation_panics() {
    let output = written(|| {
        let panicking = std::panic::catch_unwind(|| {
            let _invocation = invocation("8f5b").entered();
            info!(metric.processed = 1, "done");
            panic!("out of stamps");
        });
        assert!(panicking.is_err());
    });

    assert_eq!(output.metrics()[0]["processed"], 1);
}

#[tokio::test]
async fn metrics_are_written_when_the_invocation_is_dropped_and_invocations_do_not_mix() {
    let (subscriber, output, _) = logs(&[]);
    let invoke = |request_id: &'static str, count: u64| {
        let inner = async move {
            info!(metric.processed = count, "done");
            yield_now().await;
            info!(metric.processed = count, "done");
            std::future::pending::<()>().await;
        };
        inner.instrument(invocation(request_id))
    };

    async {
        let for_a_while = async {
            for _ in 0..5 {
                yield_now().await;
            }
        };
        tokio::select! {
            biased;
            _ = async { tokio::join!(invoke("one", 1), invoke("two", 10)) } => {}
            () = for_a_while => {}
        }
    }
    .with_subscriber(subscriber)
    .await;

    let metrics = output.metrics();
    let counts =
        metrics.iter().map(|line| (line["request_id"].as_str(), line["processed"].as_u64()));
    let mut counts: Vec<_> = counts.collect();
    counts.sort_unstable();
    assert_eq!(counts, [(Some("one"), Some(2)), (Some("two"), Some(20))]);
}

#[test]
fn what_a_library_keeps_open_does_not_hold_metrics_back() {
    let mut connection = None;
    let output = written_at(&[("RUST_LOG", "trace")], |_| {
        invocation("8f5b").in_scope(|| {
            connection = Some(debug_span!(target: "h2::client", "Connection"));
            info!(metric.processed = 1, "done");
        });
    });

    assert_eq!(output.metrics()[0]["processed"], 1);
    drop(connection);
}

#[test]
fn only_the_first_invocation_of_a_process_is_a_cold_start() {
    let output = written(|| {
        invocation("one").in_scope(|| info!(metric.processed = 1, "done"));
        invocation("two").in_scope(|| info!(metric.processed = 1, "done"));
        invocation("three").in_scope(|| ());
    });

    let metrics = output.metrics();
    assert_eq!(metrics.len(), 2);
    assert_eq!((&metrics[0]["cold_start"], &metrics[1]["cold_start"]), (&json!(1), &Value::Null));
}

#[test]
fn a_metric_outside_of_any_span_is_written_alone_and_what_is_none_stays_in_the_line() {
    let output = written(|| info!(metric.parcels = 3, metric.weight = -1, "shipped"));

    let lines = output.lines();
    assert_eq!(lines[0]["parcels"], 3);
    assert_eq!(lines[1]["metric.weight"], -1);
}
