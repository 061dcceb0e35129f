//! What the kit says while it works, and what it counts.

use std::io;
use std::slice::from_ref;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use postroom::doc_example::{OrderPlaced, PlaceOrder, ShopError};
use postroom::port::{Inbox, Queue, SHARDS};
use postroom::{
    Command, Courier, Effects, Envelope, Job, Listener, OnUnknown, Outcome, Ports, RawEnvelope,
    Reactions, Record, Runtime, SystemClock, Tx, Worker,
};
use postroom_aws::{Env, logging};
use serde_json::Value;
use tokio::task::yield_now;
use tracing::info;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use crate::commands::Silence;
use crate::hanging::Hangs;
use crate::order_views::{Trouble, projector, shop_with, told};
use crate::shop::{ScriptedBank, Shop};

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lets somebody listen before anything is said, though to nothing. What is said to nobody for the first time, at the
/// very moment when somebody begins to listen, `tracing` takes for unwanted from then on.
pub(crate) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let to_nothing = registry().with(dynamic_filter_fn(|_, _| false));
        tracing::subscriber::set_global_default(to_nothing).unwrap();
    });
}

/// The lines that are written while something is done.
pub(crate) async fn said<T>(work: impl Future<Output = T>) -> Vec<Value> {
    let output = Output::default();
    let mut env = Env::of([("AWS_LAMBDA_LOG_LEVEL", "DEBUG")]);
    let subscriber = logging::subscriber(&mut env, Arc::new(SystemClock), output.clone());
    work.with_subscriber(subscriber).await;
    let bytes = output.0.lock().unwrap();
    let lines = std::str::from_utf8(&bytes).unwrap().lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The metrics among them, by name: `processed=1`. Times are named alone, and starts of processes left out.
pub(crate) fn counts(lines: &[Value]) -> Vec<String> {
    let documents = lines.iter().filter(|line| !line["_aws"].is_null());
    let mut counts = Vec::new();
    for document in documents {
        for metric in document["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap() {
            let name = metric["Name"].as_str().unwrap();
            counts.push(match name.strip_suffix("_ms") {
                Some(_) => name.to_owned(),
                None => format!("{name}={}", document[name]),
            });
        }
    }
    counts
}

/// A job that says something, lets others run, says something more, and has this outcome.
struct Talks(Outcome);

impl Job<OrderPlaced> for Talks {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(
        &self,
        message: &Envelope<OrderPlaced>,
        _: &Effects,
    ) -> Result<Outcome, ShopError> {
        for _ in 0..2 {
            info!(said_by = %message.id, "talking");
            yield_now().await;
        }
        Ok(self.0.clone())
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

fn talking(shop: &Shop, outcome: Outcome) -> Worker {
    // A clock that moves by itself would end whoever lets others run.
    let ports = Ports { clock: Arc::new(SystemClock), ..shop.runtime.ports().clone() };
    let runtime = Runtime::new(ports, Reactions::default());
    Worker::new(Talks::NAME, runtime, Arc::new(shop.memory.clone())).job(Talks(outcome))
}

#[tokio::test]
async fn every_line_of_a_record_says_what_it_is_about() {
    let shop = Shop::new();
    let records = [shop.placed("1").await, shop.placed("2").await, shop.placed("3").await];
    let worker = talking(&shop, Outcome::DONE);

    let lines = said(worker.process(&records, None)).await;

    let talking: Vec<_> = lines.iter().filter(|line| line["message"] == "talking").collect();
    assert_eq!(talking.len(), 6);
    assert_ne!(talking[0]["event.id"], talking[1]["event.id"], "they did not run side by side");
    for line in talking {
        assert_eq!(line["event.id"], line["said_by"]);
        let record = records.iter().find(|record| record.message_id == line["message_id"]).unwrap();
        let message = RawEnvelope::parse(&record.body).unwrap();
        for (field, expected) in [
            ("correlation_id", message.correlation_id.to_string()),
            ("causation_id", message.causation_id.to_string()),
            ("event.type", message.r#type),
            ("event.id", message.id.to_string()),
            ("tenant_id", message.tenant_id.to_string()),
            ("handler", "charge-card".to_owned()),
        ] {
            assert_eq!(line[field], expected, "{field}");
        }
        assert_eq!(line["attempt"], 1);
        assert!(line["duration_ms"].is_u64());
    }
}

struct Says;

impl Listener<OrderPlaced> for Says {
    const NAME: &'static str = "says";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderPlaced>, _: &mut Tx) -> Result<Outcome, ShopError> {
        info!("heard");
        Ok(Outcome::DONE)
    }
}

#[tokio::test]
async fn a_line_of_a_listener_in_the_request_names_it_and_its_event() {
    let mut table = Reactions::default();
    table.row::<OrderPlaced>().in_request(Says);
    let shop = Shop::with(table);

    let lines = said(shop.place("1")).await;

    let [record] = shop.journal().await.try_into().unwrap();
    let heard = lines.iter().find(|line| line["message"] == "heard").unwrap();
    assert_eq!(heard["handler"], "says");
    assert_eq!(heard["event.type"], record.envelope.r#type);
    assert_eq!(heard["event.id"], record.envelope.id.to_string());
    assert_eq!(heard["causation_id"], record.envelope.causation_id.to_string());
    assert_eq!(
        (&heard["correlation_id"], &heard["tenant_id"]),
        (&"chain-1".into(), &"demo".into())
    );
    let committed = lines.iter().find(|line| line["message"] == "committed place-order").unwrap();
    assert_eq!(committed["handler"], PlaceOrder::NAME);
}

/// Somebody else takes its lease while it is at it.
struct Robbed(Arc<Shop>, Record);

impl Job<OrderPlaced> for Robbed {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<OrderPlaced>, _: &Effects) -> Result<Outcome, ShopError> {
        self.0.clock.advance(Duration::from_hours(1));
        self.0.memory.claim(&self.0.claim_for(&self.1, Duration::from_mins(1))).await.unwrap();
        Ok(Outcome::DONE)
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

#[tokio::test]
async fn how_long_after_it_happened_an_event_is_applied_is_measured() {
    let shop = shop_with("1", 1).await;
    shop.clock.advance(Duration::from_mins(1));
    shop.mention("1").await;
    shop.clock.advance(Duration::from_secs(30));
    let projector = projector(&shop, &Trouble::default());

    let lines = Box::pin(said(projector.process(&[told("1", 2)], None))).await;

    let lags: Vec<_> = lines.iter().filter_map(|line| line["lag_ms"].as_u64()).collect();
    assert_eq!(lags, [90_000, 30_000]);
}

#[tokio::test]
async fn what_becomes_of_a_record_is_counted_once() {
    let shop = Arc::new(Shop::new());
    let record = shop.placed("1").await;
    let bank = ScriptedBank::answering([Err(ShopError::Bank), Ok("receipt".to_owned())]);
    let worker = shop.card_worker(bank);
    let run = async || counts(&said(worker.process(from_ref(&record), None)).await);

    assert_eq!(run().await, ["failed=1"]);
    assert_eq!(run().await, ["lag_ms", "processed=1", "processing_time_ms"]);
    assert_eq!(run().await, ["duplicate=1"]);

    let gone = shop.placed("2").await;
    let bank = ScriptedBank::answering([Err(ShopError::Gone { order: "2".to_owned() })]);
    let worker = shop.card_worker(bank);
    assert_eq!(counts(&said(worker.process(from_ref(&gone), None)).await), ["permanent=1"]);
    let over = Some(shop.now());
    assert_eq!(counts(&said(worker.process(from_ref(&gone), over)).await), ["deadline_returned=1"]);

    let hangs = shop.placed("5").await;
    let worker = shop.worker(Hangs::<false, 10>::default());
    assert_eq!(
        counts(&said(worker.process(from_ref(&hangs), None)).await),
        ["deadline_returned=1", "failed=1"]
    );

    let late = shop.placed("4").await;
    let worker = talking(&shop, Outcome::Skipped { reason: "order was cancelled" });
    assert_eq!(
        counts(&said(worker.process(from_ref(&late), None)).await),
        ["lag_ms", "processed=1", "processing_time_ms"]
    );

    let robbed = shop.placed("3").await;
    let worker = shop.worker(Robbed(shop.clone(), robbed.clone()));
    assert_eq!(counts(&said(worker.process(from_ref(&robbed), None)).await), ["lease_lost=1"]);
}

#[tokio::test]
async fn what_a_queue_accepts_is_counted_as_published() {
    let shop = Shop::new();

    assert_eq!(counts(&said(shop.place("1")).await), ["published=1"]);
    shop.queue.fail_sends(1);
    assert!(counts(&said(shop.place("2")).await).is_empty());
}

/// The ages that a run of the relay tells until it waits for something, or is over.
async fn ages(shop: &Shop, queue: Arc<dyn Queue>) -> Vec<u64> {
    let courier = Courier::new(Arc::new(shop.memory.clone()), queue, shop.clock.clone());
    let by = shop.now();
    let far = by + Duration::from_mins(1);
    let cut_off = async {
        tokio::select! {
            biased;
            relayed = courier.relay(by, far) => { relayed.unwrap(); }
            () = yield_now() => {}
        }
    };
    said(cut_off).await.iter().filter_map(|line| line["outbox_age_ms"].as_u64()).collect()
}

/// A shop with one message that has waited for 90 s, and others that have for 60 s, some of them in its shard.
async fn behind() -> Shop {
    let shop = Shop::new();
    shop.queue.fail_sends(20);
    shop.place("0").await.unwrap();
    shop.clock.advance(Duration::from_secs(30));
    for order in 1..20 {
        shop.place(&order.to_string()).await.unwrap();
    }
    let rows = shop.outbox().await;
    let oldest = rows.iter().min_by_key(|row| row.due).unwrap().shard();
    assert!(rows.iter().filter(|row| row.shard() == oldest).count() > 1);
    shop.clock.advance(Duration::from_mins(1));
    shop
}

#[tokio::test]
async fn the_relay_tells_the_age_of_the_oldest_message_of_each_shard() {
    let shop = behind().await;

    let told = ages(&shop, shop.queue.clone()).await;
    let told_later = ages(&shop, shop.queue.clone()).await;

    assert_eq!(told.iter().max(), Some(&90_000));
    assert_eq!(told.len(), usize::from(SHARDS));
    assert_eq!(told_later, [0; SHARDS as usize], "nothing is left");
}

#[tokio::test]
async fn a_relay_that_is_cut_off_has_told_how_long_its_messages_wait() {
    let shop = behind().await;

    let told = ages(&shop, Arc::new(Silence)).await;

    assert!(told.iter().any(|age| *age >= 60_000), "{told:?}");
}
