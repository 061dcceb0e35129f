//! Bodies, and what is said about them, that no well-behaved client sends.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{Ask, Reply, World};

/// Far more levels than any stack has room for.
const LEVELS: usize = 10_000;
const LIMIT: usize = 1024 * 1024;

fn valid() -> String {
    input(|_| ())
}

fn input(change: impl FnOnce(&mut Value)) -> String {
    let mut input = json!({
        "name": "Summer sale",
        "channel": "facebook",
        "budget": { "amount_minor": 150_000, "currency": "NZD" },
    });
    change(&mut input);
    input.to_string()
}

/// The valid input with one of its texts replaced.
fn replaced(old: &str, new: &str) -> String {
    let valid = valid();
    assert!(valid.contains(old), "{valid}");
    valid.replace(old, new)
}

/// Sends an order to create a campaign; where it is refused, nothing may be written.
async fn send(ask: Ask) -> Reply {
    let world = World::new();
    let reply = world.send(ask).await;
    if reply.status != StatusCode::CREATED {
        assert_eq!(world.written(), (0, 0, 0));
    }
    reply
}

async fn create(body: impl Into<String>) -> Reply {
    send(Ask::new("POST", "/campaigns").body(body)).await
}

/// Asserts that a body is 422, at one path.
async fn is_wrong_at(path: &str, body: String) {
    let reply = create(body.clone()).await;

    reply.is_problem(422, "invalid-input");
    assert_eq!(reply.body["errors"][0]["path"], path, "{body}: {}", reply.body);
    assert!(reply.body["errors"][0]["message"].is_string());
}

#[tokio::test]
async fn malformed_json_is_400() {
    for body in [
        "",
        "{",
        "{\"name\": 5, ",
        "{} {}",
        "NaN",
        "{'name': 1}",
        "\u{feff}{}",
        "{\"name\": \"\\ud800\"}",
    ] {
        create(body).await.is_problem(400, "malformed-json");
    }
}

#[tokio::test]
async fn a_body_of_another_shape_is_422_and_names_the_field() {
    is_wrong_at("", "[]".to_owned()).await;
    is_wrong_at("", "null".to_owned()).await;
    is_wrong_at("", "\"text\"".to_owned()).await;
    is_wrong_at("/name", input(|input| input["name"] = json!(5))).await;
    is_wrong_at("/name", input(|input| drop(input.as_object_mut().unwrap().remove("name")))).await;
    is_wrong_at("/channel", input(|input| input["channel"] = json!("tv"))).await;
    is_wrong_at("/account_id", input(|input| input["account_id"] = json!("mine"))).await;
    is_wrong_at("/budget", input(|input| input["budget"] = json!(150_000))).await;
    is_wrong_at("/budget/currency", input(|input| input["budget"]["currency"] = json!("nzd")))
        .await;
    is_wrong_at(
        "/budget/amount_minor",
        input(|input| input["budget"] = json!({ "currency": "NZD" })),
    )
    .await;
}

#[tokio::test]
async fn null_where_there_has_to_be_something_is_422() {
    for field in ["name", "channel", "budget"] {
        is_wrong_at(&format!("/{field}"), input(|input| input[field] = Value::Null)).await;
    }
    let amount = input(|input| input["budget"]["amount_minor"] = Value::Null);
    is_wrong_at("/budget/amount_minor", amount).await;
    let without_account = create(input(|input| input["account_id"] = Value::Null)).await;
    assert_eq!(without_account.status, StatusCode::CREATED);
}

#[tokio::test]
async fn fractional_money_is_422() {
    for amount in ["1.5", "150000.0", "1e3", "\"1\""] {
        is_wrong_at("/budget/amount_minor", replaced("150000", amount)).await;
    }
}

#[tokio::test]
async fn a_number_out_of_range_is_422() {
    for amount in [
        "0",
        "-1",
        "1000000000001",
        "9223372036854775808",
        "18446744073709551616",
        "1e400",
        "-1e400",
    ] {
        is_wrong_at("/budget/amount_minor", replaced("150000", amount)).await;
    }
}

