//! What stands in `events/` is what functions are sent, and what they understand.

use std::collections::BTreeMap;

use domain::contact_imports::UploadedFile;
use domain::reports::{ReportKind, ReportRequested};
use domain::trials::{TrialStep, TrialTimeout};
use domain::users::UserSignedUp;
use domain::webhooks::WebhookReceived;
use postroom::RawEnvelope;
use serde_json::Value;
use tests::{World, WorldOptions, fixture, root};

/// What AWS sends and the local system does not: it traces nothing.
const ONLY_ON_AWS: &[&str] = &["/Records/0/attributes/AWSTraceHeader"];

/// Not a test of its own: `tests/testdata/recorder.sh` plays a function with it, until it is killed.
#[tokio::test]
async fn records_what_a_function_is_sent() {
    let Some(api) = std::env::var_os("AWS_LAMBDA_RUNTIME_API") else { return };
    let url = format!("{}/2018-06-01/runtime/invocation", api.into_string().unwrap());
    let http = reqwest::Client::new();
    while let Ok(next) = http.get(format!("{url}/next")).send().await {
        let id = next.headers()["lambda-runtime-aws-request-id"].to_str().unwrap().to_owned();
        // On a line of its own: the test runner has begun one.
        println!("\n{}", next.text().await.unwrap());
        let _ = http.post(format!("{url}/{id}/response")).body("null").send().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_sent_messages_of_the_fixtures_shape() {
    let world = recording("sync-statistics").await;

    world.published().await;
    let sent = world.wrote("sync-statistics", |line| line.get("Records").is_some()).await;

    assert_eq!(shape(&sent), locally("sqs/sync-statistics.json"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_behind_a_fifo_queue_is_sent_messages_of_its_fixtures_shape() {
    let world = recording("sync-campaign").await;

    world.published().await;
    let sent = world.wrote("sync-campaign", |line| line.get("Records").is_some()).await;

    assert_eq!(shape(&sent), locally("sqs/sync-campaign.json"));
    let record = &sent["Records"][0];
    let body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
    assert_eq!(record["attributes"]["MessageDeduplicationId"], body["id"]);
    world.stop().await;
}

#[test]
fn the_import_is_tried_with_the_notice_of_a_file_that_was_uploaded() {
    let event = fixture("sqs/import-contacts.json");
    let notice = event["Records"][0]["body"].as_str().unwrap();
    let notice: Value = serde_json::from_str(notice).unwrap();

    let key = notice["Records"][0]["s3"]["object"]["key"].as_str().unwrap();
    let file = UploadedFile::of_key(&key.parse().unwrap()).unwrap();

    assert_eq!((file.tenant_id.as_str(), file.correlation_id.as_str()), ("demo", "req-2f6a"));
}

#[test]
fn reports_are_tried_with_one_that_was_asked_for() {
    let event = fixture("sqs/generate-reports.json");
    let body = event["Records"][0]["body"].as_str().unwrap();

    let message = RawEnvelope::parse(body).unwrap().decode::<ReportRequested>().unwrap();

    assert_eq!(message.data.request.kind, ReportKind::AccountStatement);
}

#[test]
fn mail_is_tried_with_somebody_who_signed_up() {
    let event = fixture("sqs/send-notifications.json");
    let body = event["Records"][0]["body"].as_str().unwrap();

    let message = RawEnvelope::parse(body).unwrap().decode::<UserSignedUp>().unwrap();

    assert_eq!(message.data.email.as_str(), "ann@example.com");
}

#[test]
fn trials_are_tried_with_a_time_out() {
    let event = fixture("sqs/run-trials.json");
    let body = event["Records"][0]["body"].as_str().unwrap();

    let message = RawEnvelope::parse(body).unwrap().decode::<TrialTimeout>().unwrap();

    assert_eq!(message.data.step, TrialStep::Reminder);
}

#[test]
fn payments_are_tried_with_a_webhook_that_was_received() {
    let event = fixture("sqs/settle-payments.json");
    let body = event["Records"][0]["body"].as_str().unwrap();

    let message = RawEnvelope::parse(body).unwrap().decode::<WebhookReceived>().unwrap();

    assert_eq!(message.data.kind, "payment_intent.succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_collector_is_sent_messages_of_its_fixtures_shape() {
    // In a second no worker begins a job: it sends the message back at once, and that is once too often.
    let template = vec![
        ("Timeout: 30", "Timeout: 1"),
        ("VisibilityTimeout: 180", "VisibilityTimeout: 6"),
        ("maxReceiveCount: 100", "maxReceiveCount: 1"),
    ];
    let programs = vec![("collect-dead-letters", root().join("tests/testdata/recorder.sh"))];
    let world = World::with(WorldOptions { template, programs, ..WorldOptions::default() }).await;

    world.published().await;
    let is_its = |line: &Value| {
        let queue = line["Records"][0]["eventSourceARN"].as_str();
        queue.is_some_and(|queue| queue.ends_with(":local-sync-statistics-dlq"))
    };
    let sent = world.wrote("collect-dead-letters", is_its).await;

    assert_eq!(shape(&sent), locally("sqs/collect-dead-letters.json"));
    let source = fixture("sqs/collect-dead-letters.json");
    let source = &source["Records"][0]["attributes"]["DeadLetterQueueSourceArn"];
    assert_eq!(sent["Records"][0]["attributes"]["DeadLetterQueueSourceArn"], *source);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_projector_is_sent_records_of_its_fixtures_shape() {
    let world = recording("project-views").await;

    world.draft().await;
    let sent = world.wrote("project-views", |line| line.get("Records").is_some()).await;

    let (record, expected) = (&sent["Records"][0], &fixture("dynamodb/project-views.json"));
    let expected = &expected["Records"][0];
    assert_eq!(shape(record), shape(expected));
    assert_eq!(record["dynamodb"]["StreamViewType"], expected["dynamodb"]["StreamViewType"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_is_sent_the_event_of_the_fixture() {
    is_sent("relay-outbox", "schedule/relay-outbox.json", &["id", "time"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_of_statistics_is_sent_the_event_of_the_fixture() {
    is_sent("schedule-statistics", "schedule/schedule-statistics.json", &["time"]).await;
}

async fn is_sent(function: &'static str, event: &str, of_the_moment: &[&str]) {
    let world = recording(function).await;

    world.post(&format!("/dev/schedules/{function}")).await.expect(202);
    let mut sent = world.wrote(function, |line| line.get("time").is_some()).await;

    let expected = fixture(event);
    assert_eq!(shape(&sent), shape(&expected));
    for name in of_the_moment {
        sent[name] = expected[name].clone();
    }
    assert_eq!(sent, expected);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_does_what_the_fixtures_message_asks_for() {
    let world = World::start().await;
    let id = world.published().await;
    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;
    let message = fixture("sqs/sync-statistics.json")["Records"][0]["body"].take();
    let message: Value = serde_json::from_str(message.as_str().unwrap()).unwrap();
    let (event, campaign) = (message["id"].as_str().unwrap(), &message["data"]["campaign_id"]);

    let body = message.to_string().replace(campaign.as_str().unwrap(), &id);
    world.enqueue("sync-statistics", &body).await;
    world.drained("sync-statistics").await;

    let calls = world.figures_asked(&id).await;
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert_eq!(calls[1]["idempotency_key"], format!("sync-statistics#{event}"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_message_is_logged_as_the_alarm_counts_it() {
    let world = World::start().await;

    world.enqueue("sync-statistics", "no envelope").await;
    let line =
        world.wrote("sync-statistics", |line| line["message"] == "failed for good; parked").await;

    assert_eq!(line["level"], "WARN");
    assert_eq!(world.table("dead-letters").await.len(), 1);
    world.stop().await;
}

/// A system in which a function does nothing but write down its events.
async fn recording(function: &'static str) -> World {
    let programs = vec![(function, root().join("tests/testdata/recorder.sh"))];
    World::with(WorldOptions { programs, ..WorldOptions::default() }).await
}

/// The shape of a fixture, as the local system sends it.
fn locally(name: &str) -> BTreeMap<String, &'static str> {
    let mut expected = shape(&fixture(name));
    expected.retain(|place, _| !ONLY_ON_AWS.contains(&place.as_str()));
    expected
}

/// Every place of a value with the type of what stands there: `("/Records/0/body", "text")`.
fn shape(value: &Value) -> BTreeMap<String, &'static str> {
    let mut places = BTreeMap::new();
    let mut pending = vec![(String::new(), value)];
    while let Some((place, value)) = pending.pop() {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(items) => {
                let items = items.iter().enumerate();
                pending.extend(items.map(|(index, item)| (format!("{place}/{index}"), item)));
                "list"
            }
            Value::Object(entries) => {
                pending.extend(entries.iter().map(|(key, item)| (format!("{place}/{key}"), item)));
                "object"
            }
        };
        places.insert(place, kind);
    }
    places
}
