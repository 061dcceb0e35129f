//! The queues at a glance: everything is counted, and nothing without end.

use std::future::ready;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use postroom::port::{Depths, Outbox, OutboxRow, Page, QueueDepth, QueueError, SHARDS, StoreError};
use postroom::{BoxFuture, Overview, QueueOverview, Redrive};

use crate::office::{office, operator, parked};
use crate::shop::Shop;

/// A queue that stands as it is told.
struct Standing(QueueDepth);

impl Depths for Standing {
    fn depths(&self) -> BoxFuture<'_, Result<Vec<QueueDepth>, QueueError>> {
        Box::pin(ready(Ok(vec![self.0.clone()])))
    }
}

#[tokio::test]
async fn a_queue_is_shown_with_what_is_parked_and_what_has_not_reached_it() {
    let shop = Shop::new();
    let queue = "charge-card".to_owned();
    let depth = QueueDepth { queue: queue.clone(), waiting: 3, in_flight: 2, dead: 1 };
    parked(&shop, "1").await;
    let (_, later) = parked(&shop, "2").await;
    let delay = Duration::from_hours(1);
    let how = Redrive { delay, ..Redrive::default() };
    office(&shop).redrive(&later, how, &operator(&shop)).await.unwrap();
    shop.queue.fail_sends(usize::MAX);
    shop.place("3").await.unwrap();
    shop.clock.advance(Duration::from_secs(90));

    let (depths, now) = (Standing(depth), shop.now());
    let overview = Overview::read(&depths, &office(&shop), &shop.memory, now).await.unwrap();

    let counted = QueueOverview {
        queue,
        waiting: 3,
        in_flight: 2,
        dead: 1,
        parked: 1,
        outbox: 1,
        outbox_oldest_s: 90,
    };
    assert_eq!(overview, Overview { queues: vec![counted], truncated: false });
}

/// An outbox whose every page has a next, and how often it was read.
#[derive(Default)]
struct Endless(AtomicUsize);

impl Outbox for Endless {
    fn due<'a>(
        &'a self,
        _: u8,
        _: Timestamp,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<OutboxRow>, StoreError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(ready(Ok(Page { items: Vec::new(), next: Some("on".to_owned()) })))
    }

    fn remove<'a>(&'a self, _: &'a [OutboxRow]) -> BoxFuture<'a, Result<(), StoreError>> {
        panic!("a look removes nothing")
    }
}

#[tokio::test]
async fn what_has_no_end_is_counted_so_far_and_said_to_be_more() {
    let shop = Shop::new();
    let (outbox, depths) = (Endless::default(), Standing(QueueDepth::default()));

    let overview = Overview::read(&depths, &office(&shop), &outbox, shop.now()).await.unwrap();

    assert!(overview.truncated);
    assert_eq!(outbox.0.into_inner(), 10 * usize::from(SHARDS));
}
