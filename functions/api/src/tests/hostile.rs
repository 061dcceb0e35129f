//! Requests by the thousand that nobody well-behaved sends: each is answered, none by a failure of ours, and what is refused
//! is refused as a whole problem. [`World::send`] holds every reply against the OpenAPI document, too.
//!
//! `PROPTEST_CASES` says how many of each.

use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};

use super::ledger::OWNER;
use super::ops::parked;
use super::world::{Ask, Reply, World};

/// Where a list may be asked for, and its name; `CAMPAIGN`, `ACCOUNT` and `OWNER` are there.
const LISTS: [(&str, &str); 6] = [
    ("/campaigns", "campaigns"),
    ("/notifications", "notifications"),
    ("/campaigns/CAMPAIGN/timeline", "timeline/CAMPAIGN"),
    ("/accounts/ACCOUNT/transactions", "transactions/ACCOUNT"),
    ("/owners/OWNER/summary", "owner-summary/OWNER"),
    ("/ops/dead-letters", "dead-letters"),
];
/// Where one thing may be asked for.
const THINGS: [&str; 11] = [
    "/campaigns/THING",
    "/campaigns/THING/statistics",
    "/campaigns/THING/timeline",
    "/campaigns/THING/publish",
    "/accounts/THING",
    "/accounts/THING/transactions",
    "/owners/THING/summary",
    "/ops/chains/THING",
    "/ops/dead-letters/THING",
    "/ops/dead-letters/THING/redrive",
    "/THING",
];
/// What may be asked of a list or a filter.
const PARAMETERS: [&str; 13] = [
    "at_least_version",
    "limit",
    "cursor",
    "status",
    "channel",
    "queue",
    "handler",
    "type",
    "fingerprint",
    "from",
    "before",
    "tenant",
    "nonsense",
];

fn cases(many: u32) -> Config {
    let given = std::env::var_os("PROPTEST_CASES").is_some();
    let default = Config { failure_persistence: None, ..Config::default() };
    if given { default } else { Config { cases: many, ..default } }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a#/%235F\"\\\\{}?&=+~\u{0}\u{FFFF} é-]{0,8}",
        "[0-9TZ:.-]{0,24}",
        vec(any::<char>(), 0..20).prop_map(String::from_iter),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4).prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// What a header can carry over the wire.
fn header() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,40}", "[ -~]{120,260}", "[a-z/;=, \"]{0,30}"]
}

/// As a client has to write it in a path or a query.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if plain(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// The ids of what is there, one of each.
struct There {
    campaign: String,
    account: String,
    letter: String,
}

impl There {
    /// A text with the ids in the places of the names.
    fn fill(&self, text: &str) -> String {
        let text = text.replace("CAMPAIGN", &self.campaign).replace("ACCOUNT", &self.account);
        text.replace("OWNER", OWNER).replace("LETTER", &self.letter)
    }
}

