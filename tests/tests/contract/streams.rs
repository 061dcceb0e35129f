//! A projector behind the journal's stream, as Lambda drives it.

use std::sync::Arc;

use postroom::doc_example::{Order, OrderPlaced, PlaceOrder, Settings, reactions};
use postroom::memory::{ManualClock, MemoryQueue, MemoryStore, SeededIds};
use postroom::{
    Classify, Clock, Courier, Envelope, Ids, Origin, Place, Ports, Projection, Projector, Reads,
    Rebuilds, ReplayOrder, ReplayStatus, Replays, Runtime, Stored, TxError, Verdict, View, events,
};
use postroom_aws::{BatchError, EventError, handle_event, handle_stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const EVENT: &str = include_str!("../../../events/dynamodb/project-views.json");
const ACCOUNT: &str = "accounts/019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c21";

/// How often an order was heard of.
#[derive(Debug, Serialize, Deserialize)]
struct Heard {
    order: String,
    times: u32,
}

impl Stored for Heard {
    const COLLECTION: &'static str = "heard";

    fn place(&self) -> Place<Self> {
        Place::new(&self.order)
    }
}

events! {
    /// What happens to an order here.
    enum OrderEvent { OrderPlaced }
}

#[derive(Debug, thiserror::Error)]
enum HearError {
    #[error("nobody listens")]
    Deaf,
    #[error(transparent)]
    Tx(#[from] TxError),
}

impl Classify for HearError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Deaf => Verdict::RETRY,
            Self::Tx(source) => source.verdict(),
        }
    }
}

/// Hears of every order but one.
struct Hear;

impl Projection for Hear {
    const NAME: &'static str = "hear";
    const READS: Reads = Reads::Only(&[Order::COLLECTION]);
    const MAKES: &'static [&'static str] = &[Heard::COLLECTION];
    type Event = OrderEvent;
    type Error = HearError;

    async fn apply(
        &self,
        event: &Envelope<OrderEvent>,
        view: &mut View<'_>,
    ) -> Result<(), HearError> {
        let OrderEvent::OrderPlaced(placed) = &event.data;
        let order = placed.order.clone();
        if order == "secret" {
            return Err(HearError::Deaf);
        }
        let times = view.load(&Place::<Heard>::new(&order)).await?.map_or(0, |heard| heard.times);
        view.save(&Heard { order, times: times + 1 })?;
        Ok(())
    }
}

pub(crate) struct Bench {
    clock: Arc<ManualClock>,
    runtime: Runtime,
    memory: Arc<MemoryStore>,
    projector: Projector,
}

