//! Calls that go wrong on order.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::timeout;

use super::Harness;

#[tokio::test]
async fn a_status_fault_refuses_one_call_that_the_service_never_sees() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "status": 503 })).await;

    let refused = harness.send_message("api").await.expect("answered");
    let seen = harness.messages();
    let accepted = harness.send_message("api").await.expect("answered");

    assert_eq!((refused.status().as_u16(), accepted.status().as_u16()), (503, 200));
    assert_eq!((seen.as_str(), harness.messages().as_str()), ("0", "1"));
}

#[tokio::test]
async fn a_caller_killed_before_its_call_has_changed_nothing() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "kill_caller": "before", "function": "api" })).await;

    let other = harness.send_message("worker").await.map(|answer| answer.status().as_u16());
    let unanswered = harness.send_message("api").await;

    assert!(unanswered.is_err());
    assert_eq!(other.expect("answered"), 200);
    assert_eq!((harness.witness.killed(), harness.messages()), (vec!["api".into()], "1".into()));
}

#[tokio::test]
async fn a_caller_killed_after_its_call_has_done_the_work_without_learning_of_it() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "kill_caller": "after" })).await;

    let unanswered = harness.send_message("api").await;

    assert!(unanswered.is_err());
    assert_eq!((harness.witness.killed(), harness.messages()), (vec!["api".into()], "1".into()));
}

#[tokio::test]
async fn a_dropped_response_leaves_the_outcome_unknown_and_the_caller_alive() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "drop_response": true })).await;

    let unanswered = harness.send_message("api").await;

    assert!(unanswered.is_err());
    assert_eq!((harness.witness.killed(), harness.messages()), (vec![], "1".into()));
}

#[tokio::test]
async fn a_call_that_times_out_is_held_and_did_its_work_or_not_as_it_was_ordered() {
    let harness = Harness::start().await;
    let mut messages = Vec::new();
    for when in ["before", "after"] {
        harness.add_fault(json!({ "time_out": when })).await;

        let waited = timeout(Duration::from_millis(200), harness.send_message("api")).await;

        assert!(waited.is_err(), "answered");
        messages.push(harness.messages());
    }
    let page = harness.http.get(format!("{}/_faults", harness.endpoint.url())).send().await;
    let page: Value = page.expect("answered").json().await.expect("JSON");

    assert_eq!(messages, ["0", "1"]);
    assert_eq!(page, json!({ "applied": { "time_out": 2 } }));
}

#[tokio::test]
async fn a_throttled_transaction_is_cancelled_with_a_reason_for_each_of_its_actions() {
    let harness = Harness::start().await;
    let fault = json!({ "service": "dynamodb", "action": "TransactWriteItems", "status": 400 });
    harness.add_fault(fault).await;

    let request = json!({ "TransactItems": [{}, {}] });
    let target = "DynamoDB_20120810.TransactWriteItems";
    let refused = harness.call("api", target, request).await.expect("answered");

    assert_eq!(refused.status().as_u16(), 400);
    let body: Value = refused.json().await.expect("JSON");
    assert!(body["__type"].as_str().expect("type").ends_with("#TransactionCanceledException"));
    let codes: Vec<_> = body["CancellationReasons"].as_array().expect("reasons").iter().collect();
    assert_eq!((&codes[0]["Code"], &codes[1]["Code"]), (&json!("ThrottlingError"), &json!("None")));
}

#[tokio::test]
async fn a_delayed_call_is_answered_later() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "delay_ms": 50 })).await;
    let start = Instant::now();

    let answered = harness.send_message("api").await.expect("answered");

    assert!(answered.status().is_success());
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn faults_can_be_taken_back() {
    let harness = Harness::start().await;
    harness.add_fault(json!({ "status": 503 })).await;

    let taken_back =
        harness.http.delete(format!("{}/_faults", harness.endpoint.url())).send().await;

    assert!(taken_back.expect("answered").status().is_success());
    assert!(harness.send_message("api").await.expect("answered").status().is_success());
}

#[tokio::test]
async fn a_fault_that_is_not_understood_is_refused_with_the_field_named() {
    let harness = Harness::start().await;

    let refused = harness.add_fault(json!({ "kill_caller": "during" })).await;

    assert_eq!(refused.status().as_u16(), 400);
    let body: Value = refused.json().await.expect("JSON");
    assert_eq!(body["field"], "kill_caller");
}
