//! Jobs that take longer than a lease holds: it is renewed, and a job that has lost it stops. And leases that are given
//! back.

use std::slice::from_ref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use postroom::doc_example::{OrderPlaced, ShopError};
use postroom::memory::{ManualClock, MemoryStore};
use postroom::port::{
    Claim, Claimed, FailedRun, Failures, Inbox, InboxRecord, LeaseError, Page, RunKey, RunStatus,
    StoreError,
};
use postroom::{
    BoxFuture, Clock, CorrelationId, Disposition, Effects, Envelope, Job, MessageId, OnUnknown,
    Outcome, OwnerToken, Ports, Reactions, Record, Runtime, TenantId, Tx, Worker,
};
use tokio::task::yield_now;

use crate::shop::{Shop, key};

/// Time that passes when everybody waits: to the next moment somebody waits for.
struct Shared {
    time: ManualClock,
    waiting: Mutex<Vec<Timestamp>>,
}

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let until = self.now() + duration;
        Box::pin(async move {
            self.waiting.lock().unwrap().push(until);
            let _waiting = Waiting { clock: self, until };
            while self.now() < until {
                // Others may have something to do before.
                for _ in 0..20 {
                    yield_now().await;
                }
                let next = self.waiting.lock().unwrap().iter().min().copied();
                if next == Some(until) && self.now() < until {
                    self.time.set(until);
                }
            }
        })
    }
}

/// Somebody who waits, until it goes on or is dropped.
struct Waiting<'a> {
    clock: &'a Shared,
    until: Timestamp,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = self.clock.waiting.lock().unwrap();
        let own = waiting.iter().position(|until| *until == self.until);
        own.map(|own| waiting.swap_remove(own));
    }
}

/// Memory that can be told to answer no renewals for a while, or claims only after one.
struct Renewals {
    memory: MemoryStore,
    clock: Arc<Shared>,
    claims_take: Mutex<Duration>,
    renewed: AtomicUsize,
    unreachable: AtomicBool,
}

