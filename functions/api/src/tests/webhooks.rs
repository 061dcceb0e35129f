//! `/webhooks/stripe`: who is believed. What follows from it is the business's own tests' matter.

use axum::http::StatusCode;
use postroom::SecretCache;
use ring::hmac;
use serde_json::{Value, json};

use super::world::{Ask, Reply, World};

const PATH: &str = "/webhooks/stripe";
const SECRET: &str = "whsec_0123456789abcdefghijklmnop";
const OTHER_SECRET: &str = "whsec_zyxwvutsrqponmlkjihgfedcba";
const PAID: &str = include_str!("../../../../events/webhooks/payment_intent.succeeded.json");
/// The time of the world's clock, in seconds.
const NOW: i64 = 1_795_253_400;

fn digest(secret: &str, at: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, &[format!("{at}.").as_bytes(), body].concat());
    tag.as_ref().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn signature(secret: &str, at: i64, body: &[u8]) -> String {
    format!("t={at},v1={}", digest(secret, at, body))
}

fn webhook(body: &str, signature: &str) -> Ask {
    Ask::new("POST", PATH).anonymous().body(body).header("stripe-signature", signature)
}

/// The API, told of one endpoint of tenant `demo`.
fn world() -> World {
    let world = World::new();
    put(&world, &json!([{ "tenant": "demo", "secrets": [SECRET] }]));
    world
}

fn put(world: &World, secrets: &Value) {
    world.secrets.put(&secrets.to_string());
}

async fn send(world: &World, body: &str) -> Reply {
    world.send(webhook(body, &signature(SECRET, NOW, body.as_bytes()))).await
}

