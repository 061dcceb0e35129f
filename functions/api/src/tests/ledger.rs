//! Accounts and transfers.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{Ask, Reply, World};

const KEY: &str = "idempotency-key";
pub(super) const OWNER: &str = "019aa4bf-0c00-7a1b-9c2d-3e4f5a6b7c8d";
const NOWHERE: &str = "019aa4c0-1f00-7d2a-9b6e-0c4a8e7f1d22";

pub(super) fn nzd(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "NZD" })
}

fn movement(amount: &Value) -> String {
    json!({ "amount": amount, "description": "Top-up" }).to_string()
}

pub(super) fn transfer(from: &str, to: &str, amount: &Value) -> String {
    json!({ "from_account_id": from, "to_account_id": to, "amount": amount, "description": "Share" })
        .to_string()
}

impl World {
    pub(super) async fn open(&self, currency: &str) -> String {
        let body = json!({ "owner_id": OWNER, "currency": currency }).to_string();
        let opened = self.send(Ask::new("POST", "/accounts").body(body)).await;
        assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.body);
        opened.body["id"].as_str().unwrap().to_owned()
    }

    /// Orders something under a key that nobody else uses.
    pub(super) async fn order(&self, path: &str, body: String) -> Reply {
        let key = format!("key-{:?}", self.written());
        self.send(Ask::new("POST", path).header(KEY, &key).body(body)).await
    }

    pub(super) async fn deposit(&self, account: &str, amount_minor: i64) -> Reply {
        self.order(&format!("/accounts/{account}/deposits"), movement(&nzd(amount_minor))).await
    }
}

#[tokio::test]
async fn an_account_is_opened_empty() {
    let world = World::new();
    let body = json!({ "owner_id": OWNER, "currency": "NZD", "unknown": 1 }).to_string();

    let opened = world.send(Ask::new("POST", "/accounts").body(body)).await;

    assert_eq!(opened.status, StatusCode::CREATED);
    let id = opened.body["id"].as_str().unwrap();
    assert_eq!(opened.header("location"), format!("/accounts/{id}"));
    assert_eq!(
        opened.body,
        json!({ "id": id, "owner_id": OWNER, "balance": nzd(0), "held": nzd(0), "status": "open", "version": 1 })
    );
}

#[tokio::test]
async fn an_account_lives_from_its_opening_to_its_end() {
    let world = World::new();
    let id = world.open("NZD").await;

    let paid_in = world.deposit(&id, 500).await;
    let paid_out = world.order(&format!("/accounts/{id}/withdrawals"), movement(&nzd(500))).await;
    let closed = world.post(&format!("/accounts/{id}/close")).await;

    assert_eq!((paid_in.status, &paid_in.body["balance"]), (StatusCode::OK, &nzd(500)));
    assert_eq!((paid_out.status, &paid_out.body["balance"]), (StatusCode::OK, &nzd(0)));
    assert_eq!((closed.status, closed.body["status"].as_str()), (StatusCode::OK, Some("closed")));
    assert_eq!(closed.body["version"], 4);
    world.deposit(&id, 1).await.is_problem(409, "account-closed");
    world.post(&format!("/accounts/{id}/close")).await.is_problem(409, "account-closed");
}

#[tokio::test]
async fn what_moves_money_needs_a_key() {
    let world = World::new();
    let (one, two) = (world.open("NZD").await, world.open("NZD").await);
    world.deposit(&one, 500).await;
    let written = world.written();

    for (path, body) in [
        (format!("/accounts/{one}/deposits"), movement(&nzd(1))),
        (format!("/accounts/{one}/withdrawals"), movement(&nzd(1))),
        ("/transfers".to_owned(), transfer(&one, &two, &nzd(1))),
    ] {
        let reply = world.send(Ask::new("POST", &path).body(body)).await;

        reply.is_problem(400, "idempotency-key-required");
    }
    assert_eq!(world.written(), written);
}

#[tokio::test]
async fn a_deposit_sent_again_is_booked_once() {
    let world = World::new();
    let id = world.open("NZD").await;
    let path = format!("/accounts/{id}/deposits");
    let ask = || Ask::new("POST", &path).header(KEY, "top-up").body(movement(&nzd(500)));

    let (first, again) = (world.send(ask()).await, world.send(ask()).await);

    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(world.deposit(&id, 1).await.body["balance"], nzd(501));
}