/// Sends what `ask` makes in a world with one campaign, one account and one dead letter.
fn answered(ask: impl FnOnce(&There) -> Ask) -> Reply {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reply = runtime.block_on(async {
        let world = World::new();
        let letter = parked(&world).await;
        let (campaign, account) = (world.create().await, world.open("NZD").await);
        world.project().await;
        world.send(ask(&There { campaign, account, letter })).await
    });
    assert!(reply.status.as_u16() < 500, "{}: {}", reply.status, reply.body);
    if reply.status.as_u16() >= 400 {
        let code = reply.body["type"].as_str().and_then(|uri| uri.strip_prefix("/problems/"));
        reply.is_problem(reply.status.as_u16(), code.expect("a problem has a code"));
    }
    reply
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn any_bytes_as_a_body_are_refused(bytes in vec(any::<u8>(), 0..200)) {
        let reply = answered(|_| Ask::new("POST", "/campaigns").base64_body(&bytes));

        prop_assert!([400, 422].contains(&reply.status.as_u16()));
    }

    #[test]
    fn any_json_as_a_body_is_answered(path in prop::sample::select(vec![
        "/campaigns",
        "/ops/dead-letters/redrive",
        "/ops/dead-letters/LETTER/redrive",
        "/ops/dead-letters/LETTER/edit",
        "/ops/dead-letters/LETTER/discard",
    ]), body in json()) {
        answered(|there| Ask::new("POST", &there.fill(path)).body(body.to_string()));
    }

    #[test]
    fn a_campaign_with_any_field_is_created_or_refused(
        field in prop::sample::select(vec![
            "/name", "/channel", "/budget", "/budget/amount_minor", "/budget/currency",
        ]),
        value in json(),
    ) {
        let mut input = json!({"name": "Summer sale", "channel": "facebook",
            "budget": {"amount_minor": 150_000, "currency": "NZD"}});
        *input.pointer_mut(field).unwrap() = value;

        let reply = answered(|_| Ask::new("POST", "/campaigns").body(input.to_string()));

        prop_assert!([201, 422].contains(&reply.status.as_u16()), "{input}");
    }

    #[test]
    fn a_letter_edited_to_any_message_is_sent_or_refused(
        field in prop::sample::select(vec![
            "/id", "/type", "/subject", "/time", "/data", "/tenantid", "/correlationid", "/hops",
            "/dataversion", "/streamversion", "/specversion", "/source", "",
        ]),
        value in json(),
    ) {
        let event: Value = serde_json::from_str(include_str!(
            "../../../../events/sqs/sync-statistics.json"
        )).unwrap();
        let body = event["Records"][0]["body"].as_str().unwrap();
        let mut message: Value = serde_json::from_str(body).unwrap();
        *message.pointer_mut(field).unwrap() = value;

        answered(|there| {
            let path = there.fill("/ops/dead-letters/LETTER/edit");
            Ask::new("POST", &path).body(json!({ "message": message }).to_string())
        });
    }

    #[test]
    fn any_headers_are_answered(
        headers in vec((prop::sample::select(vec![
            "x-correlation-id", "idempotency-key", "content-type", "accept", "traceparent",
            "authorization", "content-length", "content-encoding",
        ]), header()), 0..4),
        create in any::<bool>(),
    ) {
        answered(|_| {
            let ask = if create { Ask::fixture() } else { Ask::list() };
            headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value))
        });
    }

    #[test]
    fn any_claims_are_answered(tenant in text(), groups in text(), subject in text()) {
        answered(|_| {
            let ask = Ask::new("GET", "/ops/dead-letters").claim("custom:tenant", &tenant);
            ask.claim("cognito:groups", &groups).claim("sub", &subject)
        });
    }

    #[test]
    fn any_path_is_answered(
        path in prop::sample::select(THINGS.to_vec()),
        thing in text(),
        method in prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]),
    ) {
        // A reply to `HEAD` has no body to be looked at.
        let method = if method == "HEAD" { "GET" } else { method };
        answered(|_| Ask::new(method, &path.replace("THING", &encoded(&thing))));
    }

    #[test]
    fn any_query_of_a_list_is_answered_or_400(
        (path, _) in prop::sample::select(LISTS.to_vec()),
        parameters in vec((prop::sample::select(PARAMETERS.to_vec()), text()), 0..4),
    ) {
        let parameters = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        let query = parameters.collect::<Vec<_>>().join("&");

        let reply = answered(|there| Ask::new("GET", &format!("{}?{query}", there.fill(path))));

        // A whole number may well be a version that is not there yet.
        let known = if query.contains("at_least_version") { &[200, 400, 409][..] } else { &[200, 400] };
        prop_assert!(known.contains(&reply.status.as_u16()), "{query}: {}", reply.body);
    }

    #[test]
    fn a_forged_cursor_leads_nowhere_but_into_its_list(
        (path, list) in prop::sample::select(LISTS.to_vec()),
        position in prop_oneof![
            text(),
            text().prop_map(|rest| format!("2026-11-21T09:30:00.000000Z#{rest}")),
            Just("2026-11-21T09:30:00.000000Z".to_owned()),
            any::<u128>().prop_map(|id| format!("{id:032x}")),
            any::<u64>().prop_map(|version| format!("{version:020}")),
            "[A-Z]{2,4}",
        ],
    ) {
        let reply = answered(|there| {
            let list = there.fill(list);
            let cursor = BASE64_URL_SAFE_NO_PAD.encode(format!("{list}\n{position}"));
            Ask::new("GET", &format!("{}?cursor={cursor}", there.fill(path)))
        });

        if reply.status == StatusCode::OK {
            prop_assert!(reply.body["items"].is_array());
        } else {
            reply.is_problem(400, "unknown-cursor");
        }
    }
}
