//! What nobody well-behaved sends, by the thousand: whatever arrives is done, or fails with a class, and harms nobody else.
//!
//! `PROPTEST_CASES` says how many of each; what is found is shrunk to the shortest that still fails.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod input;
mod envelopes;
mod batches;
mod workers;
mod courier;
mod keys;
