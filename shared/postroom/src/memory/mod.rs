//! The ports in memory: for tests of the business and of the kit, and for trying things out.
//!
//! They keep every promise of the contract suites that the adapters on AWS keep, and forget everything at the end.

mod breaker;
mod state;
mod store;
mod build_rows;
mod commit;
mod journal;
mod inbox;
mod outbox;
mod dead_letters;
mod queue;
mod topic;
mod objects;
mod secrets;
mod mailer;
mod clock;
mod random;
mod ids;

#[cfg(any(feature = "contract", feature = "simulation"))]
pub(crate) use random::Random;

pub use clock::ManualClock;
pub use ids::SeededIds;
pub use mailer::MemoryMailer;
pub use objects::MemoryObjects;
pub use queue::MemoryQueue;
pub use secrets::MemorySecrets;
pub use state::MemoryStore;
pub use topic::MemoryTopic;
