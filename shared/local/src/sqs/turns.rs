//! Turns: who is next in a standard queue, whose messages may say whose they are.
//!
//! Of all groups the one with the fewest messages in flight is next, and of those with equally many the one whose message has
//! waited longest. AWS promises less: it lets others go first once a group has more than a tenth of what is in flight and at
//! least 30 messages of its own, or takes more than a tenth of the time, and all of that approximately. What is built on
//! its promise has to do without ours.
// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html>, read
// 2026-11-22.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Ready messages by group, oldest first. Those without one, under `None`, are each a group by itself.
#[derive(Debug, Default)]
pub(crate) struct ReadyByGroup(BTreeMap<Option<String>, BTreeSet<u64>>);

/// The turns of one receive.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    in_flight: HashMap<String, usize>,
    /// By group, from which message on: none has two turns in one receive.
    from: HashMap<Option<String>, u64>,
}

impl ReadyByGroup {
    pub(crate) fn insert(&mut self, group: Option<&str>, sequence: u64) {
        self.0.entry(group.map(str::to_owned)).or_default().insert(sequence);
    }

    pub(crate) fn remove(&mut self, group: Option<&str>, sequence: u64) {
        let group = group.map(str::to_owned);
        let Some(ready) = self.0.get_mut(&group) else { return };
        ready.remove(&sequence);
        if ready.is_empty() {
            self.0.remove(&group);
        }
    }
}

impl Turns {
    /// Counts a message that is in flight.
    pub(crate) fn count(&mut self, group: Option<&str>) {
        if let Some(group) = group {
            *self.in_flight.entry(group.to_owned()).or_default() += 1;
        }
    }

    /// The message whose turn it is. It counts as in flight from now on.
    pub(crate) fn next(&mut self, ready: &ReadyByGroup) -> Option<u64> {
        let firsts = ready.0.iter().filter_map(|(group, ready)| {
            let from = self.from.get(group).copied().unwrap_or_default();
            Some((self.in_flight(group.as_deref()), *ready.range(from..).next()?, group))
        });
        let (_, sequence, group) = firsts.min()?;
        self.from.insert(group.clone(), sequence + 1);
        self.count(group.as_deref());
        Some(sequence)
    }

    fn in_flight(&self, group: Option<&str>) -> usize {
        group.and_then(|group| self.in_flight.get(group)).copied().unwrap_or_default()
    }
}
