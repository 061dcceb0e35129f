//! What has to be true of those who call a service that has a gate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::id::OwnerToken;
use crate::port::{Breaker, RunKey};
use crate::simulation::gates::{Attempt, Call, Change, Gates, Heard, Knowledge, Lot};

/// For how long a process believes what it heard last, and that a gate cannot be reached.
const BELIEVED: Duration = Duration::from_secs(10);

impl Gates {
    /// Whether who knows that a breaker is open calls all the same, or two probe at a time.
    ///
    /// A process may not have heard of an opening for as long as it believes that the breaker is closed, and calls where
    /// the breaker cannot be reached: a gate must not be what fails.
    pub(in crate::simulation) fn spared(&self) -> Vec<String> {
        let mut broken = self.two_probers();
        let mut used: BTreeSet<(u64, &str, usize)> = BTreeSet::new();
        for attempt in &self.attempts {
            for Call { service, .. } in &attempt.calls {
                let Attempt { process, key, began, passed, .. } = attempt;
                let knowledge = self.knowledge(*process, service);
                let elected = knowledge.and_then(|knowledge| {
                    let mut elections = knowledge.elections(*began, *passed);
                    elections.find(|election| !used.contains(&(*process, *service, *election)))
                });
                let well = knowledge.is_some_and(|knowledge| knowledge.may_call(*began, *passed));
                match elected {
                    _ if well => {}
                    Some(election) => {
                        used.insert((*process, *service, election));
                    }
                    None => broken.push(format!(
                        "{key} called {service}, whose breaker process {process} knew to be open"
                    )),
                }
            }
        }
        broken
    }

    fn two_probers(&self) -> Vec<String> {
        let mut probing: BTreeMap<&str, (OwnerToken, Timestamp)> = BTreeMap::new();
        let mut broken = Vec::new();
        for Change { service, at, from, to } in &self.changes {
            if let Breaker::Probing { prober, .. } = from
                && probing.get(service.as_str()).is_some_and(|(first, _)| first == prober)
            {
                probing.remove(service.as_str());
            }
            if let Breaker::Probing { prober, until, .. } = to {
                let first = probing.insert(service, (*prober, *until));
                if first.is_some_and(|(first, until)| first != *prober && until > *at) {
                    broken.push(format!("two probed whether {service} is well"));
                }
            }
        }
        broken
    }

    /// Attempts that were counted although nothing was tried, or although the service was known to be down. `is_old` says
    /// which messages have waited so long that their failures are their own.
    pub(in crate::simulation) fn untried(&self, is_old: impl Fn(&RunKey) -> bool) -> Vec<String> {
        let called = self.attempts.iter().filter(|attempt| !attempt.calls.is_empty());
        let gated: BTreeSet<&str> = called.map(Attempt::handler).collect();
        let counted = self.attempts.iter().filter(|attempt| gated.contains(attempt.handler()));
        let counted = counted.filter_map(|attempt| Some((attempt, attempt.counted?)));
        let broken = counted.filter_map(|(attempt, counted)| {
            let Attempt { process, key, passed, .. } = attempt;
            let Some(Call { service, answered, in_trouble }) = attempt.calls.last() else {
                return Some(format!("an attempt of {key} was counted that was not made"));
            };
            let failed = answered.unwrap_or(*passed);
            let knowledge = self.knowledge(*process, service)?;
            let down = *in_trouble && !knowledge.may_call(failed, counted) && !is_old(key);
            down.then(|| format!("an attempt of {key} was counted while {service} was down"))
        });
        broken.collect()
    }

    /// Calls without a slot, and slots that two have.
    ///
    /// So in any span of time there are no more calls than slots in it and in a second, but for those who stood still
    /// between their slot and their call.
    pub(in crate::simulation) fn paced(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (service, rate) in &self.rates {
            let Some(rate) = rate else { continue };
            let mut lots: Vec<&Lot> =
                self.lots.iter().filter(|lot| lot.service == *service).collect();
            lots.sort_by_key(|lot| lot.first);
            for pair in lots.windows(2) {
                if later(pair[0].first, pair[0].every * pair[0].count) > pair[1].first {
                    broken.push(format!("slots of {service} were given out twice"));
                }
            }
            let wrong = |lot: &&Lot| {
                lot.first < lot.earliest || lot.every * rate.get() < Duration::from_secs(1)
            };
            if lots.iter().any(wrong) {
                broken.push(format!("slots of {service} were too early, or too near each other"));
            }
            broken.extend(self.without_slot(service, &lots));
        }
        broken
    }

    fn without_slot(&self, service: &str, lots: &[&Lot]) -> Option<String> {
        let mut calls: BTreeMap<u64, Vec<Timestamp>> = BTreeMap::new();
        for attempt in self.attempts.iter().filter(|attempt| !self.went_without(attempt, service)) {
            let of_service = attempt.calls.iter().filter(|call| call.service == service);
            calls.entry(attempt.process).or_default().extend(of_service.map(|_| attempt.passed));
        }
        calls.into_iter().find_map(|(process, mut calls)| {
            calls.sort_unstable();
            let slots = |by: Timestamp| -> usize {
                let own = lots.iter().filter(|lot| lot.process == process && lot.at <= by);
                own.map(|lot| lot.until(by)).sum()
            };
            let too_many = calls.iter().zip(1..).any(|(at, calls)| slots(*at) < calls);
            too_many.then(|| format!("process {process} called {service} without a slot"))
        })
    }

    /// Whether its rate could not be reached, so that an attempt needed none of its slots.
    fn went_without(&self, attempt: &Attempt, service: &str) -> bool {
        let lost = self.lost.get(&(attempt.process, service.to_owned())).into_iter().flatten();
        let mut lost =
            lost.filter(|at| **at <= attempt.passed && attempt.began <= later(**at, BELIEVED));
        lost.next().is_some()
    }

    fn knowledge(&self, process: u64, service: &str) -> Option<&Knowledge> {
        self.heard.get(&(process, service.to_owned()))
    }
}

impl Knowledge {
    /// Whether a process could take the service for well, or its breaker for unreachable, at some time between these.
    fn may_call(&self, from: Timestamp, to: Timestamp) -> bool {
        let until = self.0.iter().skip(1).map(|(at, _)| *at).chain([Timestamp::MAX]);
        self.0.iter().zip(until).any(|((at, heard), until)| {
            let well = matches!(heard, Heard::Stands(Breaker::Closed) | Heard::Unreachable);
            well && *at <= to && from <= until.min(later(*at, BELIEVED))
        })
    }

    /// The elections between these times, by their place.
    fn elections(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = usize> {
        let heard = self.0.iter().enumerate();
        let elected = heard
            .filter(move |(_, (at, heard))| *heard == Heard::Elected && (from..=to).contains(at));
        elected.map(|(place, _)| place)
    }
}

impl Attempt {
    fn handler(&self) -> &str {
        self.key.as_str().split('#').next().unwrap_or_default()
    }
}

impl Lot {
    /// How many of its slots were there by a time.
    fn until(&self, by: Timestamp) -> usize {
        (0..self.count).take_while(|slot| later(self.first, self.every * *slot) <= by).count()
    }
}
