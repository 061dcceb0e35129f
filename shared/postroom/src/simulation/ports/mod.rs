//! The ports of a run: the memory adapters, behind everything that can happen to a call.

mod store;
mod journal;
mod inbox;
mod outbox;
mod queue;
mod dead_letters;
mod gates;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::memory::MemoryStore;
use crate::port::{DeadLetter, StoreError};
use crate::simulation::Sabotage;
use crate::simulation::world::{Mishap, World};

/// All ports that a run goes through. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Simulated {
    pub(super) world: Arc<World>,
    pub(super) memory: MemoryStore,
    pub(super) sabotage: Option<Sabotage>,
    tampering: Arc<Mutex<Tampering>>,
}

/// What only sabotage needs to know.
#[derive(Debug, Default)]
struct Tampering {
    /// The last number given to an event of a stream.
    numbers: BTreeMap<String, u64>,
    /// By service: the end of the slots that are taken.
    slots: BTreeMap<String, Timestamp>,
    /// Dead letters that are still to be written, and by which invocation.
    unwritten: Vec<(u64, DeadLetter)>,
}

impl Simulated {
    pub(super) fn new(world: &Arc<World>, sabotage: Option<Sabotage>) -> Self {
        Self {
            world: Arc::clone(world),
            memory: MemoryStore::default(),
            sabotage,
            tampering: Arc::default(),
        }
    }

    fn is(&self, sabotage: Sabotage) -> bool {
        self.sabotage == Some(sabotage)
    }

    fn tampering(&self) -> MutexGuard<'_, Tampering> {
        self.tampering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(operation: &'static str) -> impl FnOnce(Mishap) -> StoreError {
    move |mishap| StoreError::Unavailable { operation, source: mishap.into() }
}
