//! `/reports`: what callers send and get. How reports are made is the business's own tests' matter.

use axum::http::StatusCode;
use axum::http::header::LOCATION;
use serde_json::{Value, json};

use super::world::{Ask, World};

const NOBODY: &str = "019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";

fn ask(input: &Value) -> Ask {
    Ask::new("POST", "/reports").body(input.to_string())
}

#[tokio::test]
async fn a_report_is_accepted_and_waits_at_its_location() {
    let world = World::new();
    let input = json!({ "kind": "campaign_performance", "from": "2026-11-01T00:00:00+13:00",
        "format": "csv" });

    let accepted = world.send(ask(&input)).await;

    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.body);
    let path = format!("/reports/{}", accepted.body["id"].as_str().unwrap());
    assert_eq!(accepted.headers[LOCATION], path.as_str());
    let shown = world.get(&path).await;
    assert_eq!((shown.status, &shown.body), (StatusCode::OK, &accepted.body));
    assert_eq!(shown.body["status"], "waiting");
    assert_eq!(shown.body["from"], "2026-10-31T11:00:00Z");
    assert!(shown.body.get("download_url").is_none());
    let listed = world.get("/reports").await;
    assert_eq!(listed.body["items"], json!([accepted.body]));
}

#[tokio::test]
async fn what_is_wrong_with_a_report_is_told_with_its_path() {
    let world = World::new();
    let summary = |name: &str, value: Value| {
        let mut input = json!({ "kind": "import_summary", "format": "json" });
        input[name] = value;
        input
    };

    for (input, path) in [
        (summary("kind", json!("account_statement")), "/account_id"),
        (summary("account_id", json!(NOBODY)), "/account_id"),
        (summary("campaign_ids", json!([NOBODY])), "/campaign_ids"),
        (summary("kind", json!("weather")), "/kind"),
        (summary("format", json!("pdf")), "/format"),
        (summary("from", json!("yesterday")), "/from"),
    ] {
        let refused = world.send(ask(&input)).await;

        refused.is_problem(422, "invalid-input");
        assert_eq!(refused.body["errors"][0]["path"], path, "{}", refused.body);
    }
}

#[tokio::test]
async fn there_is_no_statement_of_an_account_that_there_is_not() {
    let world = World::new();
    let input = json!({ "kind": "account_statement", "account_id": NOBODY, "format": "csv" });

    world.send(ask(&input)).await.is_problem(404, "account-not-found");
}

#[tokio::test]
async fn a_report_that_there_is_not_is_not_found() {
    let world = World::new();

    for id in [NOBODY, "1"] {
        world.get(&format!("/reports/{id}")).await.is_problem(404, "report-not-found");
    }
}
