//! Items lie in their tables as `postroom_aws::keys` documents them, attribute by attribute, optional ones included.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postroom::doc_example::{OrderPlaced, PlaceOrder, Settings, ShopError, reactions};
use postroom::memory::SeededIds;
use postroom::port::{Claim, FailedAs, FailedRun, Run, RunKey};
use postroom::{
    DeadLetterOffice, Disposition, Edit, Effects, Envelope, Idempotency, Ids, Job, OnUnknown,
    Origin, Outcome, OwnerToken, Record, Runtime, Tx, Worker, sortable,
};
use serde_json::{Value, json};

use crate::endpoint::Endpoint;

const QUEUE: &str = "charge-card";
const MESSAGE: &str = "7b0c0000-0000-5000-8000-00000000000b";

/// A shop with one order, whose card is to be charged.
async fn with_an_order() -> (Endpoint, Runtime) {
    let mut endpoint = Endpoint::with_queues(&[QUEUE]).await;
    let ports = endpoint.aws.ports(&mut endpoint.env, &[QUEUE]);
    let runtime = Runtime::new(ports, reactions(&Settings { most_open_orders: 10 }));
    runtime.execute(&PlaceOrder { order: "a".to_owned() }, &origin(1)).await.unwrap();
    (endpoint, runtime)
}

fn origin(seed: u64) -> Origin {
    Origin {
        command_id: SeededIds::new(seed).fresh().into(),
        tenant_id: "demo".parse().unwrap(),
        actor_id: Some("ann".parse().unwrap()),
        correlation_id: "req-1".parse().unwrap(),
        traceparent: None,
        idempotency: None,
    }
}

async fn items(endpoint: &Endpoint, table: &str) -> Vec<Value> {
    let mut found = endpoint.dynamodb("Scan", &json!({"TableName": table})).await;
    let Value::Array(mut items) = found["Items"].take() else { panic!("no items: {found}") };
    items.sort_by_key(|item| item["pk"]["S"].as_str().map(str::to_owned));
    items
}

/// The only record of a handler.
async fn record(endpoint: &Endpoint, handler: &str) -> Value {
    let mut items = items(endpoint, "local-inbox").await;
    items.retain(|item| item["handler"]["S"] == handler);
    let [record] = items.try_into().unwrap();
    record
}

fn at(seconds: u64) -> Timestamp {
    "2026-11-21T09:30:00Z".parse::<Timestamp>().unwrap() + Duration::from_secs(seconds)
}

fn run(started_at: Timestamp) -> Run {
    let message_id = MESSAGE.parse().unwrap();
    Run {
        key: RunKey::of_handler(QUEUE, message_id),
        handler: QUEUE.to_owned(),
        message_id,
        tenant_id: "demo".parse().unwrap(),
        actor_id: None,
        correlation_id: "req-1".parse().unwrap(),
        started_at,
        expires_at: at(3600),
    }
}

/// The record of [`run`] in a state, with what belongs to the state.
fn kept(status: &str, started_at: Timestamp, more: Value) -> Value {
    let mut record = json!({
        "key": {"S": format!("{QUEUE}#{MESSAGE}")},
        "status": {"S": status},
        "handler": {"S": QUEUE},
        "message_id": {"S": MESSAGE},
        "tenant_id": {"S": "demo"},
        "correlation_id": {"S": "req-1"},
        "chain": {"S": "demo#req-1"},
        "started_at": {"S": sortable(started_at)},
        "time": {"S": format!("{}#{QUEUE}#{MESSAGE}", sortable(started_at))},
        "expires_at": {"N": at(3600).as_second().to_string()},
    });
    let Value::Object(more) = more else { panic!("no object: {more}") };
    record.as_object_mut().unwrap().extend(more);
    record
}

#[tokio::test]
async fn entities_and_views_are_kept_as_documented() {
    let (endpoint, _) = with_an_order().await;

    let state = items(&endpoint, "local-state").await;

    let view = json!({
        "pk": {"S": "demo#history#a"}, "sk": {"S": "placed"}, "version": {"N": "1"},
        "data": {"M": {"order": {"S": "a"}, "text": {"S": "placed"}}},
    });
    let counter = json!({
        "pk": {"S": "demo#open-orders"}, "sk": {"S": "all"}, "version": {"N": "1"},
        "head": {"N": "0"}, "data": {"M": {"count": {"N": "1"}}},
    });
    let entity = json!({
        "pk": {"S": "demo#orders"}, "sk": {"S": "a"}, "version": {"N": "1"},
        "head": {"N": "1"}, "live": {"S": "orders#1"}, "data": {"M": {"id": {"S": "a"}, "paid": {"BOOL": false}}},
    });
    assert_eq!(state, [view, counter, entity]);
}