#[tokio::test]
async fn what_stripe_signed_is_received_for_the_tenant_of_the_endpoint() {
    let world = world();

    let received = send(&world, PAID).await;
    let again = send(&world, PAID).await;

    assert_eq!(received.status, StatusCode::OK, "{}", received.body);
    let id = "evt_3MtwBwLkdIwHu7ix0fnh9a1d";
    assert_eq!(received.body, json!({ "event_id": id, "status": "received" }));
    assert_eq!(again.body, json!({ "event_id": id, "status": "duplicate" }));
    let [event] = world.memory.journal_records().try_into().unwrap();
    let envelope = event.envelope;
    assert_eq!(
        (envelope.tenant_id.as_str(), envelope.r#type.as_str()),
        ("demo", "webhook.received")
    );
    assert_eq!(envelope.actor_id.unwrap().as_str(), "stripe");
    assert_eq!(world.queue.sent("settle-payments").len(), 1);
}

#[tokio::test]
async fn a_body_that_came_in_base64_is_judged_by_its_own_bytes() {
    let world = world();
    let signed = signature(SECRET, NOW, PAID.as_bytes());

    let ask = Ask::new("POST", PATH).anonymous().base64_body(PAID);
    let received = world.send(ask.header("stripe-signature", &signed)).await;

    assert_eq!(received.status, StatusCode::OK, "{}", received.body);
}

#[tokio::test]
async fn nothing_is_written_of_what_nobody_signed_for_us() {
    let world = world();
    let right = signature(SECRET, NOW, PAID.as_bytes());
    let late = signature(SECRET, NOW - 301, PAID.as_bytes());
    let early = signature(SECRET, NOW + 301, PAID.as_bytes());
    let other = signature(OTHER_SECRET, NOW, PAID.as_bytes());
    let moved = right.replace(&format!("t={NOW}"), &format!("t={}", NOW - 1));
    let changed = PAID.replace("500000", "900000");
    let spaced = PAID.replace('\n', " ");

    for (body, signature, code) in [
        (changed.as_str(), right.as_str(), "wrong-signature"),
        (&spaced, &right, "wrong-signature"),
        (PAID, &other, "wrong-signature"),
        (PAID, &moved, "wrong-signature"),
        (PAID, &late, "signature-out-of-time"),
        (PAID, &early, "signature-out-of-time"),
        (PAID, "", "malformed-signature"),
        (PAID, "v1=abc", "malformed-signature"),
        // As the gateway joins two headers of one name.
        (PAID, &format!("{other},{right}"), "malformed-signature"),
    ] {
        let refused = world.send(webhook(body, signature)).await;
        refused.is_problem(400, code);
        assert!(!refused.text.contains("whsec"), "{}", refused.text);
    }
    let unsigned = world.send(Ask::new("POST", PATH).anonymous().body(PAID)).await;
    unsigned.is_problem(400, "malformed-signature");
    // Read as text it would be what was signed.
    let signed = PAID.replacen("evt_", "evt_\u{FFFD}", 1);
    let (before, after) = signed.split_once('\u{FFFD}').unwrap();
    let sent = [before.as_bytes(), b"\xFF", after.as_bytes()].concat();
    let ask = Ask::new("POST", PATH).anonymous().base64_body(sent);
    let signature = signature(SECRET, NOW, signed.as_bytes());
    let refused = world.send(ask.header("stripe-signature", &signature)).await;
    refused.is_problem(400, "wrong-signature");
    assert_eq!(world.written(), (0, 0, 0));
}

#[tokio::test]
async fn a_signature_holds_up_to_five_minutes() {
    let world = world();

    for (number, at) in [NOW - 300, NOW + 300].into_iter().enumerate() {
        let body = PAID.replace("evt_", &format!("evt_{number}"));
        let received = world.send(webhook(&body, &signature(SECRET, at, body.as_bytes()))).await;
        assert_eq!(received.status, StatusCode::OK, "{at}: {}", received.body);
    }
}

#[tokio::test]
async fn a_body_that_stripe_signed_and_we_cannot_read_is_refused_so_that_somebody_hears_of_it() {
    let world = world();
    let mut event: Value = serde_json::from_str(PAID).unwrap();

    send(&world, "{").await.is_problem(400, "malformed-json");
    send(&world, "[]").await.is_problem(422, "invalid-input");
    event["data"] = json!({});
    let refused = send(&world, &event.to_string()).await;
    refused.is_problem(422, "invalid-input");
    assert_eq!(refused.body["errors"][0]["path"], "/data/object");
    event["type"] = json!("");
    event["data"] = json!({ "object": {} });
    let refused = send(&world, &event.to_string()).await;
    assert_eq!(refused.body["errors"][0]["path"], "/type");
    assert_eq!(world.written(), (0, 0, 0));
}

#[tokio::test]
async fn a_token_opens_no_webhook_and_a_tenant_in_the_body_is_none() {
    let world = world();
    let secrets = json!([{ "tenant": "demo", "secrets": [SECRET] },
        { "tenant": "acme", "secrets": [OTHER_SECRET] }]);
    put(&world, &secrets);

    let with_token = world.send(Ask::new("POST", PATH).body(PAID)).await;
    let body = PAID.replace("\"ordered_by\"", "\"tenant_id\": \"demo\", \"ordered_by\"");
    let signed = signature(OTHER_SECRET, NOW, body.as_bytes());
    // A token of another tenant, beside the signature.
    let ask = Ask::new("POST", PATH).body(body).header("stripe-signature", &signed);
    let received = world.send(ask.claim("custom:tenant", "demo")).await;

    with_token.is_problem(400, "malformed-signature");
    assert_eq!(received.status, StatusCode::OK, "{}", received.body);
    assert_eq!(world.memory.journal_records()[0].envelope.tenant_id.as_str(), "acme");
}

#[tokio::test]
async fn a_secret_that_was_added_is_found_and_strangers_cause_one_reading_in_ten_seconds() {
    let world = world();
    send(&world, PAID).await;
    let added = signature(OTHER_SECRET, NOW, PAID.as_bytes());
    put(&world, &json!([{ "tenant": "demo", "secrets": [SECRET, OTHER_SECRET] }]));

    let too_soon = world.send(webhook(PAID, &added)).await;
    let reads = world.secrets.reads();
    world.clock.advance(SecretCache::SHORTEST);
    let found = world.send(webhook(PAID, &added)).await;
    for _ in 0..9 {
        let stranger = signature("whsec_stranger0123456789abcdef", NOW, PAID.as_bytes());
        world.send(webhook(PAID, &stranger)).await.is_problem(400, "wrong-signature");
    }

    too_soon.is_problem(400, "wrong-signature");
    assert_eq!((reads, found.status), (1, StatusCode::OK));
    assert_eq!(world.secrets.reads(), 2);
}

#[tokio::test]
async fn a_secret_that_was_taken_away_ends_within_five_minutes() {
    let world = world();
    send(&world, PAID).await;
    put(&world, &json!([]));

    world.clock.advance(SecretCache::LONGEST);
    let at = NOW + 300;
    let ended = world.send(webhook(PAID, &signature(SECRET, at, PAID.as_bytes()))).await;

    ended.is_problem(400, "wrong-signature");
}

#[tokio::test]
async fn without_the_secrets_nobody_is_believed_and_nothing_of_them_is_told() {
    let world = World::new();

    send(&world, PAID).await.is_problem(503, "unavailable");
    world.secrets.put(r#"[{"tenant": "demo", "secrets": ["hidden"]}]"#);
    let failed = send(&world, PAID).await;

    failed.is_problem(500, "internal");
    assert!(!failed.text.contains("hidden"), "{}", failed.text);
    // Mended, and believed as soon as it may be looked for again.
    put(&world, &json!([{ "tenant": "demo", "secrets": [SECRET] }]));
    world.clock.advance(SecretCache::SHORTEST);
    assert_eq!(send(&world, PAID).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_even_compared() {
    let world = world();
    let large = " ".repeat(1024 * 1024 + 1);

    world
        .send(webhook(&large, &signature(SECRET, NOW, b"")))
        .await
        .is_problem(413, "body-too-large");
    assert_eq!(world.secrets.reads(), 0);
}
