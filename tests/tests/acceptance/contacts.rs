//! Contacts over HTTP and DynamoDB: one for each address, and found by how they begin.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{Reply, World};
use tokio::task::JoinSet;

const RIVALS: usize = 10;
/// More than all pages of any list here.
const MAX_PAGES: usize = 30;

fn adding(world: &World, email: &str, name: &str) -> RequestBuilder {
    let contact = json!({"email": email, "name": name, "phone": "+64 21 123 456"});
    world.request(Method::POST, "/contacts").json(&contact)
}

async fn add(world: &World, email: &str, name: &str) -> Reply {
    world.send(adding(world, email, name)).await
}

/// The e-mails of what a query finds, page by page.
async fn found(world: &World, query: &str, limit: usize) -> Vec<String> {
    let encoded: Vec<String> = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let query = encoded.concat();
    let (mut found, mut cursor) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let behind = cursor.map_or(String::new(), |cursor: String| format!("&cursor={cursor}"));
        let path = format!("/contacts?query={query}&limit={limit}{behind}");
        let page = world.get(&path).await.expect(200);
        found.extend(page.items().iter().map(|item| item["email"].as_str().unwrap().to_owned()));
        cursor = page.body["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(cursor, None, "the list does not end");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_add_one_address_at_once_one_does_and_the_others_learn_its_id() {
    let world = World::start().await;
    let mut rivals = JoinSet::new();
    for rival in 0..RIVALS {
        let email = if rival % 2 == 0 { "ann@example.com" } else { " Ann@EXAMPLE.com" };
        rivals.spawn(adding(&world, email, &format!("Rival {rival}")).send());
    }

    let (mut added, mut refused) = (Vec::new(), Vec::new());
    while let Some(answer) = rivals.join_next().await {
        let answer = Reply::read(answer.unwrap().unwrap()).await;
        if answer.status == 201 { added.push(answer) } else { refused.push(answer.expect(409)) }
    }

    assert_eq!((added.len(), refused.len()), (1, RIVALS - 1));
    let id = added[0].text("/id");
    for refused in refused {
        assert_eq!(refused.body["type"], "/problems/contact-exists");
        assert!(refused.text("/detail").ends_with(&id), "{}", refused.body);
    }
    assert_eq!(world.table("journal").await.len(), 1);
    // The contact and its two entries.
    assert_eq!(world.table("state").await.len(), 3);
    assert_eq!(world.get(&format!("/contacts/{id}")).await.expect(200).body, added[0].body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_found_once_each_by_e_mail_and_then_by_name() {
    let world = World::start().await;
    for (email, name) in [
        ("zoe@example.com", "Änne Zett"),
        ("anna@example.com", "Anna Abel"),
        ("ann@example.com", "ANN SMITH"),
        ("bob@example.com", "ann%#1"),
        ("an@example.com", "änne abel"),
    ] {
        add(&world, email, name).await.expect(201);
    }

    for limit in [1, 2, 100] {
        let ann = ["ann@example.com", "anna@example.com", "bob@example.com"];
        assert_eq!(found(&world, "Ann", limit).await, ann);
        let anne = ["an@example.com", "zoe@example.com"];
        assert_eq!(found(&world, "ÄNNE", limit).await, anne);
        assert_eq!(found(&world, "ann%#", limit).await, ["bob@example.com"]);
        assert_eq!(found(&world, "nobody", limit).await, [""; 0]);
        let all = [&anne[..1], &ann, &anne[1..]].concat();
        assert_eq!(found(&world, "", limit).await, all);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_costs_one_read_and_one_transaction_and_a_search_two_queries() {
    let world = World::start().await;
    world.aws_calls().await;

    add(&world, "ann@example.com", "Ann").await.expect(201);
    let adding = world.aws_calls().await;
    world.get("/contacts?query=ann").await.expect(200);
    let searching = world.aws_calls().await;
    world.get("/contacts").await.expect(200);
    let listing = world.aws_calls().await;

    assert_eq!(adding["api"], json!({"dynamodb.GetItem": 1, "dynamodb.TransactWriteItems": 1}));
    assert_eq!(searching["api"], json!({"dynamodb.Query": 2}));
    assert_eq!(listing["api"], json!({"dynamodb.Query": 1}));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_in_no_key_of_an_event_and_in_no_line_of_the_log() {
    let world = World::start().await;

    add(&world, "ann@example.com", "Ann").await.expect(201);
    add(&world, "ann@example.com", "Ann").await.expect(409);

    let journal = world.table("journal").await;
    let envelope: Value = journal[0]["envelope"]["S"].as_str().unwrap().parse().unwrap();
    for key in [&journal[0]["stream"]["S"], &envelope["subject"], &envelope["id"]] {
        assert!(!key.as_str().unwrap().contains("ann@"), "{key}");
    }
    for mut run in world.table("inbox").await {
        // What a caller was answered is kept for who asks again.
        run.as_object_mut().unwrap().remove("output");
        assert!(!run.to_string().contains("ann@"), "{run}");
    }
    for line in world.system().output().iter().filter(|line| line.starts_with("[api]")) {
        assert!(!line.contains("ann@"), "{line}");
    }
    world.stop().await;
}
