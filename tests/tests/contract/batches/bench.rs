//! A worker over memory adapters behind a local queue, as Lambda would drive it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local::sqs::Sqs;
use postroom::memory::{ManualClock, MemoryQueue, MemoryStore, SeededIds};
use postroom::port::{
    Claim, DeadLetter, DeadLetters, Destination, InboxRecord, OutboxRow, Queue, Run, RunKey,
};
use postroom::{
    BoxFuture, Clock, Courier, Ids, MessageId, Ports, RawEnvelope, Reactions, Runtime, SystemIds,
    Worker,
};
use postroom_aws::{SqsQueue, Visibility, handle_batch};
use serde_json::{Value, json};

use super::work::{Log, Step, Work, give_way};
use crate::endpoint::Endpoint;

pub(super) const HANDLER: &str = "charge-card";

/// A clock that moves when somebody sleeps and nobody else has anything to do.
pub(super) struct BenchClock(ManualClock);

impl Clock for BenchClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let until = self.now() + duration;
        Box::pin(async move {
            // Whoever sleeps longer wakes later; work that gives way is done before any deadline, what hangs is not.
            for _ in 0..duration.as_secs() {
                give_way().await;
            }
            self.0.set(self.now().max(until));
        })
    }
}

pub(super) struct Bench {
    pub(super) memory: MemoryStore,
    pub(super) clock: Arc<BenchClock>,
    pub(super) endpoint: Endpoint,
    pub(super) runtime: Runtime,
    pub(super) log: Log,
    queue: &'static str,
    sender: SqsQueue,
    visibility: Visibility,
}

impl Bench {
    /// Behind a standard queue.
    pub(super) async fn standard() -> Self {
        Self::behind("charge-card").await
    }

    /// Behind a FIFO queue.
    pub(super) async fn fifo() -> Self {
        Self::behind("charge-card.fifo").await
    }

    async fn behind(queue: &'static str) -> Self {
        let start = "2026-11-21T09:30:00Z".parse().unwrap();
        let clock = Arc::new(BenchClock(ManualClock::at(start)));
        let time = clock.clone();
        let sqs = Sqs::with_clock(Arc::new(move || time.now()));
        let mut endpoint = Endpoint::over(sqs, &[queue]).await;
        let sender = endpoint.aws.queue(&mut endpoint.env, &[HANDLER]);
        let visibility = endpoint.aws.visibility(&mut endpoint.env, HANDLER);

        let memory = MemoryStore::default();
        let stored = Arc::new(memory.clone());
        let nowhere = Arc::new(MemoryQueue::default());
        let ports = Ports {
            store: stored.clone(),
            journal: stored.clone(),
            inbox: stored.clone(),
            courier: Courier::new(stored, nowhere, clock.clone()),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::new(1)),
        };
        let runtime = Runtime::new(ports, Reactions::default());
        let log = Log::default();
        Self { memory, clock, endpoint, runtime, log, queue, sender, visibility }
    }

    /// A worker whose job does with each message what `script` says; see [`Work::label`].
    pub(super) fn worker(&self, script: impl Fn(&str) -> Step + Send + Sync + 'static) -> Worker {
        self.worker_with(script, Arc::new(self.memory.clone()))
    }

    pub(super) fn worker_with(
        &self,
        script: impl Fn(&str) -> Step + Send + Sync + 'static,
        dead_letters: Arc<dyn DeadLetters>,
    ) -> Worker {
        let work = Work { script: Box::new(script), log: self.log.clone() };
        Worker::new(HANDLER, self.runtime.clone(), dead_letters).job(work)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn advance(&self, by: Duration) {
        self.clock.0.advance(by);
    }

    /// Puts the messages of an event into the queue, and answers the event by which it gives them out.
    pub(super) async fn delivered(&self, event: &Value) -> Value {
        let rows: Vec<_> = records(event).iter().map(|record| self.row(record)).collect();
        for batch in rows.chunks(<dyn Queue>::BATCH) {
            let posted = self.sender.send(HANDLER, batch).await.unwrap();
            assert!(posted.refused.is_empty(), "{posted:?}");
        }
        let delivered = self.received(event).await;
        assert_eq!(records(&delivered).len(), rows.len());
        delivered
    }

    /// What the queue gives out now, in records like those of `event`.
    pub(super) async fn received(&self, event: &Value) -> Value {
        let mut given_out = Vec::new();
        // Bounded by what is in the queue.
        loop {
            let some = self.endpoint.sqs.receive(self.queue, 10, Duration::ZERO).await.unwrap();
            if some.is_empty() {
                break;
            }
            given_out.extend(some);
        }
        let like = &event["Records"][0];
        let records = given_out.into_iter().map(|message| {
            let mut record = like.clone();
            record["messageId"] = json!(message.message_id);
            record["receiptHandle"] = json!(message.receipt_handle);
            record["attributes"] = json!(message.attributes);
            record["body"] = json!(message.body);
            record["md5OfBody"] = json!(message.md5_of_body);
            record
        });
        json!({"Records": records.collect::<Vec<_>>()})
    }

    fn row(&self, record: &Value) -> OutboxRow {
        let body = record["body"].as_str().unwrap().to_owned();
        let message = RawEnvelope::parse(&body).ok();
        let is_fifo = self.queue != HANDLER;
        let group = record["attributes"]["MessageGroupId"].as_str().map(str::to_owned);
        OutboxRow {
            message_id: message
                .map_or_else(|| MessageId::from(SystemIds.fresh()), |found| found.id),
            to: Destination::Queue(HANDLER.to_owned()),
            due: self.now(),
            body,
            r#type: "order.placed".to_owned(),
            correlation_id: "req-7c1e".parse().unwrap(),
            group: group.filter(|_| is_fifo),
            decision: None,
        }
    }

    /// Invokes the function as Lambda does: with no deadline, and what it does not report is deleted.
    pub(super) async fn invoke(&self, worker: &Worker, event: &Value) -> Value {
        self.invoke_until(worker, event, 0).await
    }

    /// Invokes the function with a deadline as Lambda names it.
    pub(super) async fn invoke_until(
        &self,
        worker: &Worker,
        event: &Value,
        deadline_ms: u64,
    ) -> Value {
        let answer = self.answer(worker, event, deadline_ms).await;
        let failed: Vec<&Value> = answer["batchItemFailures"].as_array().unwrap().iter().collect();
        for record in records(event) {
            let failed = failed.iter().any(|item| item["itemIdentifier"] == record["messageId"]);
            if !failed && let Some(handle) = record["receiptHandle"].as_str() {
                // Fixtures that were not delivered have receipts that this queue never gave.
                let _ = self.endpoint.sqs.delete(self.queue, handle);
            }
        }
        answer
    }

    async fn answer(&self, worker: &Worker, event: &Value, deadline_ms: u64) -> Value {
        let event = serde_json::from_value(event.clone()).unwrap();
        let answer = handle_batch(worker, &self.visibility, event, deadline_ms).await.unwrap();
        serde_json::to_value(&answer).unwrap()
    }

    /// A deadline so far from now, as Lambda names it.
    pub(super) fn deadline_in(&self, left: Duration) -> u64 {
        u64::try_from((self.now() + left).as_millisecond()).unwrap()
    }

    /// What is remembered of a record's run.
    pub(super) async fn remembered(&self, record: &Value) -> Option<InboxRecord> {
        self.runtime.ports().inbox.find(&key(record), self.now()).await.unwrap()
    }

    /// Lets another worker begin a record, and hold its lease for so long.
    pub(super) async fn leased_elsewhere(&self, record: &Value, lease: Duration) {
        let message = RawEnvelope::parse(record["body"].as_str().unwrap()).unwrap();
        let run = Run {
            key: key(record),
            handler: HANDLER.to_owned(),
            message_id: message.id,
            tenant_id: message.tenant_id,
            actor_id: message.actor_id,
            correlation_id: message.correlation_id,
            started_at: self.now(),
            expires_at: self.now() + Duration::from_hours(1),
        };
        let claim = Claim { run, owner: SystemIds.fresh().into(), until: self.now() + lease };
        self.runtime.ports().inbox.claim(&claim).await.unwrap();
    }

    pub(super) fn letters(&self) -> BTreeMap<String, DeadLetter> {
        let letters = self.memory.dead_letters().into_iter();
        letters.map(|letter| (letter.id.clone(), letter)).collect()
    }

    pub(super) async fn changes_of_visibility(&self) -> u64 {
        self.endpoint.calls("sqs.ChangeMessageVisibilityBatch").await
    }

    pub(super) fn visibility(&self) -> &Visibility {
        &self.visibility
    }
}

