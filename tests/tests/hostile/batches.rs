//! Events of a queue: a damaged one is refused, or its records fail each for itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use postroom::doc_example::{Bank, ChargeCard, ShopError};
use postroom::memory::{ManualClock, MemoryQueue, MemoryStore, SeededIds};
use postroom::port::{Inbox, RunKey, RunStatus};
use postroom::{
    Clock, Collector, Courier, ObjectOwner, Ports, RawEnvelope, Reactions, Runtime, Worker,
};
use postroom_aws::{Aws, Env, ObjectNotices, Visibility, handle_collection, handle_told_batch};
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::fixture;

use crate::input::{block, cases, json, mutated, mutations, text};

const HANDLER: &str = "charge-card";

/// A bank that charges whatever it is asked to.
struct Generous;

impl Bank for Generous {
    fn charge(&self, key: &str) -> Result<String, ShopError> {
        Ok(key.to_owned())
    }
}

struct Bench {
    memory: MemoryStore,
    clock: Arc<ManualClock>,
    worker: Worker,
    collector: Collector,
    visibility: Visibility,
    notices: ObjectNotices,
}

impl Bench {
    fn new() -> Self {
        let memory = MemoryStore::default();
        let stored = Arc::new(memory.clone());
        let clock = Arc::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap()));
        let ports = Ports {
            store: stored.clone(),
            journal: stored.clone(),
            inbox: stored.clone(),
            courier: Courier::new(stored.clone(), Arc::new(MemoryQueue::default()), clock.clone()),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::new(1)),
        };
        let runtime = Runtime::new(ports, Reactions::default());
        let collector = Collector::new(runtime.clone(), stored.clone());
        let worker = Worker::new(HANDLER, runtime, stored).job(ChargeCard { bank: Generous });
        Self { memory, clock, worker, collector, visibility: nowhere(), notices: notices() }
    }

    /// The ids that have to be delivered again; `None`: the event is refused as a whole.
    async fn answer(&self, event: &Value) -> Option<Vec<String>> {
        let event = serde_json::from_value(event.clone()).ok()?;
        let Self { worker, visibility, notices, .. } = self;
        let answer = handle_told_batch(worker, visibility, notices, event, 0).await.ok()?;
        let answer = serde_json::to_value(&answer).unwrap();
        let failures = answer["batchItemFailures"].as_array().unwrap().iter();
        let id = |failure: &Value| failure["itemIdentifier"].as_str().unwrap().to_owned();
        Some(failures.map(id).collect())
    }

    async fn status_of(&self, body: &str) -> Option<RunStatus> {
        let key = RunKey::of_handler(HANDLER, RawEnvelope::parse(body).unwrap().id);
        let found = self.memory.find(&key, self.clock.now()).await.unwrap();
        found.map(|record| record.status)
    }
}

/// The notices of the bucket of the example, each of whose objects is somebody's.
fn notices() -> ObjectNotices {
    ObjectNotices::of("local-objects-000000000000-us-east-1".to_owned(), |key| {
        let tenant = key.as_str().split('/').nth(1)?;
        Some(ObjectOwner { tenant_id: tenant.parse().ok()?, correlation_id: None })
    })
}

/// A queue that cannot be reached: no message keeps a time of its own.
fn nowhere() -> Visibility {
    let mut env = Env::of([
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("CHARGE_CARD_QUEUE_URL", "http://127.0.0.1:1/charge-card"),
    ]);
    let aws = Aws::connect(&mut env);
    let visibility = aws.visibility(&mut env, HANDLER);
    env.check().unwrap();
    visibility
}

/// A record that nothing is wrong with, about an order of its own.
fn healthy() -> Value {
    let mut record = fixture("sqs/standard.json")["Records"][0].clone();
    let mut body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
    body["id"] = json!("7b0c0000-0000-5000-8000-00000000beef");
    body["data"]["order"] = json!("healthy");
    record["body"] = json!(body.to_string());
    record["messageId"] = json!("healthy");
    record
}

/// Whether a record could not be reported, for which alone a batch may be refused as a whole.
fn is_nameless(record: &Value) -> bool {
    record.get("messageId").and_then(Value::as_str).is_none_or(str::is_empty)
}

/// Whatever else is in the batch: the healthy record is parked for good, as its order does not exist.
fn harms_no_neighbour(mut event: Value) {
    let healthy = healthy();
    let records = event.get_mut("Records").and_then(Value::as_array_mut);
    let Some(records) = records else { return };
    records.push(healthy.clone());
    let ids: BTreeSet<String> = records
        .iter()
        .filter_map(|record| Some(record["messageId"].as_str()?.to_owned()))
        .collect();
    block(async {
        let bench = Bench::new();

        let Some(failures) = bench.answer(&event).await else {
            let records = event["Records"].as_array().unwrap();
            assert!(records.iter().any(is_nameless), "refused as a whole: {event}");
            return;
        };

        let distinct: BTreeSet<&String> = failures.iter().collect();
        assert_eq!(distinct.len(), failures.len(), "reported twice: {failures:?}");
        assert!(failures.iter().all(|id| !id.is_empty() && ids.contains(id)), "{failures:?}");
        let status = bench.status_of(healthy["body"].as_str().unwrap()).await;
        assert_eq!(status, Some(RunStatus::Parked), "{failures:?}");
    });
}

