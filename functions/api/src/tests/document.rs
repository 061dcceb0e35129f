//! The document and what the API does agree: here from the document's side, in [`agrees`] with every reply of every test.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::world::{Ask, Reply, World};
use crate::kind::Kind;
use crate::openapi::document;
use crate::routes;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| document(&routes::all()));

/// Asserts that the document knows this reply: its status, its kind of problem, its type and its headers.
#[track_caller]
pub(super) fn agrees(method: &str, path: &str, reply: &Reply) {
    let uri = reply.body["type"].as_str().unwrap_or_default();
    let Some(operation) = operation(method, path) else {
        let anywhere =
            [Kind::PATH_NOT_FOUND, Kind::METHOD_NOT_ALLOWED].iter().chain(&Kind::OF_EVERY_ROUTE);
        let known = anywhere.clone().any(|kind| (kind.status, &*kind.uri()) == (reply.status, uri));
        assert!(
            known || method == "HEAD",
            "{method} {path} is not in the document: {}",
            reply.body
        );
        return;
    };
    let documented = &operation["responses"][reply.status.as_str()];
    assert!(documented.is_object(), "{method} {path} answers an undocumented {}", reply.status);
    let content = &documented["content"][reply.header("content-type")];
    assert!(
        content.is_object(),
        "{method} {path} answers undocumented content: {:?}",
        reply.headers
    );
    if !reply.status.is_success() && method != "HEAD" {
        let known = content["schema"]["properties"]["type"]["enum"].as_array().unwrap();
        assert!(known.contains(&json!(uri)), "{method} {path} answers an undocumented {uri}");
    }
    headers_agree(documented, reply);
}

fn headers_agree(documented: &Value, reply: &Reply) {
    let headers = &DOCUMENT["components"]["headers"];
    for (name, header) in headers.as_object().unwrap() {
        let (listed, sent) =
            (!documented["headers"][name].is_null(), reply.headers.contains_key(name));
        assert!(
            listed || !sent || name == "X-Correlation-Id",
            "{name} is not documented: {documented}"
        );
        assert!(!listed || sent || header["required"] != true, "{name} is required: {documented}");
    }
}

/// The operation that a request is one of; `HEAD` is `GET` without the body.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let method = if method == "HEAD" { "get" } else { &method.to_ascii_lowercase() };
    // The router takes nothing for a parameter, unless the path ends with it.
    let fits = |template: &str| {
        let (template, found) = (template.split('/'), path.split('/'));
        template.clone().count() == found.clone().count()
            && !path.ends_with('/')
            && template
                .zip(found)
                .all(|(expected, found)| expected == found || expected.starts_with('{'))
    };
    let (_, path) = paths().iter().find(|(template, _)| fits(template))?;
    path.get(method)
}

fn paths() -> &'static Map<String, Value> {
    DOCUMENT["paths"].as_object().unwrap()
}

#[tokio::test]
async fn the_document_is_served_to_anybody() {
    let world = World::new();

    let served = world.send(Ask::new("GET", "/openapi.json").anonymous()).await;

    assert_eq!(served.status, StatusCode::OK);
    assert_eq!(served.header("content-type"), "application/json");
    assert_eq!(served.body, *DOCUMENT);
    assert_eq!(served.body["openapi"], "3.1.0");
}

#[tokio::test]
async fn every_path_has_the_documented_methods_and_no_other() {
    let world = World::new();

    for (path, methods) in paths() {
        let reply = world.send(Ask::new("TRACE", path)).await;

        reply.is_problem(405, "method-not-allowed");
        let mut documented: BTreeSet<_> =
            methods.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        if documented.contains("GET") {
            documented.insert("HEAD".to_owned());
        }
        let allowed = reply.header("allow").split(',').map(|method| method.trim().to_owned());
        assert_eq!(allowed.collect::<BTreeSet<_>>(), documented, "{path}");
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_says_what_it_does() {
    let operations = || paths().values().flat_map(|path| path.as_object().unwrap().values());

    let names: BTreeSet<_> = operations().map(|one| one["operationId"].as_str().unwrap()).collect();

    assert_eq!(names.len(), operations().count());
    assert!(operations().all(|one| one["summary"].as_str().unwrap().ends_with('.')));
    assert!(!names.contains(""));
}

#[test]
fn every_operation_but_the_document_and_what_is_signed_needs_a_token() {
    for (path, methods) in paths() {
        for operation in methods.as_object().unwrap().values() {
            let open = operation.get("security").is_none();
            let without = ["/openapi.json", "/webhooks/stripe"];
            assert_eq!(open, without.contains(&path.as_str()), "{path}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let mut pending = vec![&*DOCUMENT];
    let mut references = 0;
    while let Some(value) = pending.pop() {
        if let Some(reference) = value.get("$ref") {
            let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
            assert!(DOCUMENT.pointer(pointer).is_some(), "{pointer} leads nowhere");
            references += 1;
        }
        match value {
            Value::Array(values) => pending.extend(values),
            Value::Object(members) => pending.extend(members.values()),
            _ => {}
        }
    }
    assert!(references > 0);
}

#[test]
fn what_is_always_there_in_a_reply_may_be_left_out_of_a_request() {
    let schemas = &DOCUMENT["components"]["schemas"];

    assert_eq!(schemas["CampaignPage"]["required"], json!(["items", "next_cursor"]));
    assert_eq!(schemas["CampaignInput"]["required"], json!(["name", "channel", "budget"]));
    assert_eq!(schemas["Campaign"]["properties"]["version"]["type"], "integer");
}

#[test]
fn the_example_of_a_campaign_is_the_fixture() {
    let fixture: Value =
        serde_json::from_str(include_str!("../../../../events/http/create_campaign.json")).unwrap();

    assert_eq!(DOCUMENT["components"]["schemas"]["CampaignInput"]["examples"], json!([fixture]));
}
