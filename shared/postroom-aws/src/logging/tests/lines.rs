//! Lines: their fields, which are written, and which are kept.

use std::time::Duration;

use serde_json::json;
use tokio::task::yield_now;
use tracing::instrument::WithSubscriber;
use tracing::{Instrument, Span, debug, error, info, info_span, warn};

use super::*;
use crate::logging::kept;

#[test]
fn a_line_has_the_fields_of_its_event_and_of_its_spans_at_its_root() {
    let output = written_at(&[], |clock| {
        let _invocation = invocation("8f5b").entered();
        let record = record("req-1").entered();
        record.record("attempt", 2);
        clock.advance(Duration::from_millis(41));
        warn!(reason = "the bank \"sleeps\"\n", is_late = true, of = 0.5, "not {}", "now");
    });

    assert_eq!(
        output.lines()[0],
        json!({
            "timestamp": "2026-11-21T09:30:00.041000Z",
            "level": "WARN",
            "message": "not now",
            "target": "postroom_aws::logging::tests::lines",
            "reason": "the bank \"sleeps\"\n",
            "is_late": true,
            "of": 0.5,
            "correlation_id": "req-1",
            "event.type": "order.placed",
            "handler": "charge-card",
            "attempt": 2,
            "duration_ms": 41,
            "request_id": "8f5b",
        })
    );
}

#[test]
fn no_name_is_written_twice_and_the_innermost_holds() {
    let output = written(|| {
        let _record = record("req-1").entered();
        let _listener = info_span!("listener", handler = "tell-owner", duration_ms = 3).entered();
        info!(handler = "me", message_of = 1, "said");
    });

    assert_eq!(output.text().matches("\"handler\"").count(), 1);
    assert_eq!(output.text().matches("\"duration_ms\"").count(), 1);
    let line = &output.lines()[0];
    assert_eq!(
        (&line["handler"], &line["duration_ms"], &line["correlation_id"]),
        (&json!("me"), &json!(3), &json!("req-1"))
    );
}

#[tokio::test]
async fn records_that_run_side_by_side_have_their_own_fields_on_every_line() {
    let (subscriber, output, _) = logs(&[]);
    let work = |name: &'static str| {
        let inner = async move {
            for step in 0..3 {
                info!("{name} {step}");
                yield_now().await;
            }
        };
        inner.instrument(record(name))
    };

    async { tokio::join!(work("a"), work("b"), work("c")) }.with_subscriber(subscriber).await;

    assert_eq!(output.messages()[..3], ["a 0", "b 0", "c 0"]);
    for line in output.lines() {
        let (message, id) = (line["message"].as_str(), line["correlation_id"].as_str());
        assert_eq!(&message.unwrap()[..1], id.unwrap());
    }
}

#[test]
fn debug_lines_of_a_record_that_does_not_fail_are_not_written() {
    let output = written(|| {
        let _record = record("req-1").entered();
        debug!("asking the bank");
        warn!("the bank is slow");
        info!(metric.processed = 1, metric.failed = 0, "done");
    });

    assert_eq!(output.messages(), ["the bank is slow", "done"]);
}

#[test]
fn debug_lines_of_a_record_are_written_before_the_line_that_says_it_failed() {
    for name in FAILURES {
        let output = written(|| {
            let _invocation = invocation("8f5b").entered();
            let other = record("req-2").in_scope(|| {
                debug!("nobody needs this");
                Span::current()
            });
            let failing = record("req-1").entered();
            debug!("asking the bank");
            match *name {
                "failed" => warn!(metric.failed = 1, "over"),
                "permanent" => warn!(metric.permanent = 1, "over"),
                "lease_lost" => warn!(metric.lease_lost = 1, "over"),
                "deadline_returned" => warn!(metric.deadline_returned = 1, "over"),
                name => panic!("no failure is called {name}"),
            }
            debug!("tidying up");
            drop((failing, other));
        });

        assert_eq!(output.messages(), ["asking the bank", "over", "tidying up"]);
        let shown = &output.lines()[0];
        assert_eq!((&shown["kept"], &shown["level"]), (&json!("DEBUG"), &json!("INFO")));
        assert_eq!(shown["correlation_id"], "req-1");
    }
}

#[test]
fn an_error_shows_what_was_kept_too() {
    let output = written(|| {
        let _record = record("req-1").entered();
        debug!("asking the bank");
        error!("the bank is gone");
    });

    assert_eq!(output.messages(), ["asking the bank", "the bank is gone"]);
}