#[tokio::test]
async fn an_array_in_the_place_of_an_object_is_422() {
    is_wrong_at("", r#"["Summer sale", "facebook", {}, null]"#.to_owned()).await;
    is_wrong_at("/budget", input(|input| input["budget"] = json!([150_000, "NZD"]))).await;
}

#[tokio::test]
async fn a_field_that_is_there_twice_is_422() {
    is_wrong_at("/name", replaced("\"name\"", "\"name\":\"x\",\"name\"")).await;
    let amount = replaced("\"amount_minor\"", "\"amount_minor\":1,\"amount_minor\"");
    is_wrong_at("/budget/amount_minor", amount).await;
}

#[tokio::test]
async fn a_field_that_is_not_known_is_ignored() {
    let created = create(input(|input| input["colour"] = json!({ "any": ["thing"] }))).await;

    assert_eq!(created.status, StatusCode::CREATED);
    assert!(created.body.get("colour").is_none());
}

#[tokio::test]
async fn deep_nesting_is_refused_wherever_it_is() {
    let deep = format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS));
    let objects = format!("{}1{}", "{\"a\":".repeat(LEVELS), "}".repeat(LEVELS));
    let unfinished = "[".repeat(LEVELS);

    for value in [&deep, &objects, &unfinished] {
        create(value.clone()).await.is_problem(400, "malformed-json");
        create(replaced("\"Summer sale\"", value)).await.is_problem(400, "malformed-json");
        let unknown = replaced("\"name\"", &format!("\"colour\":{value},\"name\""));
        create(unknown).await.is_problem(400, "malformed-json");
    }
}

#[tokio::test]
async fn broken_rules_are_422_and_all_named() {
    let reply = create(input(|input| {
        input["name"] = json!("  ");
        input["budget"]["amount_minor"] = json!(0);
    }))
    .await;

    reply.is_problem(422, "invalid-input");
    assert_eq!(reply.body["errors"][0]["path"], "/budget/amount_minor");
    assert_eq!(reply.body["errors"][1]["path"], "/name");
}

#[tokio::test]
async fn a_body_over_1_mib_is_413() {
    let padded = |bytes: usize| format!("{}{}", valid(), " ".repeat(bytes - valid().len()));

    assert_eq!(create(padded(LIMIT)).await.status, StatusCode::CREATED);
    create(padded(LIMIT + 1)).await.is_problem(413, "body-too-large");
}

#[tokio::test]
async fn a_body_that_is_no_text_is_read_and_bounded_like_any_other() {
    let bytes = |body: Vec<u8>| send(Ask::new("POST", "/campaigns").base64_body(body));
    let padded = |bytes: usize| format!("{}{}", valid(), " ".repeat(bytes - valid().len())).into();

    assert_eq!(bytes(padded(LIMIT)).await.status, StatusCode::CREATED);
    bytes(padded(LIMIT + 1)).await.is_problem(413, "body-too-large");
    bytes(b"{\"name\": \"\xff\"}".to_vec()).await.is_problem(400, "malformed-json");
}

#[tokio::test]
async fn a_body_that_says_it_is_something_else_is_415() {
    let typed = |kind: &str| {
        send(Ask::new("POST", "/campaigns").body(valid()).header("content-type", kind))
    };

    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", ""] {
        typed(kind).await.is_problem(415, "unsupported-media-type");
    }
    for kind in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.a+json"] {
        assert_eq!(typed(kind).await.status, StatusCode::CREATED, "{kind}");
    }
    let untyped = Ask::new("POST", "/campaigns").body(valid()).without_header("content-type");
    assert_eq!(send(untyped).await.status, StatusCode::CREATED);
}

#[test]
fn an_event_of_a_queue_is_an_error_that_says_what_was_expected() {
    let event = include_str!("../../../../events/sqs/sync-statistics.json");

    let error = lambda_http::request::from_str(event).unwrap_err();

    assert!(error.to_string().contains("API Gateway"), "{error}");
}
