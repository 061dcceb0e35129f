//! Snapshots are an optimisation: everything is as right without them.

use std::sync::{Arc, Mutex};

use postroom::memory::MemoryStore;
use postroom::port::{Item, Journal, JournalPart, JournalRecord, Page, StoreError};
use postroom::{BoxFuture, CorrelationId, Ports, Runtime, StreamId, TenantId};
use proptest::prelude::*;

use crate::jars::{Jar, Step, Steps, shop};
use crate::shop::Shop;

/// A journal that counts what is read of its streams.
#[derive(Default)]
struct Counted {
    memory: MemoryStore,
    read: Mutex<usize>,
}

impl Journal for Counted {
    fn stream<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamId,
        after: u64,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        Box::pin(async move {
            let page = self.memory.stream(tenant, stream, after).await?;
            *self.read.lock().unwrap() += page.items.len();
            Ok(page)
        })
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        Journal::chain(&self.memory, tenant, correlation_id, after)
    }

    fn all<'a>(
        &'a self,
        part: JournalPart,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        self.memory.all(part, after)
    }
}

/// Snapshots, each by what it claims: version and sweets.
fn snapshots(shop: &Shop) -> Vec<(u64, u64)> {
    let is_one = |item: &Item| item.key.partition.as_str().starts_with("demo#~snapshots#");
    let claims = |item: Item| {
        let number = |value: &serde_json::Value| value.as_u64().unwrap();
        (number(&item.data["version"]), number(&item.data["state"]["sweets"]))
    };
    shop.memory.items().into_iter().filter(is_one).map(claims).collect()
}

async fn fill(shop: &Shop, commands: usize, events: usize) {
    for _ in 0..commands {
        shop.steps((0..events).map(|_| Step::Fill("a", 1))).await.unwrap();
    }
}

#[tokio::test]
async fn after_fifty_events_there_is_a_snapshot_and_no_sooner() {
    let shop = shop();

    fill(&shop, 49, 1).await;
    assert_eq!(snapshots(&shop), []);

    fill(&shop, 1, 1).await;
    assert_eq!(snapshots(&shop), [(50, 50)]);
    fill(&shop, 49, 1).await;
    assert_eq!(snapshots(&shop), [(50, 50)]);
    fill(&shop, 1, 1).await;
    assert_eq!(snapshots(&shop), [(100, 100)]);
}

/// What a step sees, and how many events were read for it.
async fn reading(shop: &Shop, step: Step) -> ((u64, Jar), usize) {
    let journal = Arc::new(Counted { memory: shop.memory.clone(), ..Counted::default() });
    let ports = Ports { journal: journal.clone(), ..shop.runtime.ports().clone() };
    let runtime = Runtime::new(ports, crate::jars::reactions(()));
    let seen = runtime.execute(&Steps(vec![step]), &shop.origin()).await.unwrap().output;
    let read = *journal.read.lock().unwrap();
    (seen[0].clone(), read)
}

#[tokio::test]
async fn a_load_reads_what_happened_since_the_snapshot_and_its_last_event() {
    let shop = shop();
    fill(&shop, 13, 10).await;

    let (seen, read) = reading(&shop, Step::Look("a")).await;

    assert_eq!(seen, (130, Jar { sweets: 130, last: None }));
    assert_eq!(snapshots(&shop), [(100, 100)]);
    assert_eq!(read, 31);
}

#[tokio::test]
async fn a_snapshot_of_another_shape_is_not_read() {
    let shop = shop();
    fill(&shop, 6, 10).await;
    assert_eq!(snapshots(&shop), [(50, 50)]);

    let (replayed, read) = reading(&shop, Step::Replay("a")).await;

    assert_eq!(replayed, (60, Jar { sweets: 60, last: None }));
    assert_eq!(read, 60);
}

/// A journal that ends before the snapshot does, and one that has another event there.
#[tokio::test]
async fn a_snapshot_that_the_journal_knows_nothing_of_is_not_believed() {
    for (events, seen) in [(0, None), (55, Some(110))] {
        let (shop, other) = (shop(), shop());
        fill(&shop, 5, 10).await;
        assert_eq!(snapshots(&shop), [(50, 50)]);
        if events > 0 {
            other.steps((0..events).map(|_| Step::Fill("a", 2))).await.unwrap();
        }
        let journal = Arc::new(other.memory.clone());
        let ports = Ports { journal, ..shop.runtime.ports().clone() };
        let runtime = Runtime::new(ports, crate::jars::reactions(()));

        // A command of this shop: the other would give it the id of one that was done.
        let looked = runtime.execute(&Steps(vec![Step::Look("a")]), &shop.origin()).await;

        if let Some(sweets) = seen {
            assert_eq!(looked.unwrap().output[0].1.sweets, sweets);
        } else {
            // It was folded from the other journal, whose end is not that of the one that is written to.
            let lost = looked.map(|done| done.output).unwrap_err();
            assert!(lost.to_string().contains("lost"), "{events} events: {lost}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn replay_from_zero_is_snapshot_and_tail(commands in prop::collection::vec(
        prop::collection::vec((0..2_usize, prop::bool::weighted(0.4)), 1..40), 1..12,
    )) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (shop, names) = (shop(), ["a", "b"]);
            shop.steps(names.map(|name| Step::Fill(name, 1_000))).await.unwrap();
            for steps in commands {
                let step = |(jar, takes): (usize, bool)| {
                    if takes { Step::Take(names[jar]) } else { Step::Fill(names[jar], 1) }
                };
                shop.steps(steps.into_iter().map(step)).await.unwrap();

                let folded = shop.steps(names.map(Step::Look)).await.unwrap();
                let replayed = shop.steps(names.map(Step::Replay)).await.unwrap();
                prop_assert_eq!(folded, replayed);
            }
            Ok(())
        })?;
    }
}
