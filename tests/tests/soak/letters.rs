//! What failed for good: looked at, and sent once more as an operator does.

use reqwest::Method;
use serde_json::{Value, json};
use tests::World;

/// Pages of letters, of a hundred each: more than there may be.
const PAGES: usize = 50;

/// Every open dead letter, as an operator sees it.
pub(crate) async fn open(world: &World, token: &str) -> Vec<Value> {
    let mut letters = Vec::new();
    let mut path = "/ops/dead-letters?limit=100".to_owned();
    for _ in 0..PAGES {
        let request = world.request(Method::GET, &path).bearer_auth(token);
        let page = world.send(request).await.expect(200);
        letters.extend_from_slice(page.items());
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("/ops/dead-letters?limit=100&cursor={cursor}"),
            None => return letters,
        }
    }
    panic!("more than {PAGES} pages of dead letters");
}

/// Sends the messages of all of them once more; answers how many.
pub(crate) async fn redrive(world: &World, token: &str) -> usize {
    let mut redriven = 0;
    let mut cursor = Value::Null;
    for _ in 0..PAGES {
        let order = json!({"limit": 100, "per_minute": 60_000, "cursor": cursor});
        let request = world.request(Method::POST, "/ops/dead-letters/redrive").bearer_auth(token);
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
