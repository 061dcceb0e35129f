//! An import of many rows while whoever imports them is killed and AWS fails: every row accounted for, no contact twice.
//!
//! `SOAK_IMPORT_ROWS` says how many rows, `SOAK_SEED` which, and which accidents.

mod accidents;
mod check;
mod people;

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Reply, World, WorldOptions};
use tokio::time::sleep;

use crate::book::may_pass;
use crate::outcome::Outcome;
use crate::seed::Seed;
use crate::{SETTLING, given};
use accidents::Accidents;
use people::People;

/// About a minute, most of which is waited for what the dead held; `.ci/soak --import` has more.
const ROWS: u64 = 2_400;
/// The most rows of a file.
const MOST_ROWS: u64 = 200_000;
/// How long one import may take: a few deaths, and so much for each row.
const PATIENCE: Duration = Duration::from_mins(5);
const A_ROW: Duration = Duration::from_millis(30);
/// How often the relay is fired, beside its schedule: a message that nobody sent waits for it.
const RELAY: Duration = Duration::from_secs(5);
/// How often it is asked how far an import is, and how often a request that failed is repeated.
const LOOK: Duration = Duration::from_millis(100);
const SENDINGS: u32 = 100;
/// What a dead worker held comes back sooner; in less time it would not begin a file.
const SHORT: [(&str, &str); 2] =
    [("Timeout: 60", "Timeout: 43"), ("VisibilityTimeout: 360", "VisibilityTimeout: 44")];

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_accounted_for_once_whoever_dies_and_whatever_fails() {
    let rows = given("SOAK_IMPORT_ROWS").unwrap_or(ROWS);
    assert!((100..=MOST_ROWS).contains(&rows), "SOAK_IMPORT_ROWS has to be 100-{MOST_ROWS}");
    let seed = given("SOAK_SEED").unwrap_or_else(Seed::fresh);
    eprintln!("{rows} rows; SOAK_SEED={seed} brings the same accidents");
    let people = People::draw(rows, &mut seed.split(1));
    let template = SHORT.to_vec();
    let world = World::with(WorldOptions { template, ..WorldOptions::default() }).await;

    let mut accidents = Accidents::draw(rows, &mut seed.split(2));
    let (first, took) = import(&world, &people, "first", &mut accidents).await;
    let applied = world.aws_heals().await;
    let (again, took_again) = import(&world, &people, "again", &mut Accidents::none()).await;
    world.settled(SETTLING).await;

    let mut violations = check::miscounted(&first.body, &people, people.contacts.len() as u64);
    violations.extend(check::miscounted(&again.body, &people, 0));
    for import in [&first, &again] {
        let told = rejected(&world, &import.text("/id")).await;
        violations.extend(check::rejected_otherwise(&told, &people));
    }
    let imports = [&first, &again].map(|import| import.text("/id"));
    violations.extend(check::violations(&Outcome::read(&world).await, &people, &imports));
    let (contacts, duplicates, wrong) =
        (people.contacts.len(), people.duplicates(), people.rejected.len());
    let Accidents { kills, .. } = accidents;
    eprintln!(
        "{contacts} contacts, {duplicates} duplicates, {wrong} rejected in {took:?}; {kills} kills, and calls to AWS that \
         went wrong: {applied}; the same file once more in {took_again:?}\n{} violations",
        violations.len()
    );
    assert!(violations.is_empty(), "{:#?}", &violations[..violations.len().min(20)]);
    assert!(applied["kill_caller"].as_u64() > Some(0), "nobody was killed at a call: {applied}");
    world.stop().await;
}

/// Uploads a file and sees its import to the end, with accidents on its way; how it ended, and how long it took.
async fn import(
    world: &World,
    people: &People,
    key: &str,
    accidents: &mut Accidents,
) -> (Reply, Duration) {
    accidents.at(0, world).await;
    let id = upload(world, &people.csv, key).await;
    let path = format!("/contact-imports/{id}");
    let patience = PATIENCE + A_ROW * u32::try_from(people.rows).unwrap();
    let (began, mut relayed) = (Instant::now(), Instant::now());
    loop {
        let reply = world.get(&path).await;
        if reply.status == 200 {
            accidents.at(reply.body["processed"].as_u64().unwrap(), world).await;
            if !["waiting", "running"].contains(&reply.text("/status").as_str()) {
                return (reply, began.elapsed());
            }
        } else {
            assert!(may_pass(&reply), "{reply:?}");
        }
        assert!(began.elapsed() < patience, "in vain: {:#}", reply.body);
        if relayed.elapsed() > RELAY {
            relayed = Instant::now();
            world.post("/dev/schedules/relay-outbox").await.expect(202);
        }
        sleep(LOOK).await;
    }
}

/// Asks for an import and uploads its file, as its reply says; its id.
async fn upload(world: &World, csv: &str, key: &str) -> String {
    let input = json!({ "file_name": "people.csv", "size_bytes": csv.len() });
    let ask = || {
        let request = world.request(Method::POST, "/contact-imports").json(&input);
        world.send(request.header("idempotency-key", key))
    };
    let created = insist(ask).await.expect(201);
    let upload = &created.body["upload"];
    let mut put = reqwest::Client::new().put(upload["url"].as_str().unwrap());
    for (name, value) in upload["headers"].as_object().unwrap() {
        put = put.header(name, value.as_str().unwrap());
    }
    let put = put.body(csv.to_owned()).send().await.unwrap();
    assert_eq!(put.status(), StatusCode::OK);
    created.text("/id")
}

/// The rows of an import that were rejected, as its owner is told.
async fn rejected(world: &World, id: &str) -> Vec<Value> {
    let first = format!("/contact-imports/{id}/rejected?limit=100");
    let (mut rows, mut path) = (Vec::new(), first.clone());
    for _ in 0..MOST_ROWS / 100 {
        let page = insist(|| world.get(&path)).await.expect(200);
        rows.extend_from_slice(page.items());
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("{first}&cursor={cursor}"),
            None => return rows,
        }
    }
    panic!("more pages of rejected rows than a file has rows");
}

/// Asks until the answer is one.
async fn insist<F: Future<Output = Reply>>(ask: impl Fn() -> F) -> Reply {
    for _ in 1..SENDINGS {
        let reply = ask().await;
        if !may_pass(&reply) {
            return reply;
        }
        sleep(LOOK).await;
    }
    ask().await
}
