//! Rebuilding while commands, batches and walkers run interleaved and die anywhere: by seeds.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;
use postroom::doc_example::{Settings, reactions};
use postroom::{BoxFuture, Clock, Ports, Projector, Runtime};

use crate::order_views::{Trouble, projector, projector_of, shop_with, shown, told, total};
use crate::rebuilding::{made, rebuilds, status};
use crate::shop::Shop;
use crate::stepped::Stepped;

const SEEDS: u64 = 30;
const ORDERS: u64 = 12;
const TURNS: u32 = 3_000;

/// Numbers by a seed: a linear congruential generator, whose high half is good enough to draw by.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Time passes by turns, and who sleeps is asked again and again.
struct TurnClock(AtomicI64);

impl Clock for TurnClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let until = self.now() + duration;
        Box::pin(std::future::poll_fn(move |_| {
            if self.now() < until { Poll::Pending } else { Poll::Ready(()) }
        }))
    }
}

/// What runs at the moment.
enum Running {
    /// A batch, and what of it is told.
    Batch(Vec<(u64, u64)>, Pin<Box<dyn Future<Output = Option<usize>>>>),
    Walk(Pin<Box<dyn Future<Output = ()>>>),
}

struct Race {
    draw: Draw,
    shop: Shop,
    clock: Arc<TurnClock>,
    runtime: Runtime,
    running: Vec<Running>,
    /// What the stream has not been told to be done with: order and version.
    open: Vec<(u64, u64)>,
    versions: Vec<u64>,
    asked: u32,
}

impl Race {
    async fn begin(seed: u64) -> Self {
        let shop = shop_with("0", 1).await;
        let clock = Arc::new(TurnClock(AtomicI64::new(shop.now().as_millisecond())));
        let ports = shop.runtime.ports().clone();
        let ports = Ports {
            store: Arc::new(Stepped(ports.store)),
            journal: Arc::new(Stepped(ports.journal)),
            inbox: Arc::new(Stepped(ports.inbox)),
            clock: clock.clone(),
            ..ports
        };
        let table = reactions(&Settings { most_open_orders: 5_000 });
        let runtime = Runtime::new(ports, table.with_projector("project-views"));
        let mut race = Self {
            draw: Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            shop,
            clock,
            runtime,
            running: Vec::new(),
            open: vec![(0, 1)],
            versions: vec![1],
            asked: 0,
        };
        for _ in 0..race.draw.below(200) {
            race.happens().await;
        }
        race
    }

    fn projector(&self) -> Projector {
        projector_of(&self.runtime, &self.shop, &Trouble::default())
    }

    /// Something happens to an order, a new one at times.
    async fn happens(&mut self) {
        let known = u64::try_from(self.versions.len()).unwrap();
        let order = self.draw.below(ORDERS.min(known + 1));
        if order == known {
            self.shop.place(&order.to_string()).await.unwrap();
            self.versions.push(1);
        } else {
            self.shop.mention(&order.to_string()).await;
            self.versions[usize::try_from(order).unwrap()] += 1;
        }
        self.open.push((order, self.versions[usize::try_from(order).unwrap()]));
    }

    async fn turn(&mut self) {
        self.clock.0.fetch_add(5, Ordering::SeqCst);
        match self.draw.below(40) {
            0 => self.happens().await,
            1 if self.asked < 3 => {
                self.asked += 1;
                rebuilds(&self.shop).request("order-view", &self.shop.origin()).await.unwrap();
            }
            2 if self.running.len() < 6 => {
                let projector = self.projector();
                let walk = async move { projector.walk(None).await.map(|_| ()).unwrap() };
                self.running.push(Running::Walk(Box::pin(walk)));
            }
            3 | 4 if self.running.len() < 6 => self.deliver(),
            _ => (0..4).for_each(|_| self.poll()),
        }
    }

    /// A batch of what is open, in any order; now and then with something that was told before.
    fn deliver(&mut self) {
        let mut batch = Vec::new();
        for _ in 0..=self.draw.below(3) {
            if self.open.is_empty() || self.draw.one_in(4) {
                let order = self.draw.below(u64::try_from(self.versions.len()).unwrap());
                let last = self.versions[usize::try_from(order).unwrap()];
                batch.push((order, 1 + self.draw.below(last)));
            } else {
                let at = self.draw.below(u64::try_from(self.open.len()).unwrap());
                batch.push(self.open[usize::try_from(at).unwrap()]);
            }
        }
        let projector = self.projector();
        let records: Vec<_> =
            batch.iter().map(|(order, version)| told(&order.to_string(), *version)).collect();
        let process = async move { projector.process(&records, None).await };
        self.running.push(Running::Batch(batch, Box::pin(process)));
    }

    /// One of those that run takes a step, or is killed.
    fn poll(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let at = self.draw.below(u64::try_from(self.running.len()).unwrap());
        let at = usize::try_from(at).unwrap();
        if self.draw.one_in(400) {
            drop(self.running.swap_remove(at));
            return;
        }
        let mut context = Context::from_waker(Waker::noop());
        let ended = match &mut self.running[at] {
            Running::Walk(walk) => walk.as_mut().poll(&mut context).is_ready(),
            Running::Batch(batch, process) => match process.as_mut().poll(&mut context) {
                Poll::Pending => false,
                Poll::Ready(again) => {
                    let done = &batch[..again.unwrap_or(batch.len())];
                    self.open.retain(|told| !done.contains(told));
                    true
                }
            },
        };
        if ended {
            drop(self.running.swap_remove(at));
        }
    }

    /// Nothing dies any more: what is open is told, in its order, and what is being made is made.
    async fn come_to_rest(mut self) -> Shop {
        self.running.clear();
        let projector = projector(&self.shop, &Trouble::default());
        for (order, version) in std::mem::take(&mut self.open) {
            let record = told(&order.to_string(), version);
            for _ in 0..20 {
                if projector.process(std::slice::from_ref(&record), None).await.is_none() {
                    break;
                }
            }
        }
        for _ in 0..20 {
            if status(&self.shop).await.building.is_none() {
                break;
            }
            projector.walk(None).await.unwrap();
        }
        self.shop
    }
}

#[tokio::test]
async fn whatever_dies_while_a_build_is_made_what_is_read_is_all_that_has_happened() {
    let mut swapped = 0;
    for seed in 0..SEEDS {
        let mut race = Race::begin(seed).await;
        for _ in 0..TURNS {
            race.turn().await;
        }
        let versions = race.versions.clone();
        let shop = race.come_to_rest().await;

        let status = status(&shop).await;
        assert_eq!(status.building, None, "seed {seed}");
        for (order, last) in versions.iter().enumerate() {
            let shown = shown(&shop, &order.to_string()).await;
            assert_eq!(shown, (1..=*last).collect::<Vec<_>>(), "seed {seed}, order {order}");
        }
        assert_eq!(total(&shop).await, versions.iter().sum::<u64>(), "seed {seed}");
        assert!(shop.memory.dead_letters().is_empty(), "seed {seed}");
        let live = serde_json::to_value(status.live).unwrap();
        assert_eq!(made(&shop, &live.to_string()).len(), 2 * versions.len() + 1, "seed {seed}");
        swapped += live.as_u64().unwrap() - 1;
    }
    assert!(swapped > SEEDS, "only {swapped} builds were made");
}