pub(super) fn records(event: &Value) -> &Vec<Value> {
    event["Records"].as_array().unwrap()
}

/// Under which key a record's run is remembered.
pub(super) fn key(record: &Value) -> RunKey {
    let message = RawEnvelope::parse(record["body"].as_str().unwrap()).unwrap();
    RunKey::of_handler(HANDLER, message.id)
}

/// `a1` for the first event of order `a`.
pub(super) fn label(record: &Value) -> String {
    Work::label(&RawEnvelope::parse(record["body"].as_str().unwrap()).unwrap().decode().unwrap())
}

pub(super) fn labels(event: &Value) -> Vec<String> {
    records(event).iter().map(label).collect()
}

/// The answer that reports the records of an event with these labels.
pub(super) fn reporting(event: &Value, failed: &[&str]) -> Value {
    let failed = records(event).iter().filter(|record| failed.contains(&label(record).as_str()));
    let mut ids: Vec<&Value> = failed.map(|record| &record["messageId"]).collect();
    ids.sort_by_key(|id| id.as_str());
    let items: Vec<_> = ids.into_iter().map(|id| json!({"itemIdentifier": id})).collect();
    json!({"batchItemFailures": items})
}

/// `count` records like the first of an event, each about an order of its own, `n1000` and on, and in a group of its own.
pub(super) fn many(event: &Value, count: usize) -> Value {
    let record = |index: usize| {
        let mut record = event["Records"][0].clone();
        let mut body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
        let event_id = format!("7b0c0000-0000-5000-8000-{index:012}");
        body["id"] = json!(event_id);
        body["data"]["order"] = json!(format!("n{}", 1000 + index));
        record["body"] = json!(body.to_string());
        record["messageId"] = json!(format!("7b0c0000-0000-4000-8000-{index:012}"));
        record["attributes"]["MessageGroupId"] = json!(format!("group-{index}"));
        record
    };
    json!({"Records": (0..count).map(record).collect::<Vec<_>>()})
}
