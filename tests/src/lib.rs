//! The harness of the acceptance tests: a whole system of its own for each test, and its callers.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    reason = "a harness for tests: what fails here fails the test"
)]

mod accounts;
pub mod aws;
mod provider;
mod reply;
mod world;

pub use accounts::OWNER;
pub use reply::Reply;
pub use world::{World, WorldOptions, fixture, program, root};
