//! Webhooks become deposits and withdrawals: once each, whoever dies and however often they are sent.

use jiff::Timestamp;
use reqwest::{Method, RequestBuilder};
use ring::hmac;
use serde_json::{Value, json};
use tests::{OWNER, Reply, World, WorldOptions, fixture};
use tokio::task::JoinSet;

const SECRET: &str = "whsec_0123456789abcdefghijklmnop";
const NEXT_SECRET: &str = "whsec_zyxwvutsrqponmlkjihgfedcba";
/// A worker that may take 12 s instead of 30, so that what a dead one held comes back soon.
const SHORT: [(&str, &str); 2] =
    [("Timeout: 30", "Timeout: 12"), ("VisibilityTimeout: 180", "VisibilityTimeout: 14")];

/// `t=…,v1=…`, by another implementation than ours.
fn signature(body: &[u8], secrets: &[&str]) -> String {
    let at = Timestamp::now().as_second();
    let signed = [format!("{at}.").as_bytes(), body].concat();
    let mut header = format!("t={at}");
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        header.push_str(",v1=");
        header.extend(hmac::sign(&key, &signed).as_ref().iter().map(|byte| format!("{byte:02x}")));
    }
    header
}

/// A webhook as Stripe sends it: without a token, and signed.
fn webhook(world: &World, body: String, secrets: &[&str]) -> RequestBuilder {
    let signature = signature(body.as_bytes(), secrets);
    reqwest::Client::new()
        .request(Method::POST, format!("{}/webhooks/stripe", world.system().api_url()))
        .header("content-type", "application/json; charset=utf-8")
        .header("stripe-signature", signature)
        .body(body)
}

async fn send(world: &World, event: &Value) -> Reply {
    world.send(webhook(world, event.to_string(), &[SECRET])).await
}

/// The fixture of a payment, as another event and of an account.
fn paid(event: &str, account: &str) -> Value {
    let mut paid = fixture("webhooks/payment_intent.succeeded.json");
    paid["id"] = json!(event);
    paid["data"]["object"]["metadata"]["account_id"] = json!(account);
    paid
}

/// The fixture of a refund, as another event and with another sum of what was given back.
fn refunded(event: &str, sum: u64) -> Value {
    let mut refunded = fixture("webhooks/charge.refunded.json");
    refunded["id"] = json!(event);
    refunded["data"]["object"]["amount_refunded"] = json!(sum);
    refunded
}

/// A system that takes tokens only, and the webhooks of tenant `demo`.
async fn start(template: Vec<(&'static str, &'static str)>) -> World {
    let mut world =
        World::with(WorldOptions { template, require_auth: true, ..WorldOptions::default() }).await;
    world.act_as("demo").await;
    put_secrets(&world, &json!([{ "tenant": "demo", "secrets": [SECRET] }])).await;
    world
}

async fn put_secrets(world: &World, secrets: &Value) {
    let put = json!({ "SecretId": "local-webhook-secrets", "SecretString": secrets.to_string() });
    world.aws("secretsmanager", "PutSecretValue", put).await;
}

/// Waits until an account has been brought to a version, and answers what it holds.
async fn balance_at(world: &World, account: &str, version: u64) -> i64 {
    let path = format!("/accounts/{account}?at_least_version={version}");
    world.eventually(&path, 200).await.body["balance"]["amount_minor"].as_i64().unwrap()
}

