//! What happened, in figures.

use std::fmt;

use serde_json::Value;

use crate::accidents::Happened;
use crate::book::Book;
use crate::outcome::{Outcome, number};
use crate::{WORKERS, ledger, letters};

/// Everything that is told of a soak.
pub(crate) struct Report<'a> {
    pub(crate) book: &'a Book,
    pub(crate) happened: Happened,
    /// Calls to AWS that went wrong, by how they did.
    pub(crate) applied: &'a Value,
    pub(crate) outcome: &'a Outcome,
    /// What was open when nothing went wrong any more.
    pub(crate) parked: &'a [Value],
    /// How many of those were redriven.
    pub(crate) redriven: usize,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.commands(f)?;
        self.accidents(f)?;
        self.work(f)?;
        self.letters(f)
    }
}

impl Report<'_> {
    fn commands(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Book { acknowledged, replayed, refused, given_up, repeats, .. } = self.book;
        writeln!(
            f,
            "commands: {acknowledged} acknowledged, of which {replayed} as done before, {refused} refused, \
             {given_up} given up; {repeats} sendings more"
        )
    }

    fn accidents(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Happened { kills, provider_faults, aws_faults, schedules, doomed, ailing, .. } =
            self.happened;
        let applied = self.applied;
        writeln!(
            f,
            "accidents: {kills} kills, {aws_faults} faults of AWS (calls that went wrong: {applied}), \
             {provider_faults} of the provider, {doomed} campaigns that it refuses and {ailing} that it fails over; \
             {schedules} schedules fired"
        )
    }

    fn work(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outcome, book, .. } = self;
        let messages: usize = WORKERS.iter().map(|worker| outcome.runs_of(worker).count()).sum();
        let events: usize = outcome.streams.values().map(Vec::len).sum();
        let (calls, keys) = (outcome.calls.len(), outcome.by_key().len());
        let (movements, accounts) = (book.movements.len(), outcome.accounts().count());
        let held = ledger::held(outcome);
        writeln!(
            f,
            "work: {events} events, {messages} messages, {calls} calls of the provider under {keys} keys; \
             {movements} movements between {accounts} accounts, which hold {held} in the end"
        )
    }

    fn letters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outcome, parked, redriven, .. } = self;
        let sent = outcome.letters.iter().filter_map(|letter| number(letter, "redrives"));
        let (all, sent) = (outcome.letters.len(), sent.sum::<u64>());
        let sooner = self.happened.redriven;
        let by_queue = parked.iter().filter(|letter| letters::is_given_up(letter)).count();
        let exhausted = parked.iter().filter(|letter| letter["class"] == "exhausted").count();
        let parked = parked.len();
        write!(
            f,
            "dead letters: {all}, redriven {sent} times, {sooner} of them known while things went wrong; then \
             {parked} open, {exhausted} of them exhausted, of which {by_queue} given up by their queue; \
             {redriven} redriven"
        )
    }
}
