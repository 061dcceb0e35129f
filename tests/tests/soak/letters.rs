//! What failed for good: looked at, and sent once more as an operator does, also while things still go wrong.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::World;
use tokio::time::{Instant, sleep};

use crate::book::may_pass;

/// Pages of letters, of a hundred each: more than there may be.
const PAGES: usize = 50;
/// How long the first letter of a queue may take: two failures, and what a collector that was killed held, twice.
const PATIENCE: Duration = Duration::from_mins(2);
/// How the reason of a letter begins that its collector wrote.
const GIVEN_UP: &str = "its queue gave it up";

/// Every open dead letter, as an operator sees it.
pub(crate) async fn open(world: &World) -> Vec<Value> {
    let token = operator(world).await;
    let mut letters = Vec::new();
    let mut path = "/ops/dead-letters?limit=100".to_owned();
    for _ in 0..PAGES {
        let request = world.request(Method::GET, &path).bearer_auth(&token);
        let page = world.send(request).await.expect(200);
        letters.extend_from_slice(page.items());
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("/ops/dead-letters?limit=100&cursor={cursor}"),
            None => return letters,
        }
    }
    panic!("more than {PAGES} pages of dead letters");
}

/// Sends the messages of all of them once more, however often they came back; answers how many.
pub(crate) async fn redrive(world: &World) -> usize {
    let token = operator(world).await;
    let mut redriven = 0;
    let mut cursor = Value::Null;
    for _ in 0..PAGES {
        let order = json!({"limit": 100, "per_minute": 60_000, "cursor": cursor, "again": true});
        let request = world.request(Method::POST, "/ops/dead-letters/redrive").bearer_auth(&token);
        let report = world.send(request.json(&order)).await.expect(200).body;
        assert_eq!(report["refused"], json!([]), "{report:#}");
        redriven += report["redriven"].as_array().unwrap().len();
        cursor = report["next"].clone();
        if cursor.is_null() {
            return redriven;
        }
    }
    panic!("more than {PAGES} bulks of dead letters");
}

/// Tries to send some once more while calls go wrong and processes die. Answers how many are known to be sent: of what
/// was not answered, nobody knows.
pub(crate) async fn redrive_meanwhile(world: &World) -> u64 {
    let token = operator(world).await;
    let order = json!({"limit": 20, "per_minute": 60_000});
    let request = world.request(Method::POST, "/ops/dead-letters/redrive").bearer_auth(token);
    let report = world.send(request.json(&order)).await;
    assert!(report.status == 200 || may_pass(&report), "{report:?}");
    report.body["redriven"].as_array().map_or(0, |redriven| redriven.len() as u64)
}

/// Waits until a queue has given up a message by itself, and the letter of it is written; whether that was in time.
pub(crate) async fn a_queue_gave_up(world: &World) -> bool {
    let deadline = Instant::now() + PATIENCE;
    let is_given_up = |item: &Value| {
        item["causes"]["L"][0]["S"].as_str().is_some_and(|cause| cause.starts_with(GIVEN_UP))
    };
    while !world.table("dead-letters").await.iter().any(is_given_up) {
        if Instant::now() > deadline {
            return false;
        }
        sleep(Duration::from_millis(500)).await;
    }
    true
}

/// Whether a letter, as an operator sees it, is of a message that its queue gave up.
pub(crate) fn is_given_up(letter: &Value) -> bool {
    letter["reason"].as_str().is_some_and(|reason| reason.starts_with(GIVEN_UP))
}

/// A token for each call: a long soak outlives one.
async fn operator(world: &World) -> String {
    world.get("/dev/token?tenant=operators&scope=ops").await.expect(200).text("/token")
}