/// How many events of a type the journal has.
async fn events(world: &World, r#type: &str) -> usize {
    let r#type = format!("\"type\":\"{type}\"");
    let journal = world.table("journal").await;
    let envelopes = journal.iter().filter_map(|item| item["envelope"]["S"].as_str());
    envelopes.filter(|envelope| envelope.contains(&r#type)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_and_its_refund_change_the_balance_of_the_account_they_name() {
    let world = start(vec![]).await;
    let account = world.account(OWNER).await;

    let received = send(&world, &paid("evt_1", &account)).await.expect(200);
    let deposited = balance_at(&world, &account, 2).await;
    send(&world, &refunded("evt_2", 1_500)).await.expect(200);
    let withdrawn = balance_at(&world, &account, 3).await;

    assert_eq!(received.body, json!({ "event_id": "evt_1", "status": "received" }));
    assert_eq!((deposited, withdrawn), (500_000, 498_500));
    let chain = received.header("x-correlation-id").to_owned();
    let chain = world.get(&format!("/ops/chains/{chain}")).await.expect(200).body.to_string();
    for part in ["receive-webhook", "webhook.received", "settle-payments", "money.deposited"] {
        assert!(chain.contains(part), "no {part} in {chain}");
    }
    let journal = world.table("journal").await;
    assert!(!format!("{journal:?}").contains("ann@example.com"), "what is personal is not kept");
    let output = world.system().output().join("\n");
    assert!(!output.contains(SECRET) && !output.contains("ann@example.com"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_sent_again_and_at_the_same_time_takes_effect_once() {
    let world = start(vec![]).await;
    let account = world.account(OWNER).await;
    let mut sending = JoinSet::new();

    for _ in 0..8 {
        let request = webhook(&world, paid("evt_1", &account).to_string(), &[SECRET]);
        sending.spawn(async move { Reply::read(request.send().await.unwrap()).await });
    }
    let at_once = sending.join_all().await;
    for _ in 0..3 {
        send(&world, &paid("evt_1", &account)).await.expect(200);
    }
    // Another event about the same payment.
    send(&world, &paid("evt_2", &account)).await.expect(200);
    world.drained("settle-payments").await;

    let status = |reply: &Reply| {
        (reply.status, reply.body["status"].as_str().unwrap_or_default().to_owned())
    };
    let received = at_once.iter().filter(|reply| status(reply) == (200, "received".to_owned()));
    assert_eq!(received.count(), 1, "{at_once:?}");
    assert!(at_once.iter().all(|reply| [200, 409].contains(&reply.status)), "{at_once:?}");
    assert_eq!(balance_at(&world, &account, 2).await, 500_000);
    assert_eq!(
        (events(&world, "webhook.received").await, events(&world, "money.deposited").await),
        (2, 1)
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_signed_for_us_is_refused_and_nothing_is_written() {
    let world = start(vec![]).await;
    let account = world.account(OWNER).await;
    let body = paid("evt_1", &account).to_string();
    let before = world.tables().await;
    let changed = |body: &str| webhook(&world, body.replace("500000", "900000"), &[SECRET]);

    let signed = signature(body.as_bytes(), &[SECRET]);
    let other = world.send(webhook(&world, body.clone(), &[NEXT_SECRET])).await;
    let tampered = changed(&body).build().unwrap();
    let mut tampered = tampered.try_clone().unwrap();
    tampered.headers_mut().insert("stripe-signature", signed.parse().unwrap());
    let tampered = Reply::read(reqwest::Client::new().execute(tampered).await.unwrap()).await;
    let without = world.send(webhook(&world, body.clone(), &[])).await;

    let codes = [other, tampered, without].map(|reply| (reply.status, reply.text("/type")));
    let problem = |code: &str| (400, format!("/problems/{code}"));
    assert_eq!(
        codes,
        [problem("wrong-signature"), problem("wrong-signature"), problem("malformed-signature")]
    );
    assert_eq!(world.tables().await, before);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_rolled_without_a_webhook_being_lost_and_the_old_one_ends() {
    let world = start(vec![]).await;
    let account = world.account(OWNER).await;
    let sign = async |event: &str, secrets: &[&str]| {
        let body = paid(event, &account).to_string();
        world.send(webhook(&world, body, secrets)).await.status
    };

    let before = sign("evt_1", &[SECRET]).await;
    let both = json!([{ "tenant": "demo", "secrets": [NEXT_SECRET, SECRET] }]);
    put_secrets(&world, &both).await;
    // What the provider signs with while it rolls: both. Our process may still know the first alone.
    let rolling = sign("evt_2", &[NEXT_SECRET, SECRET]).await;
    world.system().kill("api");
    let (old, new) = (sign("evt_3", &[SECRET]).await, sign("evt_4", &[NEXT_SECRET]).await);
    put_secrets(&world, &json!([{ "tenant": "demo", "secrets": [NEXT_SECRET] }])).await;
    world.system().kill("api");
    let (ended, after) = (sign("evt_5", &[SECRET]).await, sign("evt_6", &[NEXT_SECRET]).await);

    assert_eq!([before, rolling, old, new, ended, after], [200, 200, 200, 200, 400, 200]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_of_the_tenant_whose_secret_signed_it_whatever_it_says() {
    let mut world = start(vec![]).await;
    let account = world.account(OWNER).await;
    let secrets = json!([
        { "tenant": "demo", "secrets": [SECRET] }, { "tenant": "acme", "secrets": [NEXT_SECRET] }]);
    put_secrets(&world, &secrets).await;
    let mut event = paid("evt_1", &account);
    event["data"]["object"]["metadata"]["tenant_id"] = json!("demo");

    world.send(webhook(&world, event.to_string(), &[NEXT_SECRET])).await.expect(200);
    world.drained("settle-payments").await;

    assert_eq!(events(&world, "money.deposited").await, 0);
    world.act_as("acme").await;
    let letters = world.get("/ops/dead-letters").await.expect(200);
    let letter = &letters.items()[0];
    assert_eq!(letter["tenant_id"], "acme");
    let reason = letter["reason"].as_str().unwrap();
    assert!(reason.contains(&format!("there is no account {account}")), "{reason}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_killed_after_the_commit_is_asked_again_and_the_payment_is_deposited_once() {
    let world = start(vec![]).await;
    let account = world.account(OWNER).await;
    let fault = json!({ "service": "dynamodb", "action": "TransactWriteItems", "function": "api",
        "times": 1, "kill_caller": "after" });
    world.aws_fault(fault).await;

    let killed = send(&world, &paid("evt_1", &account)).await;
    let again = send(&world, &paid("evt_1", &account)).await.expect(200);
    world.relayed().await;

    assert_eq!(killed.status, 500, "{killed:?}");
    assert_eq!(again.body["status"], "duplicate");
    assert_eq!(balance_at(&world, &account, 2).await, 500_000);
    world.drained("settle-payments").await;
    assert_eq!(events(&world, "money.deposited").await, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_killed_before_and_after_its_commit_deposits_once() {
    for when in ["before", "after"] {
        let world = start(SHORT.to_vec()).await;
        let account = world.account(OWNER).await;
        let fault = json!({ "service": "dynamodb", "action": "TransactWriteItems",
            "function": "settle-payments", "times": 1, "kill_caller": when });
        world.aws_fault(fault).await;

        send(&world, &paid("evt_1", &account)).await.expect(200);
        let balance = balance_at(&world, &account, 2).await;
        world.drained("settle-payments").await;

        assert_eq!(world.aws_heals().await["kill_caller"], 1);
        assert_eq!((balance, events(&world, "money.deposited").await), (500_000, 1), "{when}");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_secrets_cannot_be_read_the_sender_is_asked_to_come_again() {
    let world = start(vec![]).await;
    let account = world.account(OWNER).await;
    let fault = json!({ "service": "secretsmanager", "action": "GetSecretValue", "times": 3,
        "status": 503 });
    world.aws_fault(fault).await;

    let refused = send(&world, &paid("evt_1", &account)).await;
    let taken = send(&world, &paid("evt_1", &account)).await;
    send(&world, &paid("evt_2", &account)).await.expect(200);

    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    assert_eq!(taken.expect(200).body["status"], "received");
    let calls = world.aws_calls().await;
    assert_eq!(calls["api"]["secretsmanager.GetSecretValue"], 4, "three in vain, and one for all");
    world.stop().await;
}
