//! What happened in many runs, counted.

use std::fmt;

use crate::simulation::choice::Fault;

/// Counts over runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Runs.
    pub seeds: u64,
    /// Turns taken: calls, answers and wake-ups.
    pub steps: u64,
    /// Invocations begun: requests, batches, relays and slots of schedules.
    pub invocations: u64,
    /// Requests that took effect.
    pub done: u64,
    /// Requests whose last answer was a no.
    pub refused: u64,
    /// Requests whose caller gave up without an answer.
    pub given_up: u64,
    /// Messages given to workers, repetitions included.
    pub deliveries: u64,
    /// Reactions that took effect.
    pub reactions: u64,
    /// Messages that their queues gave up, received as often as they may be.
    pub given_up_by_queues: u64,
    /// Messages that are dead letters at the end.
    pub dead_letters: u64,
    /// Dead letters whose message an operator sent once more.
    pub redrives: u64,
    /// Those in whose place something else was sent.
    pub edits: u64,
    /// Dead letters whose message an operator gave up.
    pub discards: u64,
    /// Dead letters about work that was done all the same.
    pub letters_of_done: u64,
    /// Events that were replayed.
    pub replays: u64,
    /// Builds of read models that took the place of others.
    pub swaps: u64,
    /// Rows of builds that were over, and are removed.
    pub rows_removed: u64,
    /// Calls of services outside that were done.
    pub calls: u64,
    /// Those that repeated an earlier one under its key.
    pub repeated_calls: u64,
    /// Breakers that opened.
    pub openings: u64,
    /// Calls by which somebody was elected to find out whether a service is well.
    pub probes: u64,
    /// Runs that broke a law.
    pub violations: u64,
    faults: [u64; Fault::ALL.len()],
}

impl Figures {
    /// How often a fault happened.
    pub fn faults(&self, fault: Fault) -> u64 {
        self.faults[fault as usize]
    }

    pub(super) fn count(&mut self, fault: Fault) {
        self.faults[fault as usize] += 1;
    }

    /// Adds those of other runs.
    pub fn add(&mut self, other: &Self) {
        let Self {
            seeds,
            steps,
            invocations,
            done,
            refused,
            given_up,
            deliveries,
            reactions,
            given_up_by_queues,
            dead_letters,
            redrives,
            edits,
            discards,
            replays,
            letters_of_done,
            swaps,
            rows_removed,
            calls,
            repeated_calls,
            openings,
            probes,
            violations,
            faults,
        } = other;
        self.seeds += seeds;
        self.steps += steps;
        self.invocations += invocations;
        self.done += done;
        self.refused += refused;
        self.given_up += given_up;
        self.deliveries += deliveries;
        self.reactions += reactions;
        self.given_up_by_queues += given_up_by_queues;
        self.dead_letters += dead_letters;
        self.redrives += redrives;
        self.edits += edits;
        self.discards += discards;
        self.replays += replays;
        self.letters_of_done += letters_of_done;
        self.swaps += swaps;
        self.rows_removed += rows_removed;
        self.calls += calls;
        self.repeated_calls += repeated_calls;
        self.openings += openings;
        self.probes += probes;
        self.violations += violations;
        for (sum, more) in self.faults.iter_mut().zip(faults) {
            *sum += more;
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, count: u64| writeln!(f, "{name:<34}{count:>16}");
        row("seeds", self.seeds)?;
        row("steps", self.steps)?;
        row("invocations", self.invocations)?;
        for fault in Fault::ALL {
            row(&format!("  {fault}"), self.faults(fault))?;
        }
        row("requests done", self.done)?;
        row("requests refused", self.refused)?;
        row("requests given up", self.given_up)?;
        row("deliveries", self.deliveries)?;
        row("reactions that took effect", self.reactions)?;
        row("given up by their queues", self.given_up_by_queues)?;
        row("redrives", self.redrives)?;
        row("  of them edited", self.edits)?;
        row("discards", self.discards)?;
        row("replays", self.replays)?;
        row("dead letters", self.dead_letters)?;
        row("  of them about work done later", self.letters_of_done)?;
        row("read models swapped", self.swaps)?;
        row("  rows of earlier ones removed", self.rows_removed)?;
        row("calls outside", self.calls)?;
        row("  of them repeated under their key", self.repeated_calls)?;
        row("breakers opened", self.openings)?;
        row("  probes", self.probes)?;
        row("violations", self.violations)
    }
}