#[tokio::test]
async fn a_lease_is_kept_as_documented() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let inbox = endpoint.adapters().inbox;
    let [first, second] = [1, 2].map(|seed| OwnerToken::from(SeededIds::new(seed).fresh()));

    let claim = Claim { run: run(at(0)), owner: first, until: at(60) };
    inbox.claim(&claim).await.unwrap();
    let taken = json!({
        "owner": {"S": first.to_string()},
        "prior_owner": {"S": ""},
        "lease_until": {"S": sortable(at(60))},
    });
    assert_eq!(record(&endpoint, QUEUE).await, kept("running", at(0), taken));

    let claim = Claim { run: run(at(60)), owner: second, until: at(120) };
    inbox.claim(&claim).await.unwrap();
    let taken_over = json!({
        "owner": {"S": second.to_string()},
        "prior_owner": {"S": first.to_string()},
        "lease_until": {"S": sortable(at(120))},
    });
    assert_eq!(record(&endpoint, QUEUE).await, kept("running", at(60), taken_over));
}

#[tokio::test]
async fn a_failure_is_kept_as_documented() {
    for (outcome, status, attempts) in
        [(FailedAs::Attempt, "waiting", "1"), (FailedAs::ForGood, "parked", "1")]
    {
        let mut endpoint = Endpoint::with_queues(&[]).await;
        let reason = "it rained".to_owned();
        let failed = FailedRun { run: run(at(0)), owner: None, at: at(1), outcome, reason };

        endpoint.adapters().inbox.fail(&failed).await.unwrap();

        let more = json!({
            "attempts": {"N": attempts},
            "first_failed_at": {"S": sortable(at(1))},
            "finished_at": {"S": sortable(at(1))},
            "reason": {"S": "it rained"},
        });
        assert_eq!(record(&endpoint, QUEUE).await, kept(status, at(0), more));
    }
}

#[tokio::test]
async fn a_command_is_kept_as_documented() {
    let (endpoint, _) = with_an_order().await;

    let record = record(&endpoint, "place-order").await;

    let expected = [
        "actions",
        "actor_id",
        "chain",
        "correlation_id",
        "expires_at",
        "finished_at",
        "handler",
        "key",
        "message_id",
        "output",
        "started_at",
        "status",
        "tenant_id",
        "time",
        "token",
    ];
    assert_eq!(names(&record), expected);
    assert_eq!(record["status"], json!({"S": "done"}));
    assert_eq!(record["actor_id"], json!({"S": "ann"}));
    assert_eq!(record["output"], json!({"S": "1"}));
    // The order, its history, the counter, the event, the message and this record.
    assert_eq!(record["actions"], json!({"N": "6"}));
    assert_eq!(record["token"]["S"].as_str().unwrap().len(), MESSAGE.len());
    assert!(record["finished_at"]["S"].as_str().unwrap().parse::<Timestamp>().is_ok());
}

#[tokio::test]
async fn a_command_under_a_key_is_kept_as_documented() {
    let (endpoint, runtime) = with_an_order().await;
    let fingerprint = "POST /orders b".to_owned();
    let key = "a#1".parse().unwrap();
    let origin = Origin {
        command_id: MESSAGE.parse().unwrap(),
        tenant_id: "demo".parse().unwrap(),
        actor_id: None,
        correlation_id: "req-2".parse().unwrap(),
        traceparent: None,
        idempotency: Some(Idempotency { key, fingerprint }),
    };

    runtime.execute(&PlaceOrder { order: "b".to_owned() }, &origin).await.unwrap();

    let mut records = items(&endpoint, "local-inbox").await;
    records.retain(|record| record["message_id"]["S"] == MESSAGE);
    let [record] = records.try_into().unwrap();
    assert_eq!(record["key"], json!({"S": "idempotency#demo#a%231"}));
    assert_eq!(record["fingerprint"], json!({"S": "POST /orders b"}));
    let started_at = record["started_at"]["S"].as_str().unwrap();
    assert_eq!(record["time"], json!({"S": format!("{started_at}#place-order#{MESSAGE}")}));
}