#[test]
fn a_unit_of_work_that_panics_shows_what_was_kept() {
    let output = written(|| {
        let panicking = std::panic::catch_unwind(|| {
            let _record = record("req-1").entered();
            debug!("asking the bank");
            panic!("out of stamps");
        });
        assert!(panicking.is_err());
    });

    assert_eq!(output.messages(), ["asking the bank"]);
}

#[test]
fn of_too_many_debug_lines_the_last_are_written_with_one_warning() {
    let output = written(|| {
        let _record = record("req-1").entered();
        for index in 0..=kept::LINES {
            debug!("step {index}");
        }
        warn!(metric.failed = 1, "over");
    });

    let messages = output.messages();
    assert_eq!(messages.len(), kept::LINES + 2);
    assert_eq!(messages[..2], ["older debug lines were dropped", "step 1"]);
    let warning = &output.lines()[0];
    assert_eq!((&warning["level"], &warning["dropped"]), (&json!("WARN"), &json!(1)));
    assert_eq!(warning["correlation_id"], "req-1");
}

#[test]
fn at_debug_everything_is_written_at_once_and_once() {
    let output = written_at(&[("AWS_LAMBDA_LOG_LEVEL", "DEBUG")], |_| {
        let _record = record("req-1").entered();
        debug!("asking the bank");
        warn!(metric.failed = 1, "over");
    });

    assert_eq!(output.messages(), ["asking the bank", "over"]);
    assert_eq!(output.lines()[0]["level"], "DEBUG");
}

#[test]
fn debug_lines_of_libraries_are_never_kept() {
    let output = written(|| {
        let _record = record("req-1").entered();
        debug!(target: "aws_smithy_runtime::client", "the whole request");
        debug!(target: "hyper_util::client", "bytes");
        debug!(target: "hyperspace", "a crate of somebody's own");
        warn!(metric.failed = 1, "over");
    });

    assert_eq!(output.messages(), ["a crate of somebody's own", "over"]);
}

#[test]
fn levels_are_those_that_lambda_and_the_operator_name() {
    let say = |env: &[(&str, &str)]| {
        let output = written_at(env, |_| {
            debug!(target: "shop", "debug");
            info!("info");
            warn!("warn");
        });
        output.messages().join(" ")
    };

    assert_eq!(say(&[]), "info warn");
    assert_eq!(say(&[("AWS_LAMBDA_LOG_LEVEL", "WARN")]), "warn");
    assert_eq!(say(&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")]), "");
    assert_eq!(say(&[("AWS_LAMBDA_LOG_LEVEL", "WARN"), ("RUST_LOG", "info")]), "info warn");
    assert_eq!(say(&[("RUST_LOG", "shop=debug")]), "debug info warn");
    assert_eq!(say(&[("RUST_LOG", "error,shop=debug")]), "debug");
    assert_eq!(say(&[("RUST_LOG", "wran")]), "info warn");
}

#[test]
fn as_text_a_line_is_for_people_and_metrics_stay_json() {
    let output = written_at(&[("AWS_LAMBDA_LOG_FORMAT", "Text")], |_| {
        let _record = record("req-1").entered();
        info!(reason = "two words", metric.processed = 1, "it is\ndone");
    });

    let text = output.text();
    let (line, metrics) = text.split_once('\n').unwrap();
    assert_eq!(
        line,
        "2026-11-21T09:30:00.000000Z INFO postroom_aws::logging::tests::lines: it is done \
         reason=\"two words\" correlation_id=\"req-1\" event.type=\"order.placed\" \
         handler=\"charge-card\" duration_ms=0"
    );
    let metrics: Value = serde_json::from_str(metrics).unwrap();
    assert_eq!(metrics["processed"], 1);
}

#[test]
fn a_setting_that_is_malformed_is_ignored_with_one_warning() {
    for (variable, value) in
        [("AWS_LAMBDA_LOG_FORMAT", "XML"), ("AWS_LAMBDA_LOG_LEVEL", "LOUD"), ("RUST_LOG", "a=b=c")]
    {
        let output = written_at(&[(variable, value)], |_| {
            let _record = record("req-1").entered();
            debug!("asking the bank");
            info!("paid");
        });

        let warning = &output.lines()[0];
        assert_eq!(output.messages()[1..], ["paid"]);
        assert_eq!((&warning["level"], &warning["variable"]), (&json!("WARN"), &json!(variable)));
        assert!(warning["reason"].is_string());
        assert!(!output.text().contains(value), "a value may be secret");
    }
}
