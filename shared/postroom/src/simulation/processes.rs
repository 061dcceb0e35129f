//! Processes of functions: each has one batch at a time, and keeps between them what it learned of gates.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::simulation::business::{Business, Parts};
use crate::worker::Worker;

/// The processes of each queue, by their places.
#[derive(Default)]
pub(super) struct Processes {
    by_place: BTreeMap<(&'static str, usize), Process>,
    begun: u64,
}

struct Process {
    worker: Arc<Worker>,
    number: u64,
}

impl Processes {
    /// The worker of a process: a new one where there is none.
    pub(super) fn worker(
        &mut self,
        queue: &'static str,
        place: usize,
        (business, parts): (&dyn Business, &Parts),
    ) -> Option<Arc<Worker>> {
        if !self.by_place.contains_key(&(queue, place)) {
            let worker = Arc::new(business.worker(queue, parts)?);
            self.begun += 1;
            self.by_place.insert((queue, place), Process { worker, number: self.begun });
        }
        self.by_place.get(&(queue, place)).map(|process| Arc::clone(&process.worker))
    }

    /// What tells a process from all others, also from those that were in its place.
    pub(super) fn number(&self, queue: &'static str, place: usize) -> u64 {
        self.by_place.get(&(queue, place)).map_or(0, |process| process.number)
    }

    /// Whatever a process knew is gone.
    pub(super) fn end(&mut self, queue: &'static str, place: usize) {
        self.by_place.remove(&(queue, place));
    }
}
