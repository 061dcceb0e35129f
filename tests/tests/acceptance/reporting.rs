//! Reports over HTTP, SQS, DynamoDB and S3: from the order to the file that plain HTTP downloads.

use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, civil};
use postroom::port::{Download, Downloads};
use postroom_aws::{Aws, Env};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{OWNER, Reply, World};

use crate::importing::{self, uploaded};

/// How long a report may take here.
const PATIENCE: Duration = Duration::from_mins(4);

/// Asks for a report; its path.
pub(crate) async fn asked(world: &World, input: &Value) -> String {
    let asked = world.send(world.request(Method::POST, "/reports").json(input)).await.expect(202);
    let path = asked.header("location").to_owned();
    assert_eq!(path, format!("/reports/{}", asked.text("/id")));
    assert_eq!(asked.text("/status"), "waiting");
    path
}

/// The report when it is over.
async fn made(world: &World, input: &Value) -> Reply {
    over(world, &asked(world, input).await).await
}

/// The report at this path when it is over.
pub(crate) async fn over(world: &World, path: &str) -> Reply {
    let began = Instant::now();
    loop {
        let report = world.get(path).await.expect(200);
        if !["waiting", "running"].contains(&report.text("/status").as_str()) {
            return report;
        }
        assert!(began.elapsed() < PATIENCE, "{:#}", report.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What its link leads to, as a browser is sent it.
pub(crate) async fn downloaded(report: &Reply) -> (String, String) {
    assert_eq!(report.text("/status"), "completed", "{:#}", report.body);
    let answer = reqwest::get(report.text("/download_url")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let ending = report.text("/format");
    let (kind, id) = (report.text("/kind"), report.text("/id"));
    let expected = format!("attachment; filename=\"{kind}-{id}.{ending}\"");
    assert_eq!(header("content-disposition"), expected);
    (header("content-type"), answer.text().await.unwrap())
}

/// One report in both formats: CSV of these columns and rows, and the same as JSON.
async fn agrees(world: &World, input: Value, columns: &[&str], rows: &[Vec<Value>]) {
    let csv = made(world, &with(&input, "csv")).await;
    let json = made(world, &with(&input, "json")).await;

    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with('=') => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let line = |row: &Vec<Value>| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n";
    let lines: String = rows.iter().map(line).collect();
    let expected = format!("{}\r\n{lines}", columns.join(","));
    assert_eq!(downloaded(&csv).await, ("text/csv; charset=utf-8".to_owned(), expected));
    let (content_type, text) = downloaded(&json).await;
    assert_eq!(content_type, "application/json");
    let object = |row: &Vec<Value>| -> Value {
        columns.iter().map(|column| (*column).to_owned()).zip(row.clone()).collect()
    };
    let expected: Value = rows.iter().map(object).collect();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    assert_eq!(json.body["rows"], rows.len());
}

fn with(input: &Value, format: &str) -> Value {
    let mut input = input.clone();
    input["format"] = json!(format);
    input
}

/// The values at these paths.
fn at(body: &Value, paths: &[&str]) -> Vec<Value> {
    paths.iter().map(|path| body.pointer(path).cloned().unwrap_or(Value::Null)).collect()
}

pub(crate) async fn deposit(world: &World, account: &str, key: &str, amount_minor: i64) -> Reply {
    let amount = json!({ "amount_minor": amount_minor, "currency": "NZD" });
    let request = world.request(Method::POST, &format!("/accounts/{account}/deposits"));
    let request = request.header("idempotency-key", key);
    let body = json!({ "amount": amount, "description": key });
    world.send(request.json(&body)).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_are_reported_with_what_the_provider_counted() {
    let world = World::start().await;
    let published = world.published().await;
    let figures = world.eventually(&format!("/campaigns/{published}/statistics"), 200).await.body;
    let draft = json!({ "name": "=1+1", "channel": "email",
        "budget": { "amount_minor": 5, "currency": "JPY" } });
    let draft = world.send(world.request(Method::POST, "/campaigns").json(&draft)).await;
    let draft = draft.expect(201).body;
    let campaign = world.get(&format!("/campaigns/{published}")).await.body;
    let of_campaign = [
        "/id",
        "/name",
        "/channel",
        "/status",
        "/created_at",
        "/published_at",
        "/budget/amount_minor",
        "/budget/currency",
    ];
    let of_figures =
        ["/impressions", "/clicks", "/spend/amount_minor", "/spend/currency", "/synced_at"];
    let columns = [
        "campaign_id",
        "name",
        "channel",
        "status",
        "created_at",
        "published_at",
        "budget_minor",
        "budget_currency",
        "impressions",
        "clicks",
        "spend_minor",
        "spend_currency",
        "synced_at",
    ];
    let row = |campaign: &Value, figures: &Value| {
        [at(campaign, &of_campaign), at(figures, &of_figures)].concat()
    };
    let rows = [row(&campaign, &figures), row(&draft, &Value::Null)];

    agrees(&world, json!({ "kind": "campaign_performance" }), &columns, &rows).await;
    let named = json!({ "kind": "campaign_performance", "campaign_ids": [draft["id"]] });
    agrees(&world, named, &columns, &rows[1..]).await;
    let earlier = json!({ "kind": "campaign_performance", "to": campaign["created_at"] });
    agrees(&world, earlier, &columns, &[]).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_has_what_was_booked_when_it_was_asked_for() {
    let world = World::start().await;
    let account = world.account(OWNER).await;
    deposit(&world, &account, "in-1", 5_000).await;
    let version = deposit(&world, &account, "in-2", 700).await.body["version"].clone();
    let columns = [
        "account_id",
        "version",
        "at",
        "type",
        "amount_minor",
        "balance_after_minor",
        "currency",
        "counterparty_account_id",
        "description",
        "event_id",
    ];
    let statement = json!({ "kind": "account_statement", "account_id": account });

    // At once: its view need not have come so far.
    let first = made(&world, &with(&statement, "csv")).await;
    let path = format!("/accounts/{account}/transactions?at_least_version={version}");
    let listed = world.eventually(&path, 200).await;
    let paths = [
        "/account_id",
        "/version",
        "/at",
        "/type",
        "/amount/amount_minor",
        "/balance_after/amount_minor",
        "/amount/currency",
        "/counterparty",
        "/description",
        "/event_id",
    ];
    let rows: Vec<_> = listed.items().iter().rev().map(|item| at(item, &paths)).collect();

    assert_eq!(first.body["rows"], 2);
    agrees(&world, statement.clone(), &columns, &rows).await;
    let mut later = statement;
    later["from"] = rows[1][2].clone();
    agrees(&world, later, &columns, &rows[1..]).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_are_reported_with_what_came_of_their_rows() {
    let world = World::start().await;
    let file = "email,name\nann@example.org,Ann\nann@example.org,Ann\nnobody,Nobody\n";
    let good = importing::over(&world, &uploaded(&world, file).await).await.body;
    let bad = importing::over(&world, &uploaded(&world, "first,second\n1,2\n").await).await.body;
    let columns = [
        "import_id",
        "file_name",
        "size_bytes",
        "status",
        "created_at",
        "started_at",
        "finished_at",
        "total",
        "processed",
        "imported",
        "duplicates",
        "rejected",
        "reason",
    ];
    let row = |import: &Value| {
        let mut row = vec![import["id"].clone()];
        row.extend(columns[1..].iter().map(|column| import[*column].clone()));
        row
    };
    // A quote in its reason is written twice, and the whole in quotes.
    let mut rows = [row(&good), row(&bad)];
    assert_eq!(rows[0][7..12], [json!(3), json!(3), json!(1), json!(1), json!(1)]);
    let reason = bad["reason"].as_str().unwrap();
    assert!(reason.contains('"'), "{reason}");

    let report = made(&world, &json!({ "kind": "import_summary", "format": "csv" })).await;
    let (_, csv) = downloaded(&report).await;
    assert!(csv.contains(&format!("\"{}\"\r\n", reason.replace('"', "\"\""))), "{csv}");
    rows[1][12] = Value::Null;
    let of_good = json!({ "kind": "import_summary", "to": bad["created_at"] });
    agrees(&world, of_good, &columns, &rows[..1]).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_repeated_is_one_report() {
    let world = World::start().await;
    let order = || {
        let request = world.request(Method::POST, "/reports").header("idempotency-key", "march");
        world.send(request.json(&json!({ "kind": "import_summary", "format": "json" })))
    };

    let (first, again) = (order().await.expect(202), order().await.expect(202));

    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(again.header("idempotent-replayed"), "true");
    let listed = world.get("/reports").await.expect(200);
    assert_eq!(listed.items().len(), 1, "{:#}", listed.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_cannot_be_made_says_why_and_has_no_link() {
    let world = World::start().await;
    let nowhere = "019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";
    let post =
        async |input: Value| world.send(world.request(Method::POST, "/reports").json(&input)).await;

    let named =
        json!({ "kind": "campaign_performance", "campaign_ids": [nowhere], "format": "csv" });
    let failed = made(&world, &named).await;
    let statement =
        post(json!({ "kind": "account_statement", "account_id": nowhere, "format": "csv" })).await;
    let input = post(json!({ "kind": "account_statement", "format": "csv" })).await;

    assert_eq!(failed.text("/status"), "failed");
    assert_eq!(failed.text("/reason"), format!("there is no campaign {nowhere}"));
    assert!(failed.body.get("download_url").is_none() && failed.body.get("kept_until").is_none());
    assert_eq!(statement.expect(404).text("/type"), "/problems/account-not-found");
    assert_eq!(input.expect(422).text("/errors/0/path"), "/account_id");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_for_its_file_and_its_time_cannot_be_moved() {
    let world = World::start().await;
    let input = json!({ "kind": "import_summary", "format": "json" });
    let (one, other) = (made(&world, &input).await, made(&world, &input).await);
    let url = one.text("/download_url");

    let expires_at: Timestamp = one.text("/expires_at").parse().unwrap();
    let ended = url.replace("X-Amz-Expires=900", "X-Amz-Expires=901");
    let elsewhere = url.replacen(&one.text("/id"), &other.text("/id"), 1);

    let (soonest, latest) = (Timestamp::now() + 10.minutes(), Timestamp::now() + 15.minutes());
    assert!((soonest..=latest).contains(&expires_at), "{expires_at}");
    for refused in [ended, elsewhere] {
        assert_ne!(refused, url);
        assert_eq!(reqwest::get(refused).await.unwrap().status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(downloaded(&one).await.1, "[]\n");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_has_expired_is_refused() {
    let world = World::start().await;
    let report = made(&world, &json!({ "kind": "import_summary", "format": "csv" })).await;
    let link = report.text("/download_url");
    // Signed as the API signs it, which the first of these proves.
    let url = reqwest::Url::parse(&link).unwrap();
    let (_, key) = url.path().trim_start_matches('/').split_once('/').unwrap();
    let signed = url.query_pairs().find(|(name, _)| name == "X-Amz-Date").unwrap().1.into_owned();
    let signed = civil::DateTime::strptime("%Y%m%dT%H%M%SZ", signed).unwrap();
    let signed = signed.to_zoned(TimeZone::UTC).unwrap().timestamp();
    let link_of = async |at| link_signed_at(&world, &report, key, at).await;

    let (same, older) = (link_of(signed).await, link_of(signed - 14.minutes()).await);
    let oldest = link_of(signed - 16.minutes()).await;

    assert_eq!(same, link);
    for (link, status) in [(older, StatusCode::OK), (oldest, StatusCode::FORBIDDEN)] {
        assert_eq!(reqwest::get(&link).await.unwrap().status(), status, "{link}");
    }
    world.stop().await;
}

/// The link that the API would have given to a report at that time.
async fn link_signed_at(world: &World, report: &Reply, key: &str, at: Timestamp) -> String {
    let url = world.system().aws_url();
    let bucket = world.system().stack().buckets[0].name.as_str();
    let mut env = Env::of([
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "api"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL", &url),
        ("OBJECTS_BUCKET", bucket),
    ]);
    let objects = Aws::connect(&mut env).objects(&mut env);
    env.check().unwrap();
    let download = Download {
        key: key.parse().unwrap(),
        file_name: format!("{}-{}.csv", report.text("/kind"), report.text("/id")),
        content_type: "text/csv; charset=utf-8".to_owned(),
        at,
        lasts: Duration::from_mins(15),
    };
    objects.permit_download(&download).await.unwrap().url
}
