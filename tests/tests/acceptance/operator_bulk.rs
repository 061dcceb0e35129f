//! `postroom dead-letters redrive --all`: it takes what was meant, all of it, and tells what became of it.

use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use postroom::port::{DeadLetter, DeadLetters, FailureClass, LetterStatus};
use postroom::{Ids, RawEnvelope, SystemIds};
use postroom_aws::{Aws, Env};
use serde_json::{Value, json};
use tests::World;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::operator::{Ran, postroom, tool};

const PATIENCE: Duration = Duration::from_secs(40);
/// More than two calls of a bulk.
const MANY: i64 = 45;

/// An open letter of a message that was never sent, which failed so many seconds after nine o'clock.
fn letter(queue: &str, kind: &str, seconds: i64) -> DeadLetter {
    let id = SystemIds.fresh();
    let body = json!({
        "specversion": "1.0", "id": id, "source": "tests", "type": kind, "subject": "campaigns/1",
        "time": "2026-11-21T09:00:00Z", "datacontenttype": "application/json", "data": {},
        "correlationid": "the-night", "causationid": id, "tenantid": "demo", "dataversion": 1,
        "streamversion": 1, "hops": 0,
    });
    let body = body.to_string();
    let at: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
    let at = at + Duration::from_secs(seconds.try_into().unwrap());
    DeadLetter {
        id: format!("{queue}#{id}"),
        queue: queue.to_owned(),
        handler: Some(queue.to_owned()),
        envelope: Some(RawEnvelope::parse(&body).unwrap()),
        body,
        causes: vec!["gone\n\u{1b}[2J0 letters".to_owned()],
        fingerprint: SystemIds.fresh().to_string().parse().unwrap(),
        class: FailureClass::Permanent,
        attempts: 1,
        first_failed_at: at,
        last_failed_at: at,
        code_version: "1.2.3".to_owned(),
        status: LetterStatus::Open,
        redrives: 0,
        edited_as: None,
    }
}

async fn park(world: &World, letters: impl IntoIterator<Item = DeadLetter>) {
    let mut env = Env::of([
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "any"),
        ("AWS_SECRET_ACCESS_KEY", "any"),
        ("AWS_ENDPOINT_URL", world.system().aws_url().as_str()),
        ("DEAD_LETTERS_TABLE", "local-dead-letters"),
    ]);
    let file = Aws::connect(&mut env).dead_letters(&mut env);
    for letter in letters {
        file.park(&letter).await.unwrap();
    }
}

