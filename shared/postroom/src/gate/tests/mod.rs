//! Gates of several processes over one store, in all orders that a seed brings.

mod rates;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, between, later};
use crate::gate::{Admission, Gate, Pass, Told};
use crate::id::{Ids, OwnerToken};
use crate::memory::{ManualClock, MemoryQueue, MemoryStore, SeededIds};
use crate::port::{
    Breaker, BreakerChange, Breakers, Changed, Rates, Slots, SlotsAsked, StoreError,
};
use crate::reactions::Reactions;
use crate::runtime::{Holder, Ports, Runtime};
use crate::{BoxFuture, Courier};

const PROVIDER: &str = "bank";
const SEEDS: u64 = 200;
const STEPS: usize = 300;
const TROUBLE: Told = Told::Trouble { after: Duration::ZERO };

/// Some processes, and what they share.
struct World {
    memory: MemoryStore,
    clock: Arc<ManualClock>,
    random: SeededIds,
    runtime: Runtime,
    processes: Vec<Gate>,
}

impl World {
    fn new(seed: u64, processes: usize, rate: Option<u32>) -> Self {
        let memory = MemoryStore::default();
        let clock = Arc::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap()));
        let stored = Arc::new(memory.clone());
        let queue = Arc::new(MemoryQueue::default());
        let ports = Ports {
            store: stored.clone(),
            journal: stored.clone(),
            inbox: stored.clone(),
            courier: Courier::new(stored.clone(), queue, clock.clone()),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::new(seed)),
        };
        let gate = || {
            let gate = Gate::new(PROVIDER, stored.clone(), stored.clone());
            gate.at_most(rate.and_then(NonZeroU32::new))
        };
        let processes = (0..processes).map(|_| gate()).collect();
        let runtime = Runtime::new(ports, Reactions::default());
        // Another row of numbers than the ids'.
        Self { memory, clock, random: SeededIds::new(!seed), runtime, processes }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn choose(&self, among: usize) -> usize {
        let random = self.random.fresh().as_u64_pair().1 % 1_000_003;
        usize::try_from(random).unwrap() % among
    }

    async fn admit(&self, process: usize) -> Admission {
        self.processes[process].admit(&self.runtime, &self.holder(), Duration::ZERO).await
    }

    /// Whoever asks now and is gone in half a minute.
    fn holder(&self) -> Holder {
        let stop = later(self.now(), Duration::from_secs(30));
        Holder { owner: OwnerToken::from(self.random.fresh()), stop, gone_by: stop }
    }

    async fn tell(&self, process: usize, pass: Pass, told: Told) -> Option<Duration> {
        self.processes[process].tell(&self.runtime, pass, told).await
    }

    async fn pass(&self, process: usize) -> Pass {
        match self.admit(process).await {
            Admission::Go(pass) => pass,
            Admission::Wait(wait) => panic!("held back for {wait:?}"),
        }
    }

    /// Lets the first process call once, when it may.
    async fn call(&self) {
        let pass = self.pass(0).await;
        self.tell(0, pass, Told::Well).await;
    }

    /// Lets calls fail until the breaker is open.
    async fn fail(&self, process: usize) {
        for _ in 0..5 {
            let pass = self.pass(process).await;
            assert_eq!(self.tell(process, pass, TROUBLE).await, None, "an attempt like any other");
        }
    }

    async fn breaker(&self) -> Breaker {
        Breakers::find(&self.memory, PROVIDER).await.unwrap()
    }
}

#[tokio::test]
async fn the_fifth_failure_in_a_row_opens_it_for_all_processes() {
    let world = World::new(1, 2, None);
    for _ in 0..4 {
        let pass = world.pass(0).await;
        world.tell(0, pass, TROUBLE).await;
    }
    let well = world.pass(0).await;
    world.tell(0, well, Told::Well).await;
    world.fail(0).await;

    for process in [0, 1] {
        let Admission::Wait(wait) = world.admit(process).await else { panic!("it is let through") };
        // A little more than to the probe's time, so that not all come at once.
        assert!((10_000..=11_250).contains(&wait.as_millis()), "{wait:?}");
    }
}

