//! `/contact-imports`: what callers send and get. What becomes of a file is the business's own tests' matter.

use axum::http::StatusCode;
use axum::http::header::LOCATION;
use serde_json::json;

use super::world::{Ask, World};

fn ask(size_bytes: u64) -> Ask {
    let body = json!({ "file_name": "people.csv", "size_bytes": size_bytes });
    Ask::new("POST", "/contact-imports").body(body.to_string())
}

#[tokio::test]
async fn an_import_waits_for_its_file_and_its_reply_says_where_that_goes() {
    let world = World::new();

    let created = world.send(ask(1_024)).await;

    assert_eq!(created.status, StatusCode::CREATED, "{}", created.body);
    let id = created.body["id"].as_str().unwrap();
    assert_eq!(created.headers[LOCATION], format!("/contact-imports/{id}"));
    let upload = &created.body["upload"];
    assert_eq!(
        (&upload["method"], &upload["headers"]["content-type"]),
        (&json!("PUT"), &json!("text/csv"))
    );
    assert!(upload["url"].as_str().unwrap().contains(&format!("imports/demo/{id}.")));
    let shown = world.get(&format!("/contact-imports/{id}")).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert_eq!(shown.body["status"], "waiting");
    let counted = ["total", "processed", "imported", "duplicates", "rejected"];
    assert!(counted.iter().all(|name| shown.body[name] == 0), "{}", shown.body);
    assert!(shown.body.get("upload").is_none(), "who may look may not upload");
    let rejected = world.get(&format!("/contact-imports/{id}/rejected")).await;
    assert_eq!(rejected.body, json!({ "items": [], "next_cursor": null }));
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_it_is_uploaded() {
    let world = World::new();

    let refused = world.send(ask(100 * 1024 * 1024 + 1)).await;

    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.body["errors"][0]["path"], "/size_bytes");
}

#[tokio::test]
async fn an_import_is_cancelled_once() {
    let world = World::new();
    let created = world.send(ask(1_024)).await;
    let path = format!("/contact-imports/{}/cancel", created.body["id"].as_str().unwrap());

    let cancelled = world.post(&path).await;
    let again = world.post(&path).await;

    assert_eq!(
        (cancelled.status, &cancelled.body["status"]),
        (StatusCode::OK, &json!("cancelled"))
    );
    assert_eq!(
        (again.status, &again.body["type"]),
        (StatusCode::CONFLICT, &json!("/problems/contact-import-over"))
    );
}

#[tokio::test]
async fn an_import_that_there_is_not_is_not_found() {
    let world = World::new();
    let unknown = "/contact-imports/019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";

    for path in [unknown.to_owned(), format!("{unknown}/rejected")] {
        let reply = world.get(&path).await;

        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert_eq!(reply.body["type"], "/problems/contact-import-not-found");
    }
    assert_eq!(world.post(&format!("{unknown}/cancel")).await.status, StatusCode::NOT_FOUND);
}