/// Finds the order paid in cash, or gone.
struct Overtaken {
    gone: bool,
}

impl Job<OrderPlaced> for Overtaken {
    const NAME: &'static str = QUEUE;
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<OrderPlaced>, _: &Effects) -> Result<Outcome, ShopError> {
        if self.gone {
            return Err(ShopError::Gone { order: "a".to_owned() });
        }
        Ok(Outcome::Skipped { reason: "it was paid in cash" })
    }

    async fn record(
        &self,
        _: &Envelope<OrderPlaced>,
        (): &(),
        _: &mut Tx,
    ) -> Result<(), ShopError> {
        Ok(())
    }
}

/// Lets a worker do what was sent, and answers the record of it.
async fn worked(endpoint: &mut Endpoint, runtime: Runtime, job: Overtaken) -> Value {
    let dead_letters = Arc::new(endpoint.aws.dead_letters(&mut endpoint.env));
    let worker = Worker::new(QUEUE, runtime, dead_letters).job::<OrderPlaced, _>(job);
    let received = endpoint.sqs.receive(QUEUE, 10, Duration::ZERO).await.unwrap();
    let records = received.into_iter().map(|message| Record {
        message_id: message.message_id.clone(),
        body: message.body,
        group: None,
        receives: 1,
        refused: None,
    });

    let dispositions = worker.process(&records.collect::<Vec<_>>(), None).await;

    assert_eq!(dispositions, [Disposition::Acknowledge]);
    record(endpoint, QUEUE).await
}

fn names(record: &Value) -> Vec<&str> {
    record.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_skipped_run_is_kept_as_documented() {
    let (mut endpoint, runtime) = with_an_order().await;

    let record = worked(&mut endpoint, runtime, Overtaken { gone: false }).await;

    let expected = [
        "actions",
        "actor_id",
        "chain",
        "correlation_id",
        "expires_at",
        "finished_at",
        "handler",
        "key",
        "message_id",
        "skipped",
        "started_at",
        "status",
        "tenant_id",
        "time",
        "token",
    ];
    assert_eq!(names(&record), expected);
    assert_eq!(record["skipped"], json!({"S": "it was paid in cash"}));
    assert_eq!(record["actions"], json!({"N": "1"}));
}

#[tokio::test]
async fn a_run_that_was_given_up_is_kept_as_documented_and_says_who_stands_in_once_its_letter_is_edited()
 {
    let (mut endpoint, runtime) = with_an_order().await;
    let letters = Arc::new(endpoint.aws.dead_letters(&mut endpoint.env));
    let office = DeadLetterOffice::new(runtime.clone(), letters);

    let given_up = worked(&mut endpoint, runtime, Overtaken { gone: true }).await;
    let id = given_up["key"]["S"].as_str().unwrap().to_owned();
    let letter = office.find(&id).await.unwrap().unwrap();
    let operator = origin(2);
    let edit = Edit { body: &letter.body, again: false };
    let edited = office.edit(&id, edit, &operator).await.unwrap().output;
    let mut records = items(&endpoint, "local-inbox").await;
    records.retain(|record| record["key"]["S"] == id);
    let [replaced] = records.try_into().unwrap();

    let expected = [
        "actor_id",
        "attempts",
        "chain",
        "correlation_id",
        "expires_at",
        "finished_at",
        "first_failed_at",
        "handler",
        "key",
        "message_id",
        "reason",
        "started_at",
        "status",
        "tenant_id",
        "time",
        "token",
    ];
    assert_eq!(names(&given_up), expected);
    assert_eq!(given_up["status"], json!({"S": "parked"}));
    assert_eq!(given_up["attempts"], json!({"N": "1"}));
    assert_eq!(given_up["expires_at"], json!({"N": "253402207200"}));
    assert_eq!(given_up["reason"], json!({"S": letter.reason()}));
    let mut expected = given_up;
    expected["instead"] = json!({"S": edited.message_id.to_string()});
    assert_eq!(replaced, expected);
}
