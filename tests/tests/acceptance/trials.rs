//! Trials over HTTP, DynamoDB and SQS: time-outs that wait in the outbox, the upgrade that takes them back, and the mail.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, World, WorldOptions};

/// What a dead worker held comes back sooner; with less time none would begin a mail.
const SHORT: [(&str, &str); 2] =
    [("Timeout: 30", "Timeout: 14"), ("VisibilityTimeout: 180", "VisibilityTimeout: 15")];
const EMAIL: &str = "ann@example.com";
const REMINDER: &str = "Your trial ends soon";
const END: &str = "Your trial is over";
/// How long anything may take here, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(2);

/// A system in which trials last so long, and remind so long before.
async fn start(length: &str, reminder: &str, template: Vec<(&'static str, &'static str)>) -> World {
    let parameters =
        vec![("TrialLength", length.to_owned()), ("TrialReminder", reminder.to_owned())];
    World::with(WorldOptions { parameters, template, ..WorldOptions::default() }).await
}

async fn sign_up(world: &World) -> String {
    let body = json!({ "email": EMAIL, "name": "Ann", "plan": "trial" });
    let signed_up = world.send(world.request(Method::POST, "/users").json(&body)).await;
    signed_up.expect(201).text("/id")
}

async fn upgrade(world: &World, user: &str, plan: &str) -> Reply {
    let request = world.request(Method::POST, &format!("/users/{user}/upgrade"));
    world.send(request.json(&json!({ "plan": plan }))).await
}

/// How a trial stands, and on which plan its user is.
async fn stands(world: &World, user: &str) -> [String; 2] {
    let trial = world.get(&format!("/users/{user}/trial")).await.expect(200).text("/status");
    let plan = world.get(&format!("/users/{user}")).await.expect(200).text("/plan");
    [trial, plan]
}

/// The subjects of all mail that was sent, once nothing is on its way any more.
async fn mailed(world: &World) -> Vec<String> {
    for queue in ["run-trials", "send-notifications"] {
        world.drained(queue).await;
    }
    let mail = world.mailbox(EMAIL).await;
    mail.iter().map(|mail| mail["subject"].as_str().unwrap().to_owned()).collect()
}

/// The time-outs that wait in the outbox: their messages, as they will be sent.
async fn waiting(world: &World) -> Vec<Value> {
    let rows = world.table("outbox").await;
    let bodies = rows.iter().map(|row| row["body"]["S"].as_str().unwrap());
    let messages = bodies.map(|body| serde_json::from_str::<Value>(body).unwrap());
    messages.filter(|message| message["type"] == "trial.timeout").collect()
}

/// Why the run of a message chose to do nothing.
async fn skipped(world: &World, message: &Value) -> Option<String> {
    let key = format!("run-trials#{}", message["id"].as_str().unwrap());
    let inbox = world.table("inbox").await;
    let run = inbox.iter().find(|run| run["key"]["S"] == key.as_str());
    run.and_then(|run| run["skipped"]["S"].as_str()).map(str::to_owned)
}

