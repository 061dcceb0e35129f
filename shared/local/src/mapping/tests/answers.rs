//! What becomes of a batch that was answered.

use futures_util::future::join_all;

use super::{Running, VISIBILITY};
use crate::lambda::{FunctionError, InvokeError};

/// Sends `a` and `b`, gives this answer, and checks which of them come again and that the others are gone.
async fn check(answer: Result<&str, InvokeError>, reports_failures: bool, expected: &[&str]) {
    let mut running = Running::start("q", |mapping| {
        mapping.report_batch_item_failures = reports_failures;
    });
    running.send(&["a", "b"]);
    let call = running.next().await;
    assert_eq!(call.bodies, ["a", "b"]);
    let [a, b] = [&call.ids[0], &call.ids[1]].map(Clone::clone);
    let spelt = format!("{answer:?}");

    call.answer(answer.map(|text| text.replace("ID-A", &a).replace("ID-B", &b)));

    running.holds(expected.len()).await;
    running.outlast_visibility();
    if expected.is_empty() {
        running.quiet().await;
    } else {
        assert_eq!(running.next_bodies().await, expected, "{spelt}");
    }
}

#[tokio::test]
async fn what_an_answer_leaves_undone_comes_again_and_the_rest_is_deleted() {
    let cases: [(&str, &[&str]); 19] = [
        ("", &[]),
        ("null", &[]),
        ("{}", &[]),
        (r#"{"batchItemFailures": []}"#, &[]),
        (r#"{"batchItemFailures": null}"#, &[]),
        (r#"{"batchItemFailures": [{"itemIdentifier": "ID-A"}]}"#, &["a"]),
        (
            r#"{"batchItemFailures": [{"itemIdentifier": "ID-B"}, {"itemIdentifier": "ID-B"}]}"#,
            &["b"],
        ),
        (
            r#"{"batchItemFailures": [{"itemIdentifier": "ID-A"}, {"itemIdentifier": "ID-B"}]}"#,
            &["a", "b"],
        ),
        (r#"{"batchItemFailures": [{"itemIdentifier": "other"}]}"#, &["a", "b"]),
        (
            r#"{"batchItemFailures": [{"itemIdentifier": "ID-A"}, {"itemIdentifier": "other"}]}"#,
            &["a", "b"],
        ),
        (r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#, &["a", "b"]),
        (r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#, &["a", "b"]),
        (r#"{"batchItemFailures": [{"messageId": "ID-A"}]}"#, &["a", "b"]),
        (r#"{"batchItemFailures": ["ID-A"]}"#, &["a", "b"]),
        (r#"{"batchItemFailures": "ID-A"}"#, &["a", "b"]),
        (r#"{"batch_item_failures": [{"itemIdentifier": "ID-A"}]}"#, &["a", "b"]),
        (r#""ok""#, &["a", "b"]),
        ("[]", &["a", "b"]),
        ("{", &["a", "b"]),
    ];

    join_all(cases.map(|(answer, expected)| check(Ok(answer), true, expected))).await;
}

#[tokio::test]
async fn without_partial_failures_any_answer_deletes_the_batch() {
    let answers = ["", "{", r#"{"batchItemFailures": [{"itemIdentifier": "ID-A"}]}"#];

    join_all(answers.map(|answer| check(Ok(answer), false, &[]))).await;
}

#[tokio::test]
async fn a_batch_whose_function_errs_returns_as_a_whole() {
    let function = || "worker".to_owned();
    let source = FunctionError { error_type: "T".to_owned(), error_message: "m".to_owned() };
    let errors = [
        InvokeError::FunctionError { function: function(), source },
        InvokeError::TimedOut { function: function(), after: VISIBILITY },
        InvokeError::Throttled { function: function() },
        InvokeError::Crashed { function: function(), reason: "signal: 9".to_owned() },
    ];

    for reports_failures in [true, false] {
        let errors = errors.iter().cloned();
        let checks = errors.map(|error| check(Err(error), reports_failures, &["a", "b"]));
        join_all(checks).await;
    }
}

#[tokio::test]
async fn a_message_that_outlived_its_visibility_is_deleted_by_its_latest_receipt_alone() {
    for queue in ["q", "q.fifo"] {
        let mut running = Running::start(queue, |_| {});
        running.send(&["a"]);

        let slow = running.next().await;
        running.outlast_visibility();
        let again = running.next().await;
        assert_eq!((&slow.bodies, &slow.ids), (&again.bodies, &again.ids));
        slow.succeed();
        // The poller that takes this one has done with the stale receipt.
        running.send(&["b"]);
        let other = running.next().await;

        assert_eq!((other.bodies.as_slice(), running.count()), (&["b".to_owned()][..], 2));
        other.succeed();
        again.succeed();
        running.holds(0).await;
    }
}