#[tokio::test]
async fn a_failure_that_comes_in_when_it_is_open_is_known_to_be_the_providers() {
    let world = World::new(1, 2, None);
    let (late, elsewhere) = (world.pass(0).await, world.pass(1).await);
    world.fail(0).await;
    world.clock.advance(Duration::from_secs(2));

    for (process, pass) in [(0, late), (1, elsewhere)] {
        let down = world.tell(process, pass, TROUBLE).await;
        assert!(down.is_some_and(|wait| wait >= Duration::from_secs(8)), "{process}: {down:?}");
    }
}

#[tokio::test]
async fn a_probe_that_fails_opens_it_for_longer_and_one_that_succeeds_closes_it() {
    let world = World::new(1, 2, None);
    world.fail(0).await;
    world.clock.advance(Duration::from_secs(10));

    let probe = world.pass(0).await;
    let Admission::Wait(meanwhile) = world.admit(1).await else { panic!("there are two probers") };
    assert!(meanwhile <= Duration::from_secs(6), "{meanwhile:?}");
    let down = world.tell(0, probe, TROUBLE).await.unwrap();
    assert!((20_000..=22_500).contains(&down.as_millis()), "{down:?}");

    world.clock.advance(Duration::from_secs(20));
    let probe = world.pass(1).await;
    assert_eq!(world.tell(1, probe, Told::Well).await, None);
    assert_eq!(world.breaker().await, Breaker::Closed);
    world.clock.advance(Duration::from_secs(10));
    assert!(world.pass(0).await.probing.is_none());
}

#[tokio::test]
async fn a_prober_that_found_nothing_to_ask_leaves_it_to_the_next() {
    let world = World::new(1, 2, None);
    world.fail(0).await;
    world.clock.advance(Duration::from_secs(10));
    let probe = world.pass(0).await;
    world.tell(0, probe, Told::Nothing).await;

    let probe = world.pass(1).await;

    assert!(probe.probing.is_some());
}

#[tokio::test]
async fn a_prober_that_died_is_replaced_and_changes_nothing_when_it_was_only_late() {
    let world = World::new(1, 2, None);
    world.fail(0).await;
    world.clock.advance(Duration::from_secs(10));
    let late = world.pass(0).await;
    world.clock.advance(Duration::from_secs(30));
    let probe = world.pass(1).await;
    assert!(probe.probing.is_some());

    // The process of the late one has learned of its successor meanwhile.
    assert!(matches!(world.admit(0).await, Admission::Wait(_)));
    let before = world.breaker().await;
    world.tell(0, late, Told::Well).await;

    assert_eq!(world.breaker().await, before);
}

/// Memory that nobody can reach any more, and how often it was tried.
#[derive(Default)]
struct Lost {
    memory: MemoryStore,
    gone: AtomicBool,
    tried: AtomicUsize,
}

impl Lost {
    fn reach(&self) -> Result<(), StoreError> {
        if !self.gone.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.tried.fetch_add(1, Ordering::Relaxed);
        Err(StoreError::Unavailable { operation: "share", source: "no route".into() })
    }
}

impl Breakers for Lost {
    fn find<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<Breaker, StoreError>> {
        Box::pin(async move {
            self.reach()?;
            Breakers::find(&self.memory, provider).await
        })
    }

    fn change<'a>(
        &'a self,
        change: &'a BreakerChange<'a>,
    ) -> BoxFuture<'a, Result<Changed, StoreError>> {
        Box::pin(async move {
            self.reach()?;
            self.memory.change(change).await
        })
    }
}

impl Rates for Lost {
    fn take<'a>(&'a self, asked: &'a SlotsAsked<'a>) -> BoxFuture<'a, Result<Slots, StoreError>> {
        Box::pin(async move {
            self.reach()?;
            self.memory.take(asked).await
        })
    }
}

/// A process whose store is lost when that is said.
fn that_loses_its_store(rate: Option<u32>) -> (World, Arc<Lost>) {
    let (mut world, lost) = (World::new(1, 0, None), Arc::new(Lost::default()));
    let gate = Gate::new(PROVIDER, lost.clone(), lost.clone());
    world.processes.push(gate.at_most(rate.and_then(NonZeroU32::new)));
    (world, lost)
}

