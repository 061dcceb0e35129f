//! Accounts as they are read: by their views, which follow.

use axum::http::StatusCode;
use serde_json::json;

use super::ledger::{OWNER, nzd, transfer};
use super::world::{Ask, World};

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

    for version in ["", "-1", "1.5", "latest", "9007199254740992"] {
        let asked = world.get(&format!("/accounts/{NOWHERE}?at_least_version={version}")).await;

        asked.is_problem(400, "invalid-filter");
    }
}

#[tokio::test]
async fn a_transaction_says_what_moved_and_what_the_account_held_then() {
    let world = World::new();
    let (one, two) = (world.open("NZD").await, world.open("NZD").await);
    world.deposit(&one, 500).await;
    world.order("/transfers", transfer(&one, &two, &nzd(200))).await;
    world.project().await;

    let listed = world.get(&format!("/accounts/{one}/transactions?at_least_version=3")).await;

    assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
    let (items, at) = (&listed.body["items"], "2026-11-21T09:30:00Z");
    assert!(items[0]["event_id"].is_string() && items[0]["event_id"] != items[1]["event_id"]);
    assert_eq!(
        listed.body,
        json!({ "version": 3, "next_cursor": null, "items": [
            { "event_id": items[0]["event_id"], "account_id": one, "version": 3, "type": "withdrawal",
              "amount": nzd(200), "balance_after": nzd(300), "counterparty": two,
              "description": "Share", "at": at },
            { "event_id": items[1]["event_id"], "account_id": one, "version": 2, "type": "deposit",
              "amount": nzd(500), "balance_after": nzd(500), "description": "Top-up", "at": at },
        ]})
    );
}

#[tokio::test]
async fn transactions_are_paged_and_a_cursor_is_good_for_its_account_only() {
    let world = World::new();
    let (one, two) = (world.open("NZD").await, world.open("NZD").await);
    for amount in [1, 2, 3] {
        world.deposit(&one, amount).await;
    }
    world.project().await;
    let path = format!("/accounts/{one}/transactions?limit=2");

    let first = world.get(&path).await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = world.get(&format!("{path}&cursor={cursor}")).await;
    let elsewhere = world.get(&format!("/accounts/{two}/transactions?cursor={cursor}")).await;

    let versions = [&first.body["items"][0], &first.body["items"][1], &second.body["items"][0]];
    assert_eq!(versions.map(|one| one["version"].as_u64().unwrap()), [4, 3, 2]);
    assert_eq!(second.body["items"].as_array().unwrap().len(), 1);
    elsewhere.is_problem(400, "unknown-cursor");
}

#[tokio::test]
async fn transactions_of_no_account_of_the_tenant_are_404_and_those_behind_409() {
    let world = World::new();
    let one = world.open("NZD").await;
    world.project().await;
    let path = format!("/accounts/{one}/transactions");

    let behind = world.get(&format!("{path}?at_least_version=2")).await;
    let theirs = world.send(Ask::new("GET", &path).claim("custom:tenant", "other")).await;
    let unknown = world.get(&format!("/accounts/{NOWHERE}/transactions")).await;

    behind.is_problem(409, "view-behind");
    assert_eq!(behind.header("retry-after"), "1");
    theirs.is_problem(404, "account-not-found");
    unknown.is_problem(404, "account-not-found");
}

#[tokio::test]
async fn what_an_owner_has_is_summed_up_by_currency() {
    let world = World::new();
    let (one, two) = (world.open("NZD").await, world.open("NZD").await);
    let yen = world.open("JPY").await;
    world.deposit(&one, 500).await;
    world.deposit(&two, 30).await;
    world.post(&format!("/accounts/{yen}/close")).await;
    world.project().await;

    let summary = world.get(&format!("/owners/{OWNER}/summary")).await;

    let jpy = json!({ "amount_minor": 0, "currency": "JPY" });
    assert_eq!(summary.status, StatusCode::OK);
    assert_eq!(
        summary.body,
        json!({ "next_cursor": null, "items": [
            { "owner_id": OWNER, "open_accounts": 0, "balance": jpy, "held": jpy },
            { "owner_id": OWNER, "open_accounts": 2, "balance": nzd(530), "held": nzd(0) },
        ]})
    );
}

#[tokio::test]
async fn an_owner_with_many_currencies_is_summed_up_by_pages() {
    let world = World::new();
    for currency in ["NZD", "AUD", "JPY"] {
        world.open(currency).await;
    }
    world.project().await;
    let path = format!("/owners/{OWNER}/summary?limit=2");

    let first = world.get(&path).await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = world.get(&format!("{path}&cursor={cursor}")).await;

    let found = [&first.body["items"][0], &first.body["items"][1], &second.body["items"][0]];
    assert_eq!(found.map(|one| one["balance"]["currency"].clone()), ["AUD", "JPY", "NZD"]);
}

#[tokio::test]
async fn an_owner_without_an_account_of_the_tenant_is_404() {
    let world = World::new();
    world.open("NZD").await;
    world.project().await;
    let path = format!("/owners/{OWNER}/summary");

    let theirs = world.send(Ask::new("GET", &path).claim("custom:tenant", "other")).await;
    let unknown = world.get(&format!("/owners/{NOWHERE}/summary")).await;
    let no_id = world.get("/owners/me/summary").await;

    for reply in [theirs, unknown, no_id] {
        reply.is_problem(404, "owner-not-found");
    }
}