fn ids(letters: &Value) -> Vec<&str> {
    letters.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_of_a_redrive_means_what_it_names() {
    let world = World::start().await;
    let old = letter("sync-statistics", "campaign.published", 0);
    let new = letter("sync-campaign", "campaign.paused", 60);
    // Its queue is another's, so that queue and handler are told apart.
    let odd = DeadLetter { queue: "sync-statistics".to_owned(), ..letter("tell", "odd", 120) };
    park(&world, [old.clone(), new.clone(), odd.clone()]).await;
    let at = "2026-11-21T09:01:00Z";
    let fingerprint = old.fingerprint.to_string();

    for (filter, expected) in [
        (vec![], vec![&odd, &new, &old]),
        (vec!["--queue", "sync-statistics"], vec![&odd, &old]),
        (vec!["--handler", "sync-statistics"], vec![&old]),
        (vec!["--type", "campaign.paused"], vec![&new]),
        (vec!["--fingerprint", &fingerprint], vec![&old]),
        (vec!["--from", at], vec![&odd, &new]),
        (vec!["--before", at], vec![&old]),
        (vec!["--queue", "sync-statistics", "--from", at], vec![&odd]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|letter| letter.id.as_str()).collect();
        let with = |verb: &[&'static str]| [verb, &["--json"], &filter].concat();

        let bulk = with(&["dead-letters", "redrive", "--all", "--dry-run"]);
        let bulk = postroom(&world, &bulk).await.json();
        let list = postroom(&world, &with(&["dead-letters", "list"])).await.json();
        let groups = postroom(&world, &with(&["dead-letters", "groups"])).await.json();

        assert_eq!(ids(&bulk["redriven"]), expected, "{filter:?}");
        let listed = list["items"].as_array().unwrap().iter();
        assert_eq!(listed.map(|item| &item["id"]).collect::<Vec<_>>(), expected, "{filter:?}");
        assert_eq!(groups["groups"].as_array().unwrap().len(), expected.len(), "{filter:?}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_goes_on_to_the_last_letter_or_says_what_is_still_open() {
    let world = World::start().await;
    park(&world, (0..MANY).map(|at| letter("sync-statistics", "campaign.published", at))).await;
    let redrive = ["dead-letters", "redrive", "--all", "--per-minute", "60000"];

    let first = postroom(&world, &[&redrive[..], &["--limit", "1"]].concat()).await;
    let rows: Vec<_> = first.out.lines().collect();
    let next = rows[2].split('\'').nth(1).unwrap();
    let rest = ["--cursor", next, "--json"];
    let rehearsed = postroom(&world, &[&redrive[..], &rest, &["--dry-run"]].concat()).await.json();
    let rest = postroom(&world, &[&redrive[..], &rest].concat()).await.json();
    let none = postroom(&world, &redrive).await;

    assert!(rows[0].ends_with(" redriven"), "{}", first.out);
    assert_eq!(rows[1], "1 letter redriven, 0 refused");
    assert!(rows[2].starts_with("more are open: --cursor "), "{}", first.out);
    assert_eq!(ids(&rest["redriven"]).len(), usize::try_from(MANY).unwrap() - 1);
    assert_eq!(rehearsed["redriven"], rest["redriven"]);
    assert_eq!((&rest["refused"], &rest["next"]), (&json!([]), &Value::Null));
    assert_eq!((&rehearsed["dry_run"], &rest["dry_run"]), (&json!(true), &json!(false)));
    assert_eq!((none.code, none.out.as_str()), (0, "0 letters redriven, 0 refused\n"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_that_is_interrupted_or_fails_says_what_it_did() {
    let world = World::start().await;
    park(&world, (0..MANY).map(|at| letter("sync-statistics", "campaign.published", at))).await;
    // Slow enough that each call is followed by seconds in which something can happen.
    let redrive = ["dead-letters", "redrive", "--all", "--per-minute", "200", "--json"];

    let running = begun(&world, &redrive).await;
    until_redriven(&world, 20).await;
    let pid = running.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    let (interrupted, told) = ended(running).await;
    let next = told["next"].as_str().unwrap();
    let running = begun(&world, &[&redrive[..], &["--cursor", next]].concat()).await;
    until_redriven(&world, 40).await;
    let refuses = json!({"service": "dynamodb", "action": "TransactWriteItems", "times": 100,
        "status": 400});
    world.aws_fault(refuses).await;
    let (failed, told_of_failure) = ended(running).await;
    world.aws_heals().await;

    interrupted.ends(1, "interrupted");
    assert_eq!(ids(&told["redriven"]).len(), 20);
    failed.ends(1, "could not be redriven");
    assert_eq!(ids(&told_of_failure["redriven"]).len(), 20);
    assert_eq!(told_of_failure["error"]["exit_code"], 1);
    let next = told_of_failure["next"].as_str().unwrap();
    let rest = postroom(&world, &[&redrive[..], &["--cursor", next]].concat()).await.json();
    assert_eq!(ids(&rest["redriven"]).len(), 5);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_told_and_what_strangers_wrote_stays_in_its_row() {
    let world = World::start().await;
    // So old that nobody remembers whether it was done.
    let last_failed_at = "2020-01-01T00:00:00Z".parse().unwrap();
    let published = letter("sync-statistics", "campaign.published", 0);
    let ancient = DeadLetter { attempts: 0, last_failed_at, ..published };
    let fine = letter("sync-statistics", "campaign.published", 1);
    park(&world, [ancient.clone(), fine.clone()]).await;
    let all = ["dead-letters", "redrive", "--all"];

    let rehearsed = postroom(&world, &[&all[..], &["--dry-run"]].concat()).await;
    let list = postroom(&world, &["dead-letters", "list"]).await;
    let show = postroom(&world, &["dead-letters", "show", &ancient.id]).await;
    let groups = postroom(&world, &["dead-letters", "groups"]).await;
    let done = postroom(&world, &[&all[..], &["--json"]].concat()).await;

    let fine = format!("{} would be redriven", fine.id);
    assert!(rehearsed.out.contains(&fine), "{}", rehearsed.out);
    assert!(rehearsed.out.contains("1 letter would be redriven, 1 would be refused"));
    rehearsed.ends(3, "1 of 2 letters would be refused");
    done.ends(3, "1 of 2 letters refused");
    let told: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(told["refused"][0]["code"], "dead-letter-forgotten");
    for shown in [&list, &show, &groups] {
        assert!(shown.out.contains(r"gone\n\u{1b}[2J0 letters"), "{}", shown.out);
        assert!(!shown.out.contains('\u{1b}'));
    }
    let again = ["dead-letters", "redrive", &ancient.id];
    postroom(&world, &again).await.ends(3, "is forgotten");
    let again = postroom(&world, &[&again[..], &["--again"]].concat()).await;
    assert!(
        again.out.contains("goes to sync-statistics within a minute, redrive 1"),
        "{}",
        again.out
    );
    world.stop().await;
}

/// The tool at its work.
async fn begun(world: &World, arguments: &[&str]) -> Child {
    let mut command = tool(arguments).await;
    command.args(["--endpoint", &world.system().aws_url()]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
}

/// Waits until as many letters are redriven, and no call is at more of them.
async fn until_redriven(world: &World, count: usize) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let letters = world.table("dead-letters").await;
        let redriven = letters.iter().filter(|letter| letter["status"]["S"] == "redriven").count();
        if redriven == count {
            return;
        }
        assert!(redriven < count && Instant::now() < deadline, "{redriven} are redriven");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn ended(running: Child) -> (Ran, Value) {
    let ran = Ran::of(timeout(PATIENCE, running.wait_with_output()).await.unwrap().unwrap());
    let told = serde_json::from_str(&ran.out).unwrap();
    (ran, told)
}