impl Inbox for Renewals {
    fn find<'a>(
        &'a self,
        key: &'a RunKey,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<InboxRecord>, StoreError>> {
        Inbox::find(&self.memory, key, now)
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Claimed, StoreError>> {
        Box::pin(async move {
            let takes = *self.claims_take.lock().unwrap();
            self.clock.sleep(takes).await;
            self.memory.claim(claim).await
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        if self.unreachable.load(Ordering::Relaxed) {
            let source =
                StoreError::Unavailable { operation: "renew", source: "out of reach".into() };
            return Box::pin(async { Err(LeaseError::Store { source }) });
        }
        self.renewed.fetch_add(1, Ordering::Relaxed);
        self.memory.renew(key, owner, until)
    }

    fn release<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        self.memory.release(key, owner, at)
    }

    fn fail<'a>(&'a self, failed: &'a FailedRun) -> BoxFuture<'a, Result<Failures, LeaseError>> {
        self.memory.fail(failed)
    }

    fn stand_in<'a>(
        &'a self,
        key: &'a RunKey,
        message: MessageId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.memory.stand_in(key, message)
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<InboxRecord>, StoreError>> {
        Inbox::chain(&self.memory, tenant, correlation_id, after)
    }
}

/// A job that takes its time, and says whether it got to its end.
struct Takes {
    time: Duration,
    clock: Arc<Shared>,
    ended: Arc<AtomicBool>,
}

impl Job<OrderPlaced> for Takes {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    const TIME_NEEDED: Duration = Duration::from_secs(10);
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<OrderPlaced>, _: &Effects) -> Result<Outcome, ShopError> {
        self.clock.sleep(self.time).await;
        self.ended.store(true, Ordering::Relaxed);
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

struct Bench {
    shop: Shop,
    record: Record,
    clock: Arc<Shared>,
    inbox: Arc<Renewals>,
    ended: Arc<AtomicBool>,
}

impl Bench {
    async fn new() -> Self {
        let shop = Shop::new();
        let record = shop.placed("1").await;
        let clock =
            Arc::new(Shared { time: ManualClock::at(shop.now()), waiting: Mutex::default() });
        let inbox = Arc::new(Renewals {
            memory: shop.memory.clone(),
            clock: clock.clone(),
            claims_take: Mutex::default(),
            renewed: AtomicUsize::default(),
            unreachable: AtomicBool::default(),
        });
        Self { shop, record, clock, inbox, ended: Arc::default() }
    }

    /// Works on the record for so long, in an invocation of two minutes.
    async fn work(&self, time: Duration) -> Vec<Disposition> {
        let ports = Ports {
            inbox: self.inbox.clone(),
            clock: self.clock.clone(),
            ..self.shop.runtime.ports().clone()
        };
        let runtime = Runtime::new(ports, Reactions::default());
        let job = Takes { time, clock: self.clock.clone(), ended: self.ended.clone() };
        let worker = Worker::new("charge-card", runtime, Arc::new(self.shop.memory.clone()));
        let deadline = self.clock.now() + Duration::from_mins(2);
        worker.job(job).process(from_ref(&self.record), Some(deadline)).await
    }

    /// Another worker asks for the record after a while.
    async fn asked_after(&self, wait: Duration) -> Claimed {
        self.clock.sleep(wait).await;
        let mut claim = self.shop.claim_for(&self.record, Duration::from_hours(1));
        claim.run.started_at = self.clock.now();
        claim.until = self.clock.now() + Duration::from_hours(1);
        self.shop.memory.claim(&claim).await.unwrap()
    }

    async fn remembered(&self) -> InboxRecord {
        let found = Inbox::find(&self.shop.memory, &key(&self.record), self.clock.now()).await;
        found.unwrap().unwrap()
    }

    fn renewals(&self) -> usize {
        self.inbox.renewed.load(Ordering::Relaxed)
    }

    fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_lease_is_renewed_for_as_long_as_its_job_takes_and_nobody_gets_in_between() {
    let bench = Bench::new().await;

    let (dispositions, claimed) = tokio::join!(
        bench.work(Duration::from_secs(100)),
        bench.asked_after(Duration::from_secs(99))
    );

    assert_eq!(dispositions, [Disposition::Acknowledge]);
    assert!(matches!(claimed, Claimed::InFlight { .. }), "{claimed:?}");
    assert!(bench.ended());
    assert_eq!(bench.renewals(), 9, "every ten seconds, and not at the end");
}

#[tokio::test]
async fn a_job_that_ends_early_renews_nothing() {
    let bench = Bench::new().await;

    let dispositions = bench.work(Duration::from_secs(9)).await;

    assert_eq!(dispositions, [Disposition::Acknowledge]);
    assert_eq!(bench.renewals(), 0);
}

#[tokio::test]
async fn a_job_whose_lease_is_lost_is_stopped_and_changes_nothing() {
    let bench = Bench::new().await;
    bench.inbox.unreachable.store(true, Ordering::Relaxed);

    let taken_over = async {
        let claimed = bench.asked_after(Duration::from_secs(20)).await;
        bench.inbox.unreachable.store(false, Ordering::Relaxed);
        claimed
    };
    let (dispositions, claimed) = tokio::join!(bench.work(Duration::from_mins(1)), taken_over);

    assert_eq!(claimed, Claimed::Granted { attempts: 0, unknown: true });
    assert_eq!(dispositions, [Disposition::Redeliver { after: None }]);
    assert!(!bench.ended(), "it went on without its lease");
    let found = bench.remembered().await;
    assert_eq!((found.status, found.attempts), (RunStatus::Running, 0));
    assert!(found.lease_until.unwrap() > bench.clock.now() + Duration::from_mins(30));
}

#[tokio::test]
async fn a_lease_that_cannot_be_renewed_stops_nobody_while_it_is_not_taken_over() {
    let bench = Bench::new().await;
    bench.inbox.unreachable.store(true, Ordering::Relaxed);

    let dispositions = bench.work(Duration::from_mins(1)).await;

    assert_eq!(dispositions, [Disposition::Acknowledge]);
    assert!(bench.ended());
}

#[tokio::test]
async fn a_lease_that_took_the_time_its_job_needed_is_given_back_and_no_attempt_is_counted() {
    for (takes, tried) in [(109, true), (110, false)] {
        let bench = Bench::new().await;
        *bench.inbox.claims_take.lock().unwrap() = Duration::from_secs(takes);

        let dispositions = bench.work(Duration::from_secs(9)).await;

        let at_once = Disposition::Redeliver { after: Some(Duration::ZERO) };
        assert_eq!(dispositions, [if tried { Disposition::Acknowledge } else { at_once }]);
        assert_eq!(bench.ended(), tried);
        let found = bench.remembered().await;
        let status = if tried { RunStatus::Done } else { RunStatus::Waiting };
        assert_eq!((found.status, found.attempts, found.lease_until), (status, 0, None));
    }
}
