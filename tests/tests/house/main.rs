//! House rules: what must hold of this repository and the compiler cannot see.
//!
//! Every rule collects all its violations and says what to do about them.
#![expect(clippy::expect_used, clippy::panic, reason = "a rule that cannot be checked has failed")]

mod repository;
mod crates;
mod events;
mod licences;
mod promises;
mod readme;
mod sources;
mod template;
