//! Lanes: which records of a batch run side by side, and which one after the other.

use std::collections::BTreeMap;
use std::iter;

use jiff::Timestamp;

use crate::worker::record::Decoded;
use crate::worker::{Disposition, Record, Worker};

/// A batch as it is run: each message once, and once more in each scope, those of a group in one lane.
pub(super) struct Plan<'a> {
    /// In each lane records to be run one after the other, by their place in the batch.
    pub(super) lanes: Vec<Vec<(usize, &'a Record, Decoded<'a>)>>,
    /// For each record of the batch the one that runs for it: itself, or the first with the same message.
    pub(super) run_by: Vec<usize>,
}

impl<'a> Plan<'a> {
    pub(super) fn of(worker: &'a Worker, records: &'a [Record]) -> Self {
        let decoded: Vec<Decoded<'a>> =
            records.iter().map(|record| worker.decode(record)).collect();
        let message = |decoded: &Decoded<'a>| {
            let taken = decoded.as_ref().ok();
            taken.map(|(message, handler)| (message.id, message.scope(), handler.name()))
        };
        let run_by = firsts(decoded.iter().map(message));
        let heads = firsts(records.iter().map(|record| record.group.as_deref()));

        let mut lanes: BTreeMap<usize, Vec<_>> = BTreeMap::new();
        for (index, (record, decoded)) in iter::zip(records, decoded).enumerate() {
            if run_by[index] == index {
                // Mostly one: of a standard queue always.
                let lane = lanes.entry(heads[index]).or_insert_with(|| Vec::with_capacity(1));
                lane.push((index, record, decoded));
            }
        }
        Self { lanes: lanes.into_values().collect(), run_by }
    }
}

impl Worker {
    /// Runs the records of a lane in their order, until one of them has to be delivered again.
    ///
    /// Those behind it are then not run, and wait as long as it does: SQS gives out nothing of a group while one of its
    /// messages is hidden, so a successor that kept the queue's visibility time-out would hold up the one before it.
    // The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
    pub(super) async fn run_lane(
        &self,
        lane: Vec<(usize, &Record, Decoded<'_>)>,
        stop: Option<Timestamp>,
    ) -> Vec<(usize, Disposition)> {
        let mut so_far = Disposition::Acknowledge;
        let mut ran = Vec::with_capacity(lane.len());
        for (index, record, decoded) in lane {
            if so_far == Disposition::Acknowledge {
                so_far = self.run_until(record, decoded, stop).await;
            }
            ran.push((index, so_far));
        }
        ran
    }
}

/// For each place the first that has the same key; one without a key is its own.
fn firsts<K: Ord>(keys: impl Iterator<Item = Option<K>>) -> Vec<usize> {
    let mut seen = BTreeMap::new();
    let first = |(index, key): (usize, Option<K>)| match key {
        Some(key) => *seen.entry(key).or_insert(index),
        None => index,
    };
    keys.enumerate().map(first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_key_stands_for_all_of_it_and_without_a_key_each_for_itself() {
        let keys = [Some("a"), None, Some("b"), Some("a"), None, Some("b"), Some("a")];

        assert_eq!(firsts(keys.into_iter()), [0, 1, 2, 0, 4, 2, 0]);
    }
}
