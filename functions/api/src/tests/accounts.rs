//! Accounts as they are read: by their views, which follow.

use serde_json::json;

use super::world::{Ask, World};

const OWNER: &str = "019aa4bf-0c00-7a1b-9c2d-3e4f5a6b7c8d";
const NOWHERE: &str = "019aa4c0-1f00-7d2a-9b6e-0c4a8e7f1d22";

#[tokio::test]
async fn an_account_that_nobody_has_heard_of_is_404() {
    let world = World::new();

    let unknown = world.get(&format!("/accounts/{NOWHERE}")).await;

    unknown.is_problem(404, "account-not-found");
}

#[tokio::test]
async fn a_view_that_has_not_come_so_far_is_409_with_a_wait() {
    let world = World::new();
    let body = json!({ "owner_id": OWNER, "currency": "NZD" }).to_string();
    let opened = world.send(Ask::new("POST", "/accounts").body(body)).await;
    let (id, version) = (opened.body["id"].as_str().unwrap(), &opened.body["version"]);

    let behind = world.get(&format!("/accounts/{id}?at_least_version={version}")).await;

    behind.is_problem(409, "view-behind");
    assert_eq!(behind.header("retry-after"), "1");
}

#[tokio::test]
async fn a_version_that_is_none_is_400() {
    let world = World::new();

    for version in ["", "-1", "1.5", "latest"] {
        let asked = world.get(&format!("/accounts/{NOWHERE}?at_least_version={version}")).await;

        asked.is_problem(400, "invalid-filter");
    }
}
