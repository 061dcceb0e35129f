//! `/contact-imports`: what callers send and get. What becomes of a file is the business's own tests' matter.

use axum::http::StatusCode;
use axum::http::header::LOCATION;
use domain::ContactImportId;
use domain::contact_imports::RejectedRow;
use domain::contact_imports::csv::Rejection;
use postroom::{Command, Origin, Tx, TxError};
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

/// What the worker of imports writes of rows that it rejects.
struct Reject(Vec<RejectedRow>);

impl Command for Reject {
    const NAME: &'static str = "reject";
    type Output = ();
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), TxError> {
        self.0.iter().try_for_each(|row| tx.put_view(row))
    }
}

/// An import that has rejected so many rows, the first of them as a whole; its path.
async fn rejecting(world: &World, rows: u64) -> String {
    let created = world.send(ask(1_024)).await;
    let id = created.body["id"].as_str().unwrap();
    let import_id: ContactImportId = id.parse().unwrap();
    let rejected = |line| RejectedRow {
        import_id,
        rejection: Rejection {
            line,
            column: (line > 2).then(|| "email".to_owned()),
            reason: if line == 2 { "=1, \"or\" 2".into() } else { format!("wrong in {line}") },
        },
    };
    let all: Vec<_> = (2..rows + 2).map(rejected).collect();
    for rows in all.chunks(90) {
        let origin = Origin {
            command_id: world.runtime.ports().ids.fresh().into(),
            tenant_id: "demo".parse().unwrap(),
            actor_id: None,
            correlation_id: "req-1".parse().unwrap(),
            traceparent: None,
            idempotency: None,
        };
        world.runtime.execute(&Reject(rows.to_vec()), &origin).await.unwrap();
    }
    format!("/contact-imports/{id}/rejected")
}

fn csv(path: &str) -> Ask {
    Ask::new("GET", path).header("accept", "text/csv")
}

/// Where the next part is.
fn next(link: &str) -> &str {
    link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap()
}

#[tokio::test]
async fn rejected_rows_are_a_file_for_who_asks_for_csv() {
    let world = World::new();
    let path = rejecting(&world, 2).await;

    let file = world.send(csv(&path)).await;
    let page = world.get(&path).await;

    assert_eq!(file.status, StatusCode::OK);
    assert_eq!((file.header("content-type"), file.header("vary")), ("text/csv", "accept"));
    assert_eq!(
        file.text,
        "line,column,reason\r\n2,,\"'=1, \"\"or\"\" 2\"\r\n3,email,wrong in 3\r\n"
    );
    let name = format!("rejected-{}.csv", path.split('/').nth(2).unwrap());
    assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{name}\""));
    assert!(!file.headers.contains_key("link"));
    assert_eq!((page.header("vary"), page.body["items"][1]["line"].as_u64()), ("accept", Some(3)));
    assert!(!page.headers.contains_key("content-disposition"));
}

#[tokio::test]
async fn parts_of_a_file_one_behind_the_other_are_all_of_it() {
    let world = World::new();
    let path = rejecting(&world, 10_000 + 1).await;

    let first = world.send(csv(&path)).await;
    let second = world.send(csv(next(first.header("link")))).await;

    assert_eq!(first.text.lines().count(), 1 + 10_000);
    assert_eq!(second.text, "10002,email,wrong in 10002\r\n");
    assert!(!second.headers.contains_key("link"));
}

#[tokio::test]
async fn a_file_is_as_short_as_its_caller_wants_it() {
    let world = World::new();
    let path = rejecting(&world, 3).await;

    let first = world.send(csv(&format!("{path}?limit=2"))).await;
    let second = world.send(csv(next(first.header("link")))).await;

    assert!(first.header("link").contains("?limit=2&cursor="), "{}", first.header("link"));
    assert_eq!((first.text.lines().count(), second.text.lines().count()), (1 + 2, 1));
}

#[tokio::test]
async fn rejected_rows_have_no_other_form() {
    let world = World::new();
    let path = rejecting(&world, 1).await;

    let refused = world.send(Ask::new("GET", &path).header("accept", "application/pdf")).await;

    refused.is_problem(406, "not-acceptable");
}
