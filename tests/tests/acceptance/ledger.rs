//! Money under contention and crashes: it is neither lost nor made, and no balance is ever negative.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{OWNER, Reply, World};
use tokio::task::JoinSet;
use tokio::time::sleep;

const CLIENTS: u64 = 6;
const ORDERS: u64 = 8;
/// How often a client asks again, under the same key, after it lost a race.
const PATIENCE: usize = 100;

fn nzd(amount_minor: u64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "NZD" })
}

fn order(world: &World, path: &str, key: &str, body: &Value) -> RequestBuilder {
    world.request(Method::POST, path).header("idempotency-key", key).json(body)
}

async fn open(world: &World, balance: u64) -> String {
    let id = world.account(OWNER).await;
    if balance > 0 {
        let body = json!({ "amount": nzd(balance), "description": "Opening balance" });
        let path = format!("/accounts/{id}/deposits");
        world.send(order(world, &path, &format!("opening-{id}"), &body)).await.expect(200);
    }
    id
}

fn transfer(from: &str, to: &str, amount: u64) -> Value {
    json!({ "from_account_id": from, "to_account_id": to, "amount": nzd(amount), "description": "Share" })
}

/// An event of an account, as the journal has it.
struct Booked {
    account: String,
    version: u64,
    r#type: String,
    data: Value,
}

/// The movements of all accounts, each account's in order.
async fn booked(world: &World) -> Vec<Booked> {
    let mut booked = Vec::new();
    for item in world.table("journal").await {
        let envelope: Value =
            serde_json::from_str(item["envelope"]["S"].as_str().unwrap()).unwrap();
        if let Some(account) = envelope["subject"].as_str().unwrap().strip_prefix("accounts/") {
            booked.push(Booked {
                account: account.to_owned(),
                version: envelope["streamversion"].as_u64().unwrap(),
                r#type: envelope["type"].as_str().unwrap().to_owned(),
                data: envelope["data"].clone(),
            });
        }
    }
    booked
        .sort_by(|left, right| (&left.account, left.version).cmp(&(&right.account, right.version)));
    booked
}

/// The balance of each account, folded from the journal. No stream has a gap, and no balance was ever negative.
async fn balances(world: &World) -> BTreeMap<String, i64> {
    let (mut balances, mut heads) = (BTreeMap::<String, i64>::new(), BTreeMap::new());
    for event in booked(world).await {
        let head: &mut u64 = heads.entry(event.account.clone()).or_default();
        *head += 1;
        assert_eq!(event.version, *head, "{} has a gap", event.account);
        let balance = balances.entry(event.account).or_default();
        let amount = event.data["amount"]["amount_minor"].as_i64().unwrap_or(0);
        match event.r#type.as_str() {
            "money.deposited" => *balance += amount,
            "money.withdrawn" => *balance -= amount,
            _ => {}
        }
        assert!(*balance >= 0, "overdrawn by {} {}", event.r#type, event.data);
    }
    balances
}

/// Orders the same until it is decided, and answers the status. `None`: it never was.
async fn decided(request: RequestBuilder) -> Option<u16> {
    for _ in 0..PATIENCE {
        let reply = Reply::read(request.try_clone().unwrap().send().await.unwrap()).await;
        let problem = reply.body["type"].as_str();
        if problem == Some("/problems/lost-race") {
            sleep(Duration::from_millis(20)).await;
            continue;
        }
        let is_decided = matches!(problem, None | Some("/problems/insufficient-funds"));
        assert!(is_decided, "{:#}", reply.body);
        return Some(reply.status);
    }
    None
}