impl Bench {
    pub(crate) async fn with(orders: &[&str]) -> Self {
        let memory = Arc::new(MemoryStore::default());
        let clock = Arc::new(ManualClock::at("2026-11-22T08:00:00Z".parse().unwrap()));
        let nowhere = Arc::new(MemoryQueue::new(["charge-card"]));
        let ids = Arc::new(SeededIds::new(1));
        let ports = Ports {
            store: memory.clone(),
            journal: memory.clone(),
            inbox: memory.clone(),
            courier: Courier::new(memory.clone(), nowhere, clock.clone()),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let runtime = Runtime::new(ports, reactions(&Settings { most_open_orders: 20 }));
        for order in orders {
            let origin = origin(&ids);
            let command = PlaceOrder { order: (*order).to_owned() };
            runtime.execute(&command, &origin).await.unwrap();
        }
        let projector = Projector::new("project-views", runtime.clone(), memory.clone());
        Self { clock, runtime, memory, projector: projector.projection(Hear) }
    }

    async fn handle(&self, event: Value) -> Result<Value, BatchError> {
        let answer = handle_stream(&self.projector, event, self.deadline_ms()).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    /// What Lambda is answered, or told, of any event.
    pub(crate) async fn dispatch(&self, event: Value) -> Result<Value, EventError> {
        let (rows, replays) = (&*self.memory, Replays::new(self.runtime.clone()));
        let answer = handle_event(&self.projector, rows, &replays, event, self.deadline_ms()).await;
        answer.map(|answer| serde_json::to_value(answer).unwrap())
    }

    /// What has happened happened before now.
    pub(crate) fn later(&self) {
        self.clock.advance(std::time::Duration::from_secs(1));
    }

    fn deadline_ms(&self) -> u64 {
        let deadline = self.clock.now() + std::time::Duration::from_mins(1);
        u64::try_from(deadline.as_millisecond()).unwrap()
    }

    /// Asks for what was placed to be sent once more.
    pub(crate) async fn replay(&self) -> ReplayStatus {
        let order = ReplayOrder {
            handler: "charge-card".to_owned(),
            per_minute: Replays::PER_MINUTE,
            ..ReplayOrder::default()
        };
        let origin = origin(&SeededIds::new(8));
        Replays::new(self.runtime.clone()).request(&order, &origin).await.unwrap().output
    }

    /// How that stands.
    pub(crate) async fn replayed(&self, asked: &ReplayStatus) -> ReplayStatus {
        let replays = Replays::new(self.runtime.clone());
        replays.find(&asked.id.to_string()).await.unwrap().unwrap()
    }

    /// Asks for another build.
    pub(crate) async fn ask(&self) {
        self.rebuilds().request("hear", &origin(&SeededIds::new(9))).await.unwrap();
    }

    /// Which build is read.
    pub(crate) async fn live(&self) -> String {
        self.rebuilds().find("hear").await.unwrap().unwrap().live.to_string()
    }

    fn rebuilds(&self) -> Rebuilds {
        Rebuilds::new(self.runtime.clone(), ["hear"])
    }

    pub(crate) async fn heard(&self, order: &str) -> u32 {
        let reader = self.runtime.reader(&"demo".parse().unwrap());
        let model = reader.model::<Hear>().await.unwrap();
        let found = model.get(&Place::<Heard>::new(order)).await.unwrap();
        found.map_or(0, |found| found.value.times)
    }
}

fn origin(ids: &SeededIds) -> Origin {
    Origin {
        command_id: ids.fresh().into(),
        tenant_id: "demo".parse().unwrap(),
        actor_id: None,
        correlation_id: "chain-1".parse().unwrap(),
        traceparent: None,
        idempotency: None,
    }
}

/// The example event, about the first events of these orders.
pub(crate) fn event(orders: [&str; 2]) -> Value {
    let mut event: Value = serde_json::from_str(EVENT).unwrap();
    for (record, order) in std::iter::zip(event["Records"].as_array_mut().unwrap(), orders) {
        let keys = &mut record["dynamodb"]["Keys"];
        assert_eq!(keys["stream"]["S"], format!("demo#{ACCOUNT}"));
        *keys = json!({"stream": {"S": format!("demo#orders/{order}")}, "version": {"N": "1"}});
    }
    event
}

#[tokio::test]
async fn an_event_of_the_stream_is_applied_and_its_duplicate_changes_nothing() {
    let bench = Bench::with(&["1", "2"]).await;

    for _ in 0..2 {
        let answer = bench.handle(event(["1", "2"])).await.unwrap();
        assert_eq!(answer, json!({"batchItemFailures": []}));
    }

    assert_eq!((bench.heard("1").await, bench.heard("2").await), (1, 1));
}

#[tokio::test]
async fn the_first_record_that_failed_is_reported_and_no_other() {
    let bench = Bench::with(&["1", "secret", "2"]).await;
    let second = "4421584500000000017450439092";

    let answer = bench.handle(event(["1", "secret"])).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": second}]}));
    let first = "4421584500000000017450439091";
    let answer = bench.handle(event(["secret", "2"])).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": first}]}));

    assert_eq!((bench.heard("1").await, bench.heard("2").await), (1, 0));
}

#[tokio::test]
async fn what_is_told_of_and_not_in_the_journal_is_nothing() {
    let bench = Bench::with(&[]).await;

    let answer = bench.handle(event(["1", "2"])).await.unwrap();

    assert_eq!(answer, json!({"batchItemFailures": []}));
}

#[tokio::test]
async fn an_event_of_no_records_fails_nothing_and_one_of_no_stream_everything() {
    let bench = Bench::with(&[]).await;

    let empty = bench.handle(json!({"Records": []})).await.unwrap();
    let other = bench.handle(json!({"version": "2.0"})).await.unwrap_err();
    let unnamed = bench.handle(json!({"Records": [{"dynamodb": {}}]})).await.unwrap_err();

    assert_eq!(empty, json!({"batchItemFailures": []}));
    assert!(matches!(other, BatchError::NoStream { .. }), "{other:?}");
    assert_eq!(unnamed, BatchError::NoSequenceNumber { index: 0 });
}
