//! Handlers that never end: that is a failure like any other, unless they had no time to speak of.

use std::future::pending;
use std::slice::from_ref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use postroom::doc_example::{OrderPlaced, ShopError};
use postroom::port::{Breaker, BreakerChange, Breakers, FailureClass, RunStatus};
use postroom::{
    Disposition, Effects, Envelope, Gate, Job, Listener, OnUnknown, Outcome, Record, Tx, Worker,
};

use crate::shop::Shop;

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;
const SECOND: Duration = Duration::from_secs(1);

/// A job that never ends, and counts how often it was begun.
#[derive(Clone, Default)]
pub(crate) struct Hangs<const PARK: bool, const NEEDS_S: u64> {
    begun: Arc<AtomicUsize>,
}

impl<const PARK: bool, const NEEDS_S: u64> Job<OrderPlaced> for Hangs<PARK, NEEDS_S> {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = if PARK { OnUnknown::Park } else { OnUnknown::Repeat };
    const TIME_NEEDED: Duration = Duration::from_secs(NEEDS_S);
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<OrderPlaced>, _: &Effects) -> Result<Outcome, ShopError> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        pending().await
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

/// A job that ends, and then never gets to write down what it did.
struct NeverRecords;

impl Job<OrderPlaced> for NeverRecords {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<OrderPlaced>, _: &Effects) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }

    async fn record(
        &self,
        _: &Envelope<OrderPlaced>,
        (): &(),
        _: &mut Tx,
    ) -> Result<(), ShopError> {
        pending().await
    }
}

/// A listener that never ends.
struct NeverReacts;

impl Listener<OrderPlaced> for NeverReacts {
    const NAME: &'static str = "charge-card";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderPlaced>, _: &mut Tx) -> Result<Outcome, ShopError> {
        pending().await
    }
}

/// Delivers a record to an invocation that has so long before its last second.
async fn deliver(shop: &Shop, worker: &Worker, record: &Record, time: Duration) -> Disposition {
    let deadline = shop.now() + time + Worker::MARGIN;
    worker.process(from_ref(record), Some(deadline)).await[0]
}

#[tokio::test]
async fn what_never_ends_is_parked_after_five_deliveries() {
    let listening = |shop: &Shop| {
        Worker::new("charge-card", shop.runtime.clone(), Arc::new(shop.memory.clone()))
            .listener(NeverReacts)
    };
    let performing = |shop: &Shop| shop.worker(Hangs::<false, 10>::default());
    let workers: [&dyn Fn(&Shop) -> Worker; 2] = [&listening, &performing];
    for worker in workers {
        let shop = Shop::new();
        let (worker, record) = (worker(&shop), shop.placed("1").await);

        for attempt in 1..=4 {
            let again = deliver(&shop, &worker, &record, 29 * SECOND).await;
            assert!(matches!(again, Disposition::Redeliver { after: Some(_) }), "{again:?}");
            assert_eq!(shop.status(&record).await, Some((RunStatus::Waiting, attempt)));
        }
        let last = deliver(&shop, &worker, &record, 29 * SECOND).await;

        assert_eq!(last, ACKNOWLEDGE);
        let [letter] = shop.memory.dead_letters().try_into().unwrap();
        assert_eq!((letter.class, letter.attempts), (FailureClass::Exhausted, 5));
        assert!(letter.reason().contains("had not ended after 29000 ms"), "{}", letter.reason());
    }
}

#[tokio::test]
async fn what_had_little_time_is_cut_short_and_no_attempt_is_counted() {
    // Five seconds, where a job does not say what it needs; and what it says it needs.
    for (time_ms, attempts) in [(4_999, 0), (5_000, 1)] {
        let time = Duration::from_millis(time_ms);
        let shop = Shop::new();
        let record = shop.placed("1").await;
        let worker = shop.worker(Hangs::<false, 0>::default());

        let again = deliver(&shop, &worker, &record, time).await;

        assert!(matches!(again, Disposition::Redeliver { after: Some(_) }));
        assert_eq!(shop.status(&record).await, Some((RunStatus::Waiting, attempts)), "{time:?}");
    }
    let shop = Shop::new();
    let record = shop.placed("1").await;
    deliver(&shop, &shop.worker(Hangs::<false, 2>::default()), &record, 2 * SECOND).await;
    assert_eq!(shop.status(&record).await, Some((RunStatus::Waiting, 1)));
}

#[tokio::test]
async fn what_must_not_repeat_is_parked_when_it_is_dropped_however_little_time_it_had() {
    for time in [SECOND, 29 * SECOND] {
        let shop = Shop::new();
        let record = shop.placed("1").await;
        let job = Hangs::<true, 0>::default();
        let worker = shop.worker(job.clone());

        for _ in 0..3 {
            assert_eq!(deliver(&shop, &worker, &record, time).await, ACKNOWLEDGE);
        }

        assert_eq!(job.begun.load(Ordering::Relaxed), 1);
        let [letter] = shop.memory.dead_letters().try_into().unwrap();
        assert!(letter.reason().contains("may have happened"), "{}", letter.reason());
    }
}

#[tokio::test]
async fn what_is_not_recorded_in_time_comes_back_when_its_lease_ends() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let deadline = shop.now() + 30 * SECOND;

    let again = deliver(&shop, &shop.worker(NeverRecords), &record, 29 * SECOND).await;

    // Half a second before the end of the invocation; no lease outlasts that by more than two seconds.
    assert_eq!(shop.now(), deadline - SECOND / 2);
    assert_eq!(again, Disposition::Redeliver { after: Some(5 * SECOND / 2) });
    assert_eq!(shop.status(&record).await, Some((RunStatus::Running, 0)));
}

/// A gate, and a worker whose job hangs behind it.
fn gated(shop: &Shop) -> Worker {
    let shared = Arc::new(shop.memory.clone());
    let gate = Arc::new(Gate::new("bank", shared.clone(), shared.clone()));
    Worker::new("charge-card", shop.runtime.clone(), shared)
        .gated_job::<OrderPlaced, _>(Hangs::<false, 0>::default(), gate)
}

async fn breaker(shop: &Shop) -> Breaker {
    Breakers::find(&shop.memory, "bank").await.unwrap()
}

#[tokio::test]
async fn a_service_that_hangs_opens_its_breaker_and_a_probe_that_hangs_opens_it_again() {
    let shop = Shop::new();
    let worker = gated(&shop);
    for order in ["1", "2", "3", "4", "5"] {
        deliver(&shop, &worker, &shop.placed(order).await, 29 * SECOND).await;
    }
    let Breaker::Open { openings: 1, probe_at } = breaker(&shop).await else {
        panic!("{:?}", breaker(&shop).await)
    };

    let probe = shop.placed("6").await;
    shop.clock.set(probe_at);
    deliver(&shop, &worker, &probe, 29 * SECOND).await;

    assert!(matches!(breaker(&shop).await, Breaker::Open { openings: 2, .. }));
    assert_eq!(shop.status(&probe).await, Some((RunStatus::Waiting, 0)));
}

#[tokio::test]
async fn a_probe_that_is_cut_short_is_left_to_the_next() {
    let shop = Shop::new();
    let worker = gated(&shop);
    let record = shop.placed("1").await;
    let open = Breaker::Open { openings: 1, probe_at: shop.now() };
    let change = BreakerChange { provider: "bank", from: Breaker::Closed, to: open };
    shop.memory.change(&change).await.unwrap();

    deliver(&shop, &worker, &record, 2 * SECOND).await;

    assert_eq!(breaker(&shop).await, Breaker::Open { openings: 1, probe_at: shop.now() });
}
