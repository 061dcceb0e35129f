//! Rates of several processes, and of those that find the shared one taken, busy or too far ahead.

use std::collections::BTreeMap;
use std::future::ready;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use crate::BoxFuture;
use crate::clock::{between, later};
use crate::gate::tests::{PROVIDER, SEEDS, STEPS, World};
use crate::gate::{Admission, Gate, Told};
use crate::memory::{ManualClock, MemoryStore};
use crate::port::{Rates, Slots, SlotsAsked, StoreError};

#[tokio::test]
async fn there_are_never_more_calls_than_the_rate_and_one_second_allow() {
    let mut calls = 0;
    for seed in 0..SEEDS {
        let per_second = [1, 7, 20, 300][world_of(seed)];
        let world = World::new(seed, 3, Some(per_second));
        let mut called: BTreeMap<Timestamp, usize> = BTreeMap::new();
        for _ in 0..STEPS {
            if world.choose(3) == 0 {
                let pause = u64::try_from(world.choose(400)).unwrap();
                world.clock.advance(Duration::from_millis(pause));
            } else if let Admission::Go(pass) = world.admit(world.choose(3)).await {
                *called.entry(world.now()).or_default() += 1;
                world.tell(0, pass, Told::Well).await;
            }
        }
        calls += called.values().sum::<usize>();
        check_rate(&called, per_second, seed);
    }
    assert!(calls > 10_000, "hardly anybody called: {calls}");
}

/// In any span of time so many as its slots, and those of the second before.
fn check_rate(called: &BTreeMap<Timestamp, usize>, per_second: u32, seed: u64) {
    for start in called.keys() {
        let mut count = 0;
        for (end, more) in called.range(start..) {
            count += more;
            let span = between(*start, *end) + SlotsAsked::CREDIT;
            let most = span.as_micros() * u128::from(per_second) / 1_000_000 + 1;
            assert!(count as u128 <= most, "seed {seed}: {count} calls in {span:?}");
        }
    }
}

fn world_of(seed: u64) -> usize {
    usize::try_from(seed % 4).unwrap()
}

/// A shared rate that always answers the same, and how often it was asked.
struct Says {
    slots: Slots,
    asked: AtomicUsize,
}

impl Rates for Says {
    fn take<'a>(&'a self, _: &'a SlotsAsked<'a>) -> BoxFuture<'a, Result<Slots, StoreError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(ready(Ok(self.slots)))
    }
}

/// A process whose shared rate is asked for one call a second, and says this.
fn that_is_told(slots: impl FnOnce(Timestamp) -> Slots) -> (World, Arc<Says>) {
    let mut world = World::new(1, 0, None);
    let says = Arc::new(Says { slots: slots(world.now()), asked: AtomicUsize::default() });
    let gate = Gate::new(PROVIDER, Arc::new(world.memory.clone()), says.clone());
    world.processes.push(gate.at_most(NonZeroU32::new(1)));
    (world, says)
}

/// A shared rate whose answers take a while, by the clock of the world.
struct TakesItsTime(MemoryStore, Arc<ManualClock>);

impl Rates for TakesItsTime {
    fn take<'a>(&'a self, asked: &'a SlotsAsked<'a>) -> BoxFuture<'a, Result<Slots, StoreError>> {
        self.1.advance(Duration::from_millis(20));
        self.0.take(asked)
    }
}

#[tokio::test]
async fn a_slot_is_not_lost_on_its_way_to_the_only_one_who_asks() {
    let mut world = World::new(1, 0, None);
    let rates = Arc::new(TakesItsTime(world.memory.clone(), world.clock.clone()));
    let gate = Gate::new(PROVIDER, Arc::new(world.memory.clone()), rates);
    world.processes.push(gate.at_most(NonZeroU32::new(1)));

    for _ in 0..10 {
        world.clock.advance(Duration::from_mins(5));
        world.call().await;
    }
}

#[tokio::test]
async fn that_no_slot_is_free_for_long_is_asked_once_and_remembered_until_one_may_be() {
    let in_a_minute = |now| Slots::Later { at: later(now, Duration::from_mins(1)) };
    let (world, says) = that_is_told(in_a_minute);

    for _ in 0..100 {
        let Admission::Wait(wait) = world.admit(0).await else { panic!("it is let through") };
        assert!(wait >= Duration::from_secs(10), "{wait:?}");
        world.clock.advance(Duration::from_millis(490));
    }
    assert_eq!(says.asked.load(Ordering::Relaxed), 1);

    // Ten seconds before its time a run would wait for it.
    world.clock.advance(Duration::from_secs(1));
    world.admit(0).await;
    assert_eq!(says.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn where_too_many_ask_for_slots_nobody_is_let_through_and_each_process_asks_once_a_second() {
    let (world, says) = that_is_told(|_| Slots::Busy);

    for _ in 0..100 {
        let Admission::Wait(wait) = world.admit(0).await else { panic!("it is let through") };
        assert!(wait <= Duration::from_secs(6), "{wait:?}");
        world.clock.advance(Duration::from_millis(30));
    }

    assert_eq!(says.asked.load(Ordering::Relaxed), 3, "for three seconds");
}

#[tokio::test]
async fn a_slot_that_a_run_would_not_live_to_see_is_left_to_another() {
    let world = World::new(1, 1, Some(20));
    let start = world.now();
    let every = Duration::from_millis(50);
    let patience = Duration::ZERO;
    let nine_seconds_more =
        SlotsAsked { provider: PROVIDER, every, count: 190, now: start, patience };
    world.memory.take(&nine_seconds_more).await.unwrap();
    // It takes two slots, waits for the first of them, and nobody else does meanwhile.
    world.call().await;
    world.clock.set(start);

    let mut short = world.holder();
    short.stop = later(start, Duration::from_secs(1));
    let held = world.processes[0].admit(&world.runtime, &short, Duration::ZERO).await;
    let asked_at = world.now();
    world.call().await;

    assert!(matches!(held, Admission::Wait(wait) if wait >= Duration::from_secs(9)), "{held:?}");
    assert_eq!(asked_at, start, "it waited for what it would not live to see");
    assert_eq!(world.now(), start + Duration::from_millis(9_050), "the slot is lost");
}