/// How many events of a type the journal has.
async fn events(world: &World, r#type: &str) -> usize {
    let r#type = format!("\"type\":\"{type}\"");
    let journal = world.table("journal").await;
    let envelopes = journal.iter().filter_map(|item| item["envelope"]["S"].as_str());
    envelopes.filter(|envelope| envelope.contains(&r#type)).count()
}

/// The same message under another id, as somebody sends it by hand.
async fn sent_by_hand(world: &World, message: &Value, id: &str) -> Value {
    let mut by_hand = message.clone();
    by_hand["id"] = json!(id);
    world.enqueue("run-trials", &by_hand.to_string()).await;
    world.drained("run-trials").await;
    by_hand
}

/// Has the relay send what is due until a trial is so far.
async fn comes_to(world: &World, user: &str, status: &str) {
    let began = Instant::now();
    while stands(world, user).await[0] != status {
        assert!(began.elapsed() < PATIENCE, "the trial is {:?}", stands(world, user).await);
        world.post("/dev/schedules/relay-outbox").await.expect(202);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_reminded_once_and_an_upgrade_then_takes_back_the_end() {
    let world = start("3600s", "3598s", vec![]).await;
    let user = sign_up(&world).await;
    let begun = stands(&world, &user).await;
    let both = waiting(&world).await;
    let reminder = both.iter().find(|message| message["data"]["step"] == "reminder").unwrap();

    comes_to(&world, &user, "reminded").await;
    let by_hand = [
        sent_by_hand(&world, reminder, "4d2a9c1e-8b7f-5e36-a0c5-1f9d3b7e6a42").await,
        sent_by_hand(&world, reminder, "5e3bad2f-9c80-5f47-b1d6-2a0e4c8f7b53").await,
    ];
    let left = waiting(&world).await;
    upgrade(&world, &user, "pro").await.expect(200);

    assert_eq!(begun, ["running", "trial"]);
    for message in &by_hand {
        assert_eq!(skipped(&world, message).await.as_deref(), Some("the user was reminded"));
    }
    assert_eq!(mailed(&world).await, ["Welcome, Ann", REMINDER]);
    assert_eq!(events(&world, "trial.ending").await, 1);
    let left: Vec<_> = left.iter().map(|message| &message["data"]["step"]).collect();
    assert_eq!(left, ["expiry"]);
    assert!(waiting(&world).await.is_empty(), "the end is taken back");
    assert_eq!(stands(&world, &user).await, ["upgraded", "pro"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_that_nobody_ends_is_over_once_and_the_plan_is_free_until_an_upgrade() {
    let world = start("2s", "1s", vec![]).await;
    let user = sign_up(&world).await;
    let both = waiting(&world).await;
    let expiry = both.iter().find(|message| message["data"]["step"] == "expiry").unwrap();

    comes_to(&world, &user, "expired").await;
    let ended = stands(&world, &user).await;
    let by_hand = sent_by_hand(&world, expiry, "4d2a9c1e-8b7f-5e36-a0c5-1f9d3b7e6a42").await;
    world.relayed().await;
    let sent = mailed(&world).await;
    let upgraded = upgrade(&world, &user, "pro").await.expect(200);

    assert_eq!(ended, ["expired", "free"]);
    assert_eq!(skipped(&world, &by_hand).await.as_deref(), Some("the trial is over"));
    assert_eq!(sent.iter().filter(|subject| *subject == END).count(), 1, "{sent:?}");
    assert_eq!(events(&world, "trial.expired").await, 1);
    assert_eq!(upgraded.text("/plan"), "pro");
    assert_eq!(stands(&world, &user).await, ["expired", "pro"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_in_time_takes_the_time_outs_out_of_the_outbox_and_nothing_comes() {
    let world = start("1h", "30m", vec![]).await;
    let user = sign_up(&world).await;
    let before = waiting(&world).await;

    let upgraded = upgrade(&world, &user, "pro").await.expect(200);

    let steps: Vec<_> = before.iter().map(|message| message["data"]["step"].as_str()).collect();
    assert!(steps.len() == 2 && steps.contains(&Some("reminder")), "{before:#?}");
    assert!(waiting(&world).await.is_empty(), "taken back in the upgrade's own transaction");
    assert_eq!(upgraded.text("/plan"), "pro");
    assert_eq!(stands(&world, &user).await, ["upgraded", "pro"]);
    world.relayed().await;
    assert_eq!(mailed(&world).await, ["Welcome, Ann"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_is_refused_leaves_the_time_outs_and_the_trial() {
    let world = start("1h", "30m", vec![]).await;
    let user = sign_up(&world).await;
    mailed(&world).await;
    let before = world.tables_and_notes().await;

    let refused = [("trial", "not-an-upgrade"), ("free", "not-an-upgrade")];
    for (plan, code) in refused {
        let reply = upgrade(&world, &user, plan).await.expect(422);
        assert_eq!(reply.text("/type"), format!("/problems/{code}"));
    }

    let (tables, notes) = world.tables_and_notes().await;
    assert_eq!((tables, notes), (before.0, before.1 + refused.len()));
    assert_eq!(waiting(&world).await.len(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_outs_that_were_on_their_way_when_the_upgrade_came_change_nothing_and_say_why() {
    let world = start("1h", "30m", vec![]).await;
    let user = sign_up(&world).await;
    let sent = waiting(&world).await;
    upgrade(&world, &user, "pro").await.expect(200);

    for message in &sent {
        for _ in 0..2 {
            world.enqueue("run-trials", &message.to_string()).await;
        }
    }
    world.drained("run-trials").await;

    assert_eq!(sent.len(), 2);
    for message in &sent {
        assert_eq!(skipped(&world, message).await.as_deref(), Some("the user has upgraded"));
    }
    assert_eq!(stands(&world, &user).await, ["upgraded", "pro"]);
    assert_eq!(mailed(&world).await, ["Welcome, Ann"]);
    assert_eq!(events(&world, "trial.ending").await + events(&world, "trial.expired").await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_before_or_after_its_commit_ends_a_trial_once() {
    for when in ["before", "after"] {
        let world = start("2s", "1s", SHORT.to_vec()).await;
        let fault = json!({ "service": "dynamodb", "action": "TransactWriteItems",
            "function": "run-trials", "times": 2, "kill_caller": when });
        world.aws_fault(fault).await;

        let user = sign_up(&world).await;
        comes_to(&world, &user, "expired").await;
        world.callers_killed(2).await;
        world.drained("run-trials").await;
        // What the dead one did not send.
        world.relayed().await;
        let sent = mailed(&world).await;

        assert_eq!(stands(&world, &user).await, ["expired", "free"], "{when}");
        assert_eq!(sent.iter().filter(|subject| *subject == END).count(), 1, "{when}: {sent:?}");
        assert_eq!(events(&world, "trial.expired").await, 1, "{when}");
        // The end does not wait for the reminder, which may come back behind it; and once it is over, nobody is told that it
        // ends soon.
        let reminders = sent.iter().filter(|subject| *subject == REMINDER).count();
        let endings = events(&world, "trial.ending").await;
        assert!(reminders <= endings && endings <= 1, "{when}: {endings}, {sent:?}");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_cannot_be_kept_keep_the_api_from_starting_and_are_named() {
    let world = start("3d", "14d", vec![]).await;

    let reply = world.get("/campaigns").await;

    assert_eq!(reply.status, 500, "{reply:?}");
    let output = world.system().output().join("\n");
    let reason = "TRIAL_TERMS is malformed (the reminder has to be less before the end";
    assert!(output.contains(reason), "{output}");
    world.stop().await;
}