/// What a bucket tells, damaged: it is a letter, unless it is delivered again or has become a trial of S3. `collected`: its
/// queue had given it up.
fn is_a_letter(notice: &Value, collected: bool) {
    let body = notice.to_string();
    let dead = "arn:aws:sqs:us-east-1:000000000000:local-charge-card-dlq";
    let event = json!({"Records": [{"messageId": "m", "body": body, "eventSourceARN": dead}]});
    block(async {
        let bench = Bench::new();

        let failures = if collected {
            let read = serde_json::from_value(event).unwrap();
            let (handlers, notices) = (["charge-card"], Some(&bench.notices));
            let answer = handle_collection(&bench.collector, &handlers, notices, read, 0).await;
            answer.unwrap().batch_item_failures.len()
        } else {
            bench.answer(&event).await.unwrap().len()
        };

        let is_trial = notice["Event"] == "s3:TestEvent";
        let kept = bench.memory.dead_letters().len() + failures;
        assert_eq!(kept, usize::from(!is_trial), "{notice}");
    });
}

/// Whatever is in the batch of a dead-letter queue: what is not delivered again is a letter.
fn loses_nothing(event: &Value) {
    let Some(records) = event.get("Records").and_then(Value::as_array) else { return };
    block(async {
        let bench = Bench::new();
        let handlers = ["sync-statistics"];
        let read = serde_json::from_value(event.clone()).unwrap();

        let answer = handle_collection(&bench.collector, &handlers, None, read, 0).await;

        let Ok(answer) = answer else {
            let is_whole = |record: &Value| {
                let arn = record.get("eventSourceARN").and_then(Value::as_str);
                !is_nameless(record) && arn.is_some_and(|arn| arn.ends_with("sync-statistics-dlq"))
            };
            assert!(!records.iter().all(is_whole), "refused as a whole: {event}");
            return;
        };
        let failures: Vec<_> =
            answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        let letters = bench.memory.dead_letters();
        for record in records {
            let id = record["messageId"].as_str().unwrap();
            let body = record["body"].as_str().unwrap_or_default();
            let kept = letters.iter().any(|letter| letter.body == body);
            assert!(kept || failures.iter().any(|failure| failure == id), "{record} is lost");
        }
    });
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn of_a_damaged_batch_that_was_given_up_nothing_is_lost(mutations in mutations()) {
        loses_nothing(&mutated(fixture("sqs/collect-dead-letters.json"), &mutations));
    }

    #[test]
    fn a_damaged_event_is_refused_or_its_records_fail_each_for_itself(
        fifo in any::<bool>(),
        mutations in mutations(),
    ) {
        let event = fixture(if fifo { "sqs/fifo.json" } else { "sqs/standard.json" });
        harms_no_neighbour(mutated(event, &mutations));
    }

    #[test]
    fn a_body_of_any_kind_is_its_own_records_failure(body in prop_oneof![text(), json().prop_map(|json| json.to_string())]) {
        let mut event = fixture("sqs/standard.json");
        event["Records"][0]["body"] = json!(body);
        harms_no_neighbour(event);
    }

    #[test]
    fn a_damaged_message_is_its_own_records_failure(mutations in mutations()) {
        let mut event = fixture("sqs/standard.json");
        let body = event["Records"][0]["body"].as_str().unwrap();
        let body = mutated(serde_json::from_str(body).unwrap(), &mutations);
        event["Records"][0]["body"] = json!(body.to_string());
        harms_no_neighbour(event);
    }

    #[test]
    fn a_damaged_notice_of_a_bucket_is_a_letter(
        collected in any::<bool>(),
        trial in any::<bool>(),
        mutations in mutations(),
    ) {
        let notice = fixture(if trial { "s3/test-event.json" } else { "s3/object-created.json" });
        is_a_letter(&mutated(notice, &mutations), collected);
    }

    #[test]
    fn a_key_of_any_kind_is_its_own_notices_failure(key in text()) {
        let mut notice = fixture("s3/object-created.json");
        notice["Records"][0]["s3"]["object"]["key"] = json!(key);
        let mut event = fixture("sqs/standard.json");
        event["Records"][0]["body"] = json!(notice.to_string());
        harms_no_neighbour(event);
    }

    #[test]
    fn any_json_is_an_event_or_refused(event in json()) {
        block(async { Bench::new().answer(&event).await });
    }
}

#[test]
fn the_healthy_record_reaches_its_handler() {
    block(async {
        let bench = Bench::new();
        let body = healthy()["body"].as_str().unwrap().to_owned();

        let failures = bench.answer(&json!({"Records": [healthy()]})).await;

        assert_eq!(failures, Some(vec![]));
        assert_eq!(bench.status_of(&body).await, Some(RunStatus::Parked));
        let letters = bench.memory.dead_letters();
        assert!(letters[0].causes.join(" ").contains("healthy"), "{letters:?}");
    });
}
