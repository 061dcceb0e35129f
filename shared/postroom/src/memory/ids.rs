//! Ids that come out the same in every run of a test.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{Builder, Uuid};

use crate::id::Ids;
use crate::memory::random::scatter;

/// Ids made from a seed: the same seed gives the same ids in the same order, each later than the one before.
///
/// ```
/// use postroom::{Ids, memory::SeededIds};
///
/// let ids = SeededIds::new(7);
/// let (first, second) = (ids.fresh(), ids.fresh());
/// assert!(first < second);
/// assert_eq!(first, SeededIds::new(7).fresh());
/// ```
#[derive(Debug)]
pub struct SeededIds {
    seed: u64,
    count: AtomicU64,
}

impl SeededIds {
    /// Ids of one seed, from the first.
    pub fn new(seed: u64) -> Self {
        Self { seed, count: AtomicU64::new(0) }
    }
}

impl Ids for SeededIds {
    fn fresh(&self) -> Uuid {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (scatter(self.seed ^ count), scatter(!self.seed ^ count));
        let mut random = [0; 10];
        random[..2].copy_from_slice(&high.to_be_bytes()[..2]);
        random[2..].copy_from_slice(&low.to_be_bytes());
        Builder::from_unix_timestamp_millis(count, &random).into_uuid()
    }
}
