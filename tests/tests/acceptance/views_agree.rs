//! What is read of accounts agrees with a fold of the journal, whatever happened to those who made it meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tests::{OWNER, World, fixture};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::ledger::act;

const OWNERS: [&str; 2] = [OWNER, "019aa4bf-0c00-7a1b-9c2d-3e4f5a6b7c8e"];
const CLIENTS: u64 = 6;
/// How often each of them gives its orders, others each time.
const ROUNDS: u64 = 4;
/// What is held of the first account all the time.
const BUDGET: i64 = 50;
/// Fewer than an account's transactions are, and no divisor of most numbers of them.
const LIMIT: usize = 7;
/// More pages than any list here has.
const MAX_PAGES: usize = 40;

fn nzd(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "NZD" })
}

/// An account of this owner with a hundred.
async fn open(world: &World, owner: &str) -> String {
    let id = world.account(owner).await;
    let deposit = world
        .request(Method::POST, &format!("/accounts/{id}/deposits"))
        .header("idempotency-key", format!("opening-{id}"))
        .json(&json!({ "amount": nzd(100), "description": "Opening balance" }));
    world.send(deposit).await.expect(200);
    id
}

/// Publishes a campaign whose budget comes from an account.
async fn hold(world: &World, account: &str) {
    let campaign = json!({ "name": "Sale", "channel": "email", "budget": nzd(BUDGET),
        "account_id": account });
    let created = world.send(world.request(Method::POST, "/campaigns").json(&campaign)).await;
    let id = created.expect(201).text("/id");
    world.post(&format!("/campaigns/{id}/publish")).await.expect(200);
}

/// Kills the projector, before and after its calls and in between, and tells it of old events, while clients are at it.
/// Answers how often it did either.
async fn disturb(world: &World, accounts: &[String], clients: &mut JoinSet<()>) -> (u64, u64) {
    let (mut kills, mut tellings) = (0, 0);
    for round in 0_u64.. {
        // No two in a row are the same, and a system that is this busy puts them anywhere.
        let draw = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let when = if draw.is_multiple_of(2) { "before" } else { "after" };
        match draw % 5 {
            0 => {
                world.system().kill("project-views");
                kills += 1;
            }
            1 | 2 => {
                let action = if draw % 5 == 1 { "TransactWriteItems" } else { "Query" };
                world
                    .aws_fault(json!({"service": "dynamodb", "action": action,
                        "function": "project-views", "times": 1, "kill_caller": when}))
                    .await;
                kills += 1;
            }
            _ => {
                let account = &accounts[usize::try_from(draw % 3).unwrap()];
                // Its process may be killed while it is at it.
                let _ = world.system().invoke("project-views", told(account, 1 + draw % 7)).await;
                tellings += 1;
            }
        }
        sleep(Duration::from_millis(20 + draw % 60)).await;
        if clients.is_empty() {
            break;
        }
        while let Some(ended) = clients.try_join_next() {
            ended.unwrap();
        }
    }
    (kills, tellings)
}

/// What the journal's stream tells, with a version of an account and the one before it in the wrong order.
fn told(account: &str, version: u64) -> String {
    let mut event = fixture("dynamodb/project-views.json");
    for (index, record) in (0..).zip(event["Records"].as_array_mut().unwrap()) {
        let version = version.saturating_sub(index).max(1).to_string();
        record["dynamodb"]["Keys"] = json!({
            "stream": {"S": format!("demo#accounts/{account}")}, "version": {"N": version},
        });
    }
    event.to_string()
}

/// Everything that happened to each account, in its order.
async fn journal(world: &World) -> BTreeMap<String, Vec<Value>> {
    let mut streams: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for item in world.table("journal").await {
        let envelope: Value =
            serde_json::from_str(item["envelope"]["S"].as_str().unwrap()).unwrap();
        if let Some(account) = envelope["subject"].as_str().unwrap().strip_prefix("accounts/") {
            streams.entry(account.to_owned()).or_default().push(envelope);
        }
    }
    for events in streams.values_mut() {
        events.sort_by_key(|event| event["streamversion"].as_u64());
    }
    streams
}

