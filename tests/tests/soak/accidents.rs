//! What goes wrong, drawn from a seed.
//!
//! By the count of publishes and not by the clock: on a slow machine more accidents would meet each message, until one
//! failed as often as it may and was parked.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};
use tests::World;

use crate::WORKERS;

/// One publish in so many is followed by the death of a worker, in all its processes.
const KILL_EVERY: u64 = 20;
/// One in so many is followed by failures of the provider.
const FAULT_EVERY: u64 = 30;

/// Where the accidents are drawn from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed(u64);

/// How many there were.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Happened {
    pub(crate) kills: usize,
    pub(crate) faults: usize,
}

/// Accidents that go on as long as campaigns are published.
pub(crate) struct Accidents {
    state: Mutex<(Seed, Happened)>,
}

impl Accidents {
    pub(crate) fn new(seed: Seed) -> Self {
        Self { state: Mutex::new((seed, Happened::default())) }
    }

    /// The first, which is certain to be met however short the soak.
    pub(crate) async fn begin(&self, world: &World) {
        world.provider_fault(json!({"campaign_id": "*", "times": 2, "status": 503})).await;
        self.change(|_, happened| happened.faults += 1);
    }

    /// What happens after one publish: most often nothing.
    pub(crate) async fn follow(&self, world: &World) {
        let fault = self.change(|seed, happened| {
            if seed.between(1, KILL_EVERY) == 1 {
                let worker = usize::try_from(seed.between(0, 1)).unwrap_or_default();
                world.system().kill(WORKERS[worker]);
                happened.kills += 1;
            }
            let fault = (seed.between(1, FAULT_EVERY) == 1).then(|| provider_fault(seed));
            happened.faults += usize::from(fault.is_some());
            fault
        });
        if let Some(fault) = fault {
            world.provider_fault(fault).await;
        }
    }

    pub(crate) fn happened(&self) -> Happened {
        self.change(|_, happened| *happened)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Seed, &mut Happened) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (seed, happened) = &mut *state;
        change(seed, happened)
    }
}

/// The next calls are refused, or answered late.
fn provider_fault(seed: &mut Seed) -> Value {
    let times = seed.between(1, 3);
    match seed.between(0, 3) {
        0 => json!({"campaign_id": "*", "times": times, "status": 429, "retry_after_s": 1}),
        1 => json!({"campaign_id": "*", "times": times, "status": 500}),
        2 => json!({"campaign_id": "*", "times": times, "status": 503}),
        _ => json!({"campaign_id": "*", "times": times, "delay_ms": seed.between(100, 800)}),
    }
}

impl Seed {
    /// Another one each time.
    pub(crate) fn fresh() -> Self {
        Self(u64::from(Timestamp::now().subsec_nanosecond().unsigned_abs()))
    }

    /// The next number, both bounds included. `SplitMix64`: small, and even enough for accidents.
    fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        least + (mixed ^ (mixed >> 31)) % (most - least + 1)
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Seed {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}