#[tokio::test]
async fn a_transfer_moves_money_from_one_account_to_another() {
    let world = World::new();
    let (one, two) = (world.open("NZD").await, world.open("NZD").await);
    world.deposit(&one, 500).await;

    let reply = world.order("/transfers", transfer(&one, &two, &nzd(200))).await;

    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    assert_eq!(reply.body["from"]["balance"], nzd(300));
    assert_eq!(reply.body["to"]["balance"], nzd(200));
}

#[tokio::test]
async fn what_the_ledger_refuses_is_409_and_nothing_is_written() {
    let world = World::new();
    let (one, yen, full) =
        (world.open("NZD").await, world.open("JPY").await, world.open("NZD").await);
    for account in [&one, &full] {
        world.deposit(account, 500).await;
    }
    let written = world.written();

    for (path, body, code) in [
        (format!("/accounts/{one}/withdrawals"), movement(&nzd(501)), "insufficient-funds"),
        (format!("/accounts/{yen}/deposits"), movement(&nzd(1)), "currency-mismatch"),
        (format!("/accounts/{yen}/withdrawals"), movement(&nzd(1)), "currency-mismatch"),
        ("/transfers".to_owned(), transfer(&one, &full, &nzd(501)), "insufficient-funds"),
        ("/transfers".to_owned(), transfer(&one, &yen, &nzd(1)), "currency-mismatch"),
        (format!("/accounts/{full}/close"), String::new(), "account-not-empty"),
    ] {
        let reply = world.order(&path, body).await;

        reply.is_problem(409, code);
    }
    assert_eq!(world.written(), written);
}

#[tokio::test]
async fn an_account_that_is_not_there_is_404() {
    let world = World::new();
    let one = world.open("NZD").await;
    world.deposit(&one, 500).await;

    for (path, body) in [
        (format!("/accounts/{NOWHERE}/deposits"), movement(&nzd(1))),
        (format!("/accounts/{NOWHERE}/withdrawals"), movement(&nzd(1))),
        (format!("/accounts/{NOWHERE}/close"), String::new()),
        ("/accounts/1/deposits".to_owned(), movement(&nzd(1))),
        ("/transfers".to_owned(), transfer(&one, NOWHERE, &nzd(1))),
        ("/transfers".to_owned(), transfer(NOWHERE, &one, &nzd(1))),
    ] {
        world.order(&path, body).await.is_problem(404, "account-not-found");
    }
    let theirs = Ask::new("POST", &format!("/accounts/{one}/deposits")).header(KEY, "k");
    let theirs = theirs.claim("custom:tenant", "other").body(movement(&nzd(1)));
    world.send(theirs).await.is_problem(404, "account-not-found");
}

#[tokio::test]
async fn what_breaks_a_rule_is_422_and_named() {
    let world = World::new();
    let one = world.open("NZD").await;
    let deposits = format!("/accounts/{one}/deposits");

    for (path, body, wrong) in [
        ("/accounts", json!({ "owner_id": "me", "currency": "NZD" }).to_string(), "/owner_id"),
        ("/accounts", json!({ "owner_id": OWNER, "currency": "nzd" }).to_string(), "/currency"),
        (&deposits, movement(&nzd(0)), "/amount/amount_minor"),
        (&deposits, movement(&nzd(1_000_000_000_001)), "/amount/amount_minor"),
        (&deposits, movement(&json!([1, "NZD"])), "/amount"),
        (&deposits, json!({ "amount": nzd(1), "description": " " }).to_string(), "/description"),
        ("/transfers", transfer(&one, &one, &nzd(1)), "/to_account_id"),
        ("/transfers", transfer(&one, NOWHERE, &nzd(-1)), "/amount/amount_minor"),
    ] {
        let reply = world.order(path, body).await;

        reply.is_problem(422, "invalid-input");
        assert_eq!(reply.body["errors"][0]["path"], wrong);
    }
}

#[tokio::test]
async fn a_campaign_whose_account_lacks_its_budget_is_not_published() {
    let world = World::new();
    let account = world.open("NZD").await;
    let campaign =
        json!({ "name": "Sale", "channel": "email", "budget": nzd(500), "account_id": account });
    let created = world.send(Ask::new("POST", "/campaigns").body(campaign.to_string())).await;
    let publish = format!("/campaigns/{}/publish", created.body["id"].as_str().unwrap());

    world.post(&publish).await.is_problem(409, "insufficient-funds");

    let paid_in = world.deposit(&account, 500).await;
    assert_eq!(paid_in.body["held"], nzd(0));
    assert_eq!(world.post(&publish).await.status, StatusCode::OK);
    let held = world.deposit(&account, 1).await;
    assert_eq!((&held.body["balance"], &held.body["held"]), (&nzd(501), &nzd(500)));
}