/// The account and its transactions, the last first, as they follow from its events.
fn folded(id: &str, events: &[Value]) -> (Value, Vec<Value>) {
    let (mut balance, mut held, mut transactions) = (0, 0, Vec::new());
    for event in events {
        let data = &event["data"];
        let amount = data["amount"]["amount_minor"].as_i64().unwrap_or(0);
        let moved = match event["type"].as_str().unwrap() {
            "money.deposited" => amount,
            "money.withdrawn" => -amount,
            _ => 0,
        };
        if event["type"] == "budget.held" {
            held += amount;
        }
        if moved == 0 {
            continue;
        }
        balance += moved;
        // The journal pads what is smaller than a second.
        let at: Timestamp = event["time"].as_str().unwrap().parse().unwrap();
        let mut transaction = json!({
            "event_id": event["id"], "account_id": id, "version": event["streamversion"],
            "type": if moved > 0 { "deposit" } else { "withdrawal" }, "amount": data["amount"], "balance_after": nzd(balance),
            "description": data["description"], "at": at,
        });
        if let Some(leg) = data.get("transfer") {
            transaction["counterparty"] = leg["counterparty_id"].clone();
        }
        transactions.insert(0, transaction);
    }
    let account = json!({
        "id": id, "owner_id": events[0]["data"]["owner_id"], "balance": nzd(balance),
        "held": nzd(held), "status": "open", "version": events.len(),
        "transaction_count": transactions.len(), "last_transaction_at": transactions[0]["at"],
    });
    (account, transactions)
}

/// All of an account's transactions, by pages of which none names another version than this.
async fn listed(world: &World, account: &str, version: usize) -> Vec<Value> {
    let list = format!("/accounts/{account}/transactions?limit={LIMIT}");
    let (mut all, mut path, mut pages) = (Vec::new(), Some(list.clone()), 0);
    while let Some(this) = path {
        let page = world.get(&this).await.expect(200).body;
        assert_eq!(page["version"], version);
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        path = page["next_cursor"].as_str().map(|cursor| format!("{list}&cursor={cursor}"));
        pages += 1;
        assert!(pages < MAX_PAGES, "the list does not end");
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn views_agree_with_a_fold_of_the_journal_after_chaos() {
    let world = World::start().await;
    let accounts = [
        open(&world, OWNERS[0]).await,
        open(&world, OWNERS[0]).await,
        open(&world, OWNERS[1]).await,
    ];
    hold(&world, &accounts[0]).await;
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (http, url, accounts) = (Client::new(), world.system().api_url(), accounts.to_vec());
        clients.spawn(async move {
            for round in 0..ROUNDS {
                act(http.clone(), url.clone(), client + CLIENTS * round, accounts.clone()).await;
            }
        });
    }

    let (kills, tellings) = disturb(&world, &accounts, &mut clients).await;
    world.aws_heals().await;

    assert!(kills > 4 && tellings > 4, "{kills} kills and {tellings} tellings are no chaos");
    let mut sums: BTreeMap<String, (u64, i64, i64)> = BTreeMap::new();
    for (id, events) in journal(&world).await {
        let (account, transactions) = folded(&id, &events);
        let path = format!("/accounts/{id}?at_least_version={}", events.len());
        assert_eq!(world.eventually(&path, 200).await.body, account);
        assert_eq!(listed(&world, &id, events.len()).await, transactions);
        let sum = sums.entry(account["owner_id"].as_str().unwrap().to_owned()).or_default();
        sum.0 += 1;
        sum.1 += account["balance"]["amount_minor"].as_i64().unwrap();
        sum.2 += account["held"]["amount_minor"].as_i64().unwrap();
    }
    assert_eq!(sums.len(), OWNERS.len());
    for (owner, (open, balance, held)) in sums {
        let summary = world.get(&format!("/owners/{owner}/summary")).await.expect(200).body;
        let expected = json!({ "owner_id": owner, "open_accounts": open, "balance": nzd(balance),
            "held": nzd(held) });
        assert_eq!(summary, json!({ "items": [expected], "next_cursor": null }));
    }
    assert!(world.table("dead-letters").await.is_empty());
    world.stop().await;
}
