//! The contract suites: what every adapter of a port promises, as plain async functions.
//!
//! A fake that has not passed the same suite as the real thing proves nothing. Each suite is a module with one function
//! for each promise, and a macro that makes a test of each:
//!
//! ```
//! use std::sync::Arc;
//! use postroom::contract::Adapters;
//! use postroom::memory::MemoryStore;
//!
//! async fn adapters() -> Adapters {
//!     let memory = Arc::new(MemoryStore::default());
//!     Adapters {
//!         store: memory.clone(),
//!         journal: memory.clone(),
//!         inbox: memory.clone(),
//!         outbox: memory.clone(),
//!         dead_letters: memory.clone(),
//!         breakers: memory.clone(),
//!         rates: memory.clone(),
//!         rows: memory,
//!     }
//! }
//! postroom::store_contract!(adapters);
//! ```
//! The function may return anything that is `AsRef<Adapters>`, so that a server lives as long as its test. It is called
//! once for each promise and gives **empty** tables.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests, though other packages run them")]

mod sample;
mod macros;
pub mod store;
pub mod live;
pub mod build_rows;
pub mod commit;
pub mod completion;
pub mod decisions;
pub mod giving_up;
pub mod journal;
pub mod inbox;
pub mod leases;
pub mod outbox;
pub mod queue;
pub mod topic;
pub mod objects;
pub mod payloads;
pub mod uploads;
pub mod downloads;
pub mod parts;
pub mod mailer;
pub mod dead_letters;
pub mod breakers;
pub mod rates;
pub mod clock;
pub mod ids;
pub mod differential;

use std::fmt;
use std::sync::Arc;

use crate::port::{Breakers, BuildRows, Inbox, Journal, LetterFile, Outbox, Rates, Store};

/// The adapters that stand on one set of tables.
#[derive(Clone)]
pub struct Adapters {
    /// State, and transactions.
    pub store: Arc<dyn Store>,
    /// Events.
    pub journal: Arc<dyn Journal>,
    /// Records of runs.
    pub inbox: Arc<dyn Inbox>,
    /// Messages to be sent.
    pub outbox: Arc<dyn Outbox>,
    /// Messages that failed for good.
    pub dead_letters: Arc<dyn LetterFile>,
    /// Breakers of outside services.
    pub breakers: Arc<dyn Breakers>,
    /// Rates of outside services.
    pub rates: Arc<dyn Rates>,
    /// Rows of earlier builds.
    pub rows: Arc<dyn BuildRows>,
}

impl AsRef<Self> for Adapters {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for Adapters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapters").finish_non_exhaustive()
    }
}