/// One client's orders, one after the other. Answers how much it has brought in, and taken out.
pub(crate) async fn act(http: Client, url: String, client: u64, accounts: Vec<String>) -> i64 {
    let mut brought_in = 0;
    for number in 0..ORDERS {
        let draw = client * 31 + number * 17;
        let account = |offset: u64| &accounts[usize::try_from((draw + offset) % 3).unwrap()];
        let amount = 1 + draw % 90;
        let (path, body, effect) = match draw % 4 {
            0 => (format!("/accounts/{}/deposits", account(0)), None, amount.cast_signed()),
            1 => (format!("/accounts/{}/withdrawals", account(0)), None, -amount.cast_signed()),
            _ => ("/transfers".to_owned(), Some(transfer(account(0), account(1), amount)), 0),
        };
        let body =
            body.unwrap_or_else(|| json!({ "amount": nzd(amount), "description": "Movement" }));
        let request = http.post(format!("{url}{path}")).json(&body);
        let key = format!("client-{client}-{number}");
        if decided(request.header("idempotency-key", key)).await.unwrap() == 200 {
            brought_in += effect;
        }
    }
    brought_in
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_at_once_neither_lose_nor_make_money() {
    let world = World::start().await;
    let mut accounts = Vec::new();
    for _ in 0..3 {
        accounts.push(open(&world, 100).await);
    }
    let (http, url) = (Client::new(), world.system().api_url());

    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(act(http.clone(), url.clone(), client, accounts.clone()));
    }
    let brought_in: i64 = clients.join_all().await.into_iter().sum();

    let balances = balances(&world).await;
    assert_eq!(balances.values().sum::<i64>(), 300 + brought_in);
    for (account, balance) in balances {
        let path = format!("/accounts/{account}/deposits");
        let body = json!({ "amount": nzd(1), "description": "To see how it stands" });
        let seen = world.send(order(&world, &path, &format!("see-{account}"), &body)).await;
        assert_eq!(seen.expect(200).body["balance"]["amount_minor"], balance + 1);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_whose_process_dies_has_moved_all_or_nothing_and_is_done_once() {
    let world = World::start().await;
    let (from, to) = (open(&world, 1_000).await, open(&world, 0).await);
    let moved =
        |events: &[Booked]| events.iter().filter(|one| !one.data["transfer"].is_null()).count();

    for (number, (action, when)) in [
        ("GetItem", "after"),
        ("Query", "before"),
        ("Query", "after"),
        ("TransactWriteItems", "before"),
        ("TransactWriteItems", "after"),
    ]
    .into_iter()
    .enumerate()
    {
        let (key, body) = (format!("transfer-{number}"), transfer(&from, &to, 100));
        world
            .aws_fault(
                json!({"service": "dynamodb", "action": action, "function": "api", "times": 1,
                "kill_caller": when}),
            )
            .await;
        world.send(order(&world, "/transfers", &key, &body)).await.expect(500);

        let legs = moved(&booked(&world).await);
        let committed = (action, when) == ("TransactWriteItems", "after");
        assert_eq!(legs, 2 * (number + usize::from(committed)), "killed {when} {action}");
        let again = world.send(order(&world, "/transfers", &key, &body)).await.expect(200);
        assert_eq!(again.header("idempotent-replayed") == "true", committed);
        assert_eq!(moved(&booked(&world).await), 2 * (number + 1));
    }

    let balances = balances(&world).await;
    assert_eq!((balances[&from], balances[&to]), (500, 500));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaigns_budget_is_held_while_it_is_live() {
    let world = World::start().await;
    let account = open(&world, 1_000).await;
    let campaign =
        json!({ "name": "Sale", "channel": "email", "budget": nzd(1_500), "account_id": account });
    let created = world.send(world.request(Method::POST, "/campaigns").json(&campaign)).await;
    let campaign = created.expect(201).text("/id");
    let publish = format!("/campaigns/{campaign}/publish");
    let (before, _) = world.tables_and_notes().await;

    let refused = world.post(&publish).await.expect(409);

    assert_eq!(refused.text("/type"), "/problems/insufficient-funds");
    assert_eq!(world.tables_and_notes().await.0, before);
    let deposit = |key: &str, amount| {
        let path = format!("/accounts/{account}/deposits");
        let body = json!({ "amount": nzd(amount), "description": "Top-up" });
        world.send(order(&world, &path, key, &body))
    };
    deposit("top-up", 500).await.expect(200);
    world.post(&publish).await.expect(200);
    assert_eq!(deposit("look", 1).await.expect(200).body["held"], nzd(1_500));

    world.eventually(&format!("/campaigns/{campaign}/statistics"), 200).await;
    world.post(&format!("/campaigns/{campaign}/complete")).await.expect(200);
    let spend = world.get(&format!("/campaigns/{campaign}/statistics")).await.expect(200);
    let spend = spend.body["spend"]["amount_minor"].as_u64().unwrap().min(1_500);
    let settled = deposit("look again", 1).await.expect(200).body;
    assert_eq!((&settled["held"], &settled["balance"]), (&nzd(0), &nzd(1_502 - spend)));
    world.stop().await;
}
