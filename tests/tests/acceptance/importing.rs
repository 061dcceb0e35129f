//! Imports over HTTP, S3, SQS and DynamoDB: from the upload that plain HTTP makes to the account of every row.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tests::{Reply, World, WorldOptions};

/// How long an import of thousands of rows may take here: what three dead workers held comes back after 44 s each, and
/// what one of them had committed leaves with the relay, within a minute.
const PATIENCE: Duration = Duration::from_mins(4);
const ROWS: usize = 2_000;
const REJECTED: usize = ROWS / 100;
const DUPLICATES: usize = ROWS / 20;

/// A file of which one row in a hundred is wrong, and one in twenty is of somebody who is in it before.
fn people() -> String {
    let row = |number: usize| match number {
        _ if number % 100 == 7 => format!("nobody {number},Person {number}\r\n"),
        _ if number % 20 == 11 => format!("P{}@Example.com,Again\r\n", number - 1),
        _ => format!("p{number}@example.com,\"Person, {number}\"\r\n"),
    };
    let rows: String = (0..ROWS).map(row).collect();
    format!("\u{feff}E-Mail,Name\r\n{rows}")
}

/// Asks for an import of a file and uploads it, as its reply says; its path.
pub(crate) async fn uploaded(world: &World, file: &str) -> String {
    let input = json!({ "file_name": "people.csv", "size_bytes": file.len() });
    let asked = world.request(Method::POST, "/contact-imports").json(&input);
    let created = world.send(asked).await.expect(201);

    let upload = &created.body["upload"];
    let method: Method = upload["method"].as_str().unwrap().parse().unwrap();
    let mut put = Client::new().request(method, upload["url"].as_str().unwrap());
    for (name, value) in upload["headers"].as_object().unwrap() {
        put = put.header(name, value.as_str().unwrap());
    }
    let put = put.body(file.to_owned()).send().await.unwrap();
    assert_eq!(put.status(), StatusCode::OK, "{}", put.text().await.unwrap());
    format!("/contact-imports/{}", created.text("/id"))
}

/// The import when it is over; no number of it goes back until then.
pub(crate) async fn over(world: &World, path: &str) -> Reply {
    let (began, mut before) = (Instant::now(), Value::Null);
    loop {
        let import = world.get(path).await.expect(200);
        for name in ["total", "processed", "imported", "duplicates", "rejected"] {
            let [then, now] = [&before, &import.body].map(|body| body[name].as_u64());
            assert!(then.unwrap_or(0) <= now.unwrap(), "{before:#} became {:#}", import.body);
        }
        if !["waiting", "running"].contains(&import.text("/status").as_str()) {
            return import;
        }
        assert!(began.elapsed() < PATIENCE, "{:#}", import.body);
        before = import.body;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn counts(import: &Reply) -> [usize; 5] {
    ["total", "processed", "imported", "duplicates", "rejected"]
        .map(|name| usize::try_from(import.body[name].as_u64().unwrap()).unwrap())
}

/// How many contacts there are, by their own items.
async fn contacts(world: &World) -> usize {
    let items = world.table("state").await;
    items.iter().filter(|item| item["pk"]["S"] == "demo#contacts").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_an_uploaded_file_is_accounted_for_and_the_same_file_imports_nothing_new() {
    let world = World::start().await;
    let imported = ROWS - REJECTED - DUPLICATES;

    let path = uploaded(&world, &people()).await;
    let first = over(&world, &path).await;
    let rejected = world.get(&format!("{path}/rejected?limit=100")).await.expect(200);
    let as_csv = world.request(Method::GET, &format!("{path}/rejected"));
    let file = as_csv.header("accept", "text/csv").send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "text/csv");
    let file = file.text().await.unwrap();
    let again = over(&world, &uploaded(&world, &people()).await).await;

    assert_eq!(first.text("/status"), "completed", "{:#}", first.body);
    assert_eq!(counts(&first), [ROWS, ROWS, imported, DUPLICATES, REJECTED]);
    assert_eq!(rejected.items().len(), REJECTED);
    assert_eq!(rejected.items()[0]["line"], 9);
    assert_eq!(rejected.items()[0]["column"], "email");
    let lines: Vec<_> = file.lines().collect();
    assert_eq!((lines.len(), lines[0]), (1 + REJECTED, "line,column,reason"));
    assert!(lines[1].starts_with("9,email,"), "{file}");
    assert_eq!(counts(&again), [ROWS, ROWS, 0, ROWS - REJECTED, REJECTED]);
    assert_eq!(contacts(&world).await, imported);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_killed_leave_an_import_exact() {
    // What a dead one held comes back sooner; less time it would not begin a file with.
    let template =
        vec![("Timeout: 60", "Timeout: 43"), ("VisibilityTimeout: 360", "VisibilityTimeout: 44")];
    let world = World::with(WorldOptions { template, ..WorldOptions::default() }).await;
    // Once when something was just committed, and twice where a chunk, and nothing else, looks who is there.
    for (action, when, times) in [("TransactWriteItems", "after", 1), ("BatchGetItem", "before", 2)]
    {
        let fault = json!({ "service": "dynamodb", "action": action, "function": "import-contacts",
            "times": times, "kill_caller": when });
        world.aws_fault(fault).await;
    }

    let import = over(&world, &uploaded(&world, &people()).await).await;

    let imported = ROWS - REJECTED - DUPLICATES;
    assert_eq!(import.text("/status"), "completed", "{:#}", import.body);
    assert_eq!(counts(&import), [ROWS, ROWS, imported, DUPLICATES, REJECTED]);
    assert_eq!(contacts(&world).await, imported);
    assert_eq!(world.aws_heals().await["kill_caller"], 3);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_csv_of_contacts_fails_and_a_cancelled_import_stays_cancelled() {
    let world = World::start().await;

    let failed = over(&world, &uploaded(&world, "first,second\n1,2\n").await).await;
    let path = uploaded(&world, &people()).await;
    let cancelled = world.post(&format!("{path}/cancel")).await.expect(200);
    let after = over(&world, &path).await;

    assert_eq!(failed.text("/status"), "failed");
    assert!(failed.text("/reason").contains("no column \"email\""), "{:#}", failed.body);
    assert_eq!(
        (cancelled.text("/status"), after.text("/status")),
        ("cancelled".into(), "cancelled".into())
    );
    world.stop().await;
}
