//! The ports of a run: the memory adapters, behind everything that can happen to a call.

mod store;
mod journal;
mod inbox;
mod outbox;
mod queue;
mod topic;
mod dead_letters;
mod gates;
mod build_rows;
mod tampering;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::memory::MemoryStore;
use crate::port::StoreError;
use crate::reactions::Reactions;
use crate::rebuild::Builds;
use crate::simulation::Sabotage;
use crate::simulation::ports::tampering::Tampering;
use crate::simulation::world::{Mishap, World};

pub(super) use build_rows::SimulatedRows;

/// All ports that a run goes through. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Simulated {
    pub(super) world: Arc<World>,
    pub(super) memory: MemoryStore,
    pub(super) sabotage: Option<Sabotage>,
    /// By type of event, the handlers that are subscribed to it.
    subscribed: Arc<BTreeMap<&'static str, Vec<&'static str>>>,
    tampering: Arc<Mutex<Tampering>>,
}

impl Simulated {
    pub(super) fn new(world: &Arc<World>, table: &Reactions, sabotage: Option<Sabotage>) -> Self {
        let types = table.types().into_iter();
        let subscribed = types.map(|r#type| (r#type, table.published(r#type).to_vec()));
        Self {
            subscribed: Arc::new(subscribed.collect()),
            world: Arc::clone(world),
            memory: MemoryStore::default(),
            sabotage,
            tampering: Arc::default(),
        }
    }

    /// The builds of a projection, where somebody has asked for another than the first.
    pub(super) fn builds(&self, projection: &str) -> Option<Builds> {
        builds(&self.memory, projection)
    }

    fn is(&self, sabotage: Sabotage) -> bool {
        self.sabotage == Some(sabotage)
    }

    fn tampering(&self) -> MutexGuard<'_, Tampering> {
        self.tampering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The builds of a projection as the store has them.
pub(super) fn builds(memory: &MemoryStore, projection: &str) -> Option<Builds> {
    let item = memory.item(&Builds::key(projection))?;
    serde_json::from_value(item.data).ok()
}

fn unavailable(operation: &'static str) -> impl FnOnce(Mishap) -> StoreError {
    move |mishap| StoreError::Unavailable { operation, source: mishap.into() }
}
