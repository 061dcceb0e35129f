//! `/contacts`: adding, finding and getting.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{Ask, Reply, World};

async fn add(world: &World, email: &str, name: &str) -> Reply {
    let body = json!({ "email": email, "name": name }).to_string();
    world.send(Ask::new("POST", "/contacts").body(body)).await
}

async fn ids(world: &World, path: &str) -> (Vec<Value>, Value) {
    let page = world.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let items = page.body["items"].as_array().unwrap().iter();
    (items.map(|item| item["id"].clone()).collect(), page.body["next_cursor"].clone())
}

#[tokio::test]
async fn an_added_contact_is_answered_and_found_again() {
    let world = World::new();
    let body =
        json!({"email": " Ann@Example.com", "name": "Ann Smith ", "phone": "+64 21 123 456"});

    let added = world.send(Ask::new("POST", "/contacts").body(body.to_string())).await;

    assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    let id = added.body["id"].as_str().unwrap();
    assert_eq!(added.header("location"), format!("/contacts/{id}"));
    assert_eq!(
        added.body,
        json!({
            "id": id,
            "email": "ann@example.com",
            "name": "Ann Smith",
            "phone": "+64 21 123 456",
            "created_at": "2026-11-21T09:30:00Z",
        })
    );
    let found = world.get(&format!("/contacts/{id}")).await;
    assert_eq!((found.status, found.body), (StatusCode::OK, added.body.clone()));
    assert_eq!(ids(&world, "/contacts?query=ANN%20sm").await.0, [json!(id)]);
}

#[tokio::test]
async fn the_timeline_of_a_contact_tells_that_it_was_added() {
    let world = World::new();
    let id = add(&world, "ann@example.com", "Ann").await.body["id"].as_str().unwrap().to_owned();

    let timeline = world.get(&format!("/contacts/{id}/timeline")).await;

    assert_eq!(timeline.status, StatusCode::OK, "{}", timeline.body);
    let [item] = &timeline.body["items"].as_array().unwrap()[..] else { panic!() };
    assert_eq!(
        (&item["event_type"], &item["text"]),
        (&json!("contact.added"), &json!("Ann was added"))
    );
    assert_eq!(
        (&item["at"], &timeline.body["next_cursor"]),
        (&json!("2026-11-21T09:30:00Z"), &Value::Null)
    );
    let nobodys = world.get("/contacts/3ed2f7e1-789f-5eaf-91eb-eee5ab0049ff/timeline").await;
    nobodys.is_problem(404, "contact-not-found");
}

#[tokio::test]
async fn an_address_that_has_a_contact_is_409_and_names_it() {
    let world = World::new();
    let ann = add(&world, "ann@example.com", "Ann").await;
    let written = world.written();

    let again = add(&world, "ANN@EXAMPLE.COM", "Another").await;

    again.is_problem(409, "contact-exists");
    let detail = again.body["detail"].as_str().unwrap();
    assert!(detail.ends_with(ann.body["id"].as_str().unwrap()), "{detail}");
    // But for the note of the refusal nothing is written, and that is no item, event or message.
    assert_eq!(world.written(), written);
}

#[tokio::test]
async fn what_is_wrong_with_a_contact_is_named() {
    let world = World::new();
    let body = json!({"email": "ann", "name": "", "phone": "x".repeat(41)}).to_string();

    let wrong = world.send(Ask::new("POST", "/contacts").body(body)).await;

    wrong.is_problem(422, "invalid-input");
    let errors = wrong.body["errors"].as_array().unwrap().iter();
    let paths: Vec<&Value> = errors.map(|error| &error["path"]).collect();
    assert_eq!(paths, ["/email", "/name", "/phone"]);
}

#[tokio::test]
async fn a_cursor_leads_on_among_what_its_query_finds_and_nowhere_else() {
    let world = World::new();
    for (email, name) in [("ann@example.com", "Zoe"), ("bob@example.com", "Ann")] {
        add(&world, email, name).await;
    }

    let (first, cursor) = ids(&world, "/contacts?query=ann&limit=1").await;
    let cursor = cursor.as_str().unwrap();
    let mut rest = ids(&world, &format!("/contacts?query=Ann%20&limit=1&cursor={cursor}")).await;
    // A page may be empty and have a next.
    if rest.0.is_empty() {
        let cursor = rest.1.as_str().unwrap().to_owned();
        rest = ids(&world, &format!("/contacts?query=ann&limit=1&cursor={cursor}")).await;
    }

    let all = ids(&world, "/contacts").await.0;
    assert_eq!([first, rest.0].concat(), all);
    let elsewhere = world.get(&format!("/contacts?query=bob&cursor={cursor}")).await;
    elsewhere.is_problem(400, "unknown-cursor");
    world.get(&format!("/contacts?cursor={cursor}")).await.is_problem(400, "unknown-cursor");
}

#[tokio::test]
async fn a_query_has_100_characters_at_most() {
    let world = World::new();

    let most = world.get(&format!("/contacts?query={}", "%C3%A9".repeat(100))).await;
    let more = world.get(&format!("/contacts?query={}", "x".repeat(101))).await;

    assert_eq!(most.status, StatusCode::OK);
    more.is_problem(400, "invalid-filter");
}

#[tokio::test]
async fn what_is_no_contact_of_the_tenant_is_404() {
    let world = World::new();
    let ann = add(&world, "ann@example.com", "Ann").await;
    let path = format!("/contacts/{}", ann.body["id"].as_str().unwrap());

    let theirs = world.send(Ask::new("GET", &path).claim("custom:tenant", "other")).await;

    theirs.is_problem(404, "contact-not-found");
    world.get("/contacts/no-id").await.is_problem(404, "contact-not-found");
}
