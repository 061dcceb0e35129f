//! Gates: what processes hear of breakers and rates, and what they do then.

mod rules;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;

use crate::port::{Breaker, RunKey, SlotsAsked};

/// All gates of a run. Every time in here is when its process got the answer.
#[derive(Debug, Default)]
pub(super) struct Gates {
    /// How many calls a second a service takes, where it has a rate.
    rates: BTreeMap<&'static str, Option<NonZeroU32>>,
    /// Until when a service is down.
    down: BTreeMap<&'static str, Timestamp>,
    heard: BTreeMap<(u64, String), Knowledge>,
    changes: Vec<Change>,
    lots: Vec<Lot>,
    /// When a rate could not be reached.
    lost: BTreeMap<(u64, String), Vec<Timestamp>>,
    attempts: Vec<Attempt>,
    /// The last attempt that an invocation made at a run.
    latest: BTreeMap<(u64, RunKey), usize>,
}

/// What a process heard of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Where it stands.
    Stands(Breaker),
    /// That the call which finds out is its own.
    Elected,
    /// Nothing.
    Unreachable,
}

#[derive(Debug, Default)]
struct Knowledge(Vec<(Timestamp, Heard)>);

/// A change of a breaker that took effect.
#[derive(Debug)]
struct Change {
    service: String,
    at: Timestamp,
    from: Breaker,
    to: Breaker,
}

/// Slots that a process was given.
#[derive(Debug)]
struct Lot {
    service: String,
    process: u64,
    at: Timestamp,
    /// From when on they could be had.
    earliest: Timestamp,
    first: Timestamp,
    every: Duration,
    count: u32,
}

/// A run of a job, from its claim on.
#[derive(Debug)]
struct Attempt {
    process: u64,
    key: RunKey,
    began: Timestamp,
    /// When its lease was asked for: a gate is passed before that.
    passed: Timestamp,
    calls: Vec<Call>,
    counted: Option<Timestamp>,
}

/// A call of a service that has a gate.
#[derive(Debug)]
struct Call {
    service: &'static str,
    answered: Option<Timestamp>,
    /// Whether the service is to blame; also where it never answered.
    in_trouble: bool,
}

impl Gates {
    pub(super) fn know(&mut self, service: &'static str, calls_per_second: Option<NonZeroU32>) {
        self.rates.insert(service, calls_per_second);
    }

    pub(super) fn has(&self, service: &str) -> bool {
        self.rates.contains_key(service)
    }

    pub(super) fn go_down(&mut self, service: &'static str, until: Timestamp) {
        self.down.insert(service, until);
    }

    pub(super) fn is_down(&self, service: &str, now: Timestamp) -> bool {
        self.down.get(service).is_some_and(|until| *until > now)
    }

    pub(super) fn hear(&mut self, process: u64, service: &str, now: Timestamp, heard: Heard) {
        self.heard.entry((process, service.to_owned())).or_default().0.push((now, heard));
    }

    pub(super) fn change(&mut self, service: &str, at: Timestamp, from: Breaker, to: Breaker) {
        self.changes.push(Change { service: service.to_owned(), at, from, to });
    }

    pub(super) fn give(
        &mut self,
        process: u64,
        asked: &SlotsAsked<'_>,
        at: Timestamp,
        first: Timestamp,
    ) {
        let (service, earliest) = (asked.provider.to_owned(), asked.earliest());
        let (every, count) = (asked.every, asked.count);
        self.lots.push(Lot { service, process, at, earliest, first, every, count });
    }

    pub(super) fn lose(&mut self, process: u64, service: &str, now: Timestamp) {
        self.lost.entry((process, service.to_owned())).or_default().push(now);
    }

    /// An invocation asks for the lease of a run.
    pub(super) fn claim(
        &mut self,
        actor: u64,
        process: u64,
        key: &RunKey,
        began: Timestamp,
        now: Timestamp,
    ) {
        self.latest.insert((actor, key.clone()), self.attempts.len());
        let (key, calls) = (key.clone(), Vec::new());
        self.attempts.push(Attempt { process, key, began, passed: now, calls, counted: None });
    }

    /// An invocation calls a service under the key of a run.
    pub(super) fn call(&mut self, actor: u64, key: &str, service: &'static str) {
        if let Some(attempt) = self.latest(actor, key) {
            attempt.calls.push(Call { service, answered: None, in_trouble: true });
        }
    }

    pub(super) fn answer(&mut self, actor: u64, key: &str, now: Timestamp, in_trouble: bool) {
        let call = self.latest(actor, key).and_then(|attempt| attempt.calls.last_mut());
        if let Some(call) = call {
            (call.answered, call.in_trouble) = (Some(now), in_trouble);
        }
    }

    /// An attempt was counted as one that failed.
    pub(super) fn count(&mut self, actor: u64, key: &RunKey, now: Timestamp) {
        if let Some(attempt) = self.latest(actor, key.as_str()) {
            attempt.counted = Some(now);
        }
    }

    fn latest(&mut self, actor: u64, key: &str) -> Option<&mut Attempt> {
        let index = self.latest.get(&(actor, RunKey::from_stored(key.to_owned())))?;
        self.attempts.get_mut(*index)
    }

    /// How often a breaker opened that was closed.
    pub(super) fn openings(&self) -> usize {
        let opened = |change: &&Change| {
            change.from == Breaker::Closed && matches!(change.to, Breaker::Open { .. })
        };
        self.changes.iter().filter(opened).count()
    }

    /// How often somebody was elected to probe.
    pub(super) fn probes(&self) -> usize {
        let probed = |change: &&Change| matches!(change.to, Breaker::Probing { .. });
        self.changes.iter().filter(probed).count()
    }
}
