//! A listener behind a queue: its key is written in the transaction of its effect, on either kind of queue.

use std::sync::Arc;

use postroom::doc_example::OrderPlaced;
use postroom::port::RunStatus;
use postroom::{Envelope, Listener, Outcome, Place, Stored, Tx, Worker};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tests::fixture;

use super::bench::{Bench, HANDLER, records};
use super::work::{Log, Work, WorkError, give_way};

/// How many orders were placed, of all: one item that every message is about.
#[derive(Default, Serialize, Deserialize)]
struct Placed {
    count: u32,
}

impl Stored for Placed {
    const COLLECTION: &'static str = "placed";

    fn place(&self) -> Place<Self> {
        Place::new("all")
    }
}

/// Counts orders, and is slow enough for others to count meanwhile.
struct Count {
    log: Log,
}

impl Listener<OrderPlaced> for Count {
    const NAME: &'static str = HANDLER;
    type Error = WorkError;

    async fn on(&self, event: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, WorkError> {
        self.log.start(&Work::label(event));
        let mut placed = tx.load(&Placed::default().place()).await?.unwrap_or_default();
        give_way().await;
        placed.count += 1;
        tx.save(&placed)?;
        Ok(Outcome::DONE)
    }
}

fn counting(bench: &Bench) -> Worker {
    let letters = Arc::new(bench.memory.clone());
    Worker::new(HANDLER, bench.runtime.clone(), letters).listener(Count { log: bench.log.clone() })
}

async fn count(bench: &Bench) -> u32 {
    let reader = bench.runtime.reader(&"demo".parse().unwrap());
    reader.get(&Placed::default().place()).await.unwrap().map_or(0, |placed| placed.value.count)
}

#[tokio::test]
async fn what_is_delivered_three_times_takes_effect_once() {
    for (bench, name, orders) in [
        (Bench::standard().await, "sqs/standard.json", 3),
        (Bench::fifo().await, "sqs/fifo.json", 5),
    ] {
        let (worker, event) = (counting(&bench), fixture(name));

        for _ in 0..3 {
            assert_eq!(bench.invoke(&worker, &event).await, json!({"batchItemFailures": []}));
        }

        assert_eq!(count(&bench).await, orders, "{name}");
        for record in records(&event) {
            let remembered = bench.remembered(record).await.unwrap();
            assert_eq!((remembered.status, remembered.attempts), (RunStatus::Done, 0));
        }
    }
}

#[tokio::test]
async fn who_loses_a_race_decides_again_and_counts_as_no_failure() {
    for (bench, name, orders) in [
        (Bench::standard().await, "sqs/standard.json", 3),
        (Bench::fifo().await, "sqs/fifo.json", 5),
    ] {
        let event = fixture(name);

        let answer = bench.invoke(&counting(&bench), &event).await;

        assert_eq!(answer, json!({"batchItemFailures": []}));
        assert!(bench.log.started().len() > orders, "nobody lost a race over {name}");
        assert_eq!(usize::try_from(count(&bench).await).unwrap(), orders);
        assert!(bench.letters().is_empty());
    }
}