#[tokio::test]
async fn where_nothing_is_shared_any_more_calls_are_made_and_asking_costs_little() {
    let (world, lost) = that_loses_its_store(Some(1));
    lost.gone.store(true, Ordering::Relaxed);

    for _ in 0..100 {
        let pass = world.pass(0).await;
        world.tell(0, pass, Told::Well).await;
    }

    assert_eq!(lost.tried.load(Ordering::Relaxed), 2, "the breaker once, and the rate");
}

#[tokio::test]
async fn where_nobody_can_be_elected_any_more_calls_are_made() {
    let (world, lost) = that_loses_its_store(None);
    world.fail(0).await;
    lost.gone.store(true, Ordering::Relaxed);
    world.clock.advance(Duration::from_secs(10));

    assert!(world.pass(0).await.probing.is_none());
}

/// Memory that counts what it is asked.
struct Counted {
    memory: MemoryStore,
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl Breakers for Counted {
    fn find<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<Breaker, StoreError>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Breakers::find(&self.memory, provider)
    }

    fn change<'a>(
        &'a self,
        change: &'a BreakerChange<'a>,
    ) -> BoxFuture<'a, Result<Changed, StoreError>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.memory.change(change)
    }
}

#[tokio::test]
async fn a_closed_breaker_delays_nobody_and_costs_one_read_in_ten_seconds() {
    let mut world = World::new(1, 0, None);
    let memory = world.memory.clone();
    let counted =
        Arc::new(Counted { memory, reads: AtomicUsize::default(), writes: AtomicUsize::default() });
    let gate = Gate::new(PROVIDER, counted.clone(), Arc::new(world.memory.clone()));
    world.processes.push(gate);

    for call in 0..1_000 {
        let before = world.now();
        let pass = world.pass(0).await;
        assert_eq!(world.now(), before);
        world.tell(0, pass, if call % 2 == 0 { Told::Well } else { Told::Nothing }).await;
        world.clock.advance(Duration::from_millis(30));
    }

    assert_eq!(counted.reads.load(Ordering::Relaxed), 3, "for thirty seconds");
    assert_eq!(counted.writes.load(Ordering::Relaxed), 0);
}

/// Calls that are under way, each with its process, and when it was let through.
type UnderWay = Vec<(usize, Pass, Timestamp)>;

/// Those that find out whether the provider is well, and have not outlived their time.
fn probers(under_way: &UnderWay, now: Timestamp) -> usize {
    let alive = |begun: Timestamp| between(begun, now) < Duration::from_secs(30);
    under_way.iter().filter(|(_, pass, begun)| pass.probing.is_some() && alive(*begun)).count()
}

#[tokio::test]
async fn there_is_never_more_than_one_prober_and_nobody_else_calls_while_there_is_one() {
    let mut probes = 0;
    for seed in 0..SEEDS {
        let world = World::new(seed, 4, None);
        let mut under_way = UnderWay::new();
        for _ in 0..STEPS {
            let process = world.choose(world.processes.len());
            match world.choose(4) {
                0 => world
                    .clock
                    .advance(Duration::from_millis(u64::try_from(world.choose(8_000)).unwrap())),
                1 if !under_way.is_empty() => {
                    let (process, pass, _) = under_way.swap_remove(world.choose(under_way.len()));
                    let told = [TROUBLE, TROUBLE, TROUBLE, TROUBLE, Told::Nothing, Told::Well];
                    world.tell(process, pass, told[world.choose(told.len())]).await;
                }
                _ => {
                    let before = world.breaker().await;
                    if let Admission::Go(pass) = world.admit(process).await {
                        probes += usize::from(pass.probing.is_some());
                        // A process may believe for a while that it is still closed, and nothing else.
                        let stale = pass.probing.is_none();
                        assert!(
                            stale || before != Breaker::Closed,
                            "seed {seed}: probed for nothing"
                        );
                        under_way.push((process, pass, world.now()));
                    }
                }
            }
            assert!(probers(&under_way, world.now()) <= 1, "seed {seed}: two probers");
        }
    }
    assert!(probes > 1_000, "hardly anybody probed: {probes}");
}
