//! Jobs: reactions with an effect outside, from a queue only.

use std::error::Error;
use std::future::{Future, ready};
use std::time::Duration;

use crate::envelope::Envelope;
use crate::id::DedupKey;
use crate::message::Message;
use crate::outcome::Outcome;
use crate::port::DeadLetter;
use crate::reader::Reader;
use crate::tx::Tx;
use crate::verdict::Classify;

/// What to do when nobody knows whether an earlier attempt's effect happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnknown {
    /// Do it again, under the same idempotency key: for effects that the other side deduplicates, or that only read.
    Repeat,
    /// Leave it to a person: for effects that must not happen twice and cannot be deduplicated.
    Park,
}

/// A reaction in two halves: `perform` acts outside under a lease, `record` writes what came of it.
///
/// `record` commits together with the run's completion, fenced by the lease: exactly once. `perform` can run again
/// when its worker died or its lease ran out; it then carries the same idempotency key.
pub trait Job<M: Message>: Send + Sync + 'static {
    /// Kebab-case: `charge-card`. Also the name of its queue; never rename one in use.
    const NAME: &'static str;
    /// When an earlier attempt may have had its effect.
    const ON_UNKNOWN: OnUnknown;
    /// The longest that a run takes which goes well. None is started with less time left, for it could not finish; one
    /// that was given as much and has not ended when its invocation has to has failed.
    ///
    /// Its function needs a time-out of more than that and [`Worker::MARGIN`](crate::Worker::MARGIN), or it never starts
    /// any.
    const TIME_NEEDED: Duration = Duration::ZERO;
    /// How long its runs are remembered. Less than [`Runtime::REMEMBERS`](crate::Runtime::REMEMBERS) counts as that: a
    /// queue could still bring what is forgotten.
    const KEPT: Duration = Duration::ZERO;
    /// Whether a replay may order `again` what it has done. Each such replay is a run of its own, beside the first and as if
    /// that had never been: `perform` has another idempotency key, so that nobody outside takes it for a duplicate,
    /// `record` writes once more, and what it emits are new events and tasks, whose own handlers run on them. Only a task
    /// with a [key](crate::Task::key) stays the one it was.
    ///
    /// For what reads outside and overwrites what it wrote before. Not for what sends, pays or adds something up: there a
    /// replay without `again` does what was never done, and nothing twice.
    const REPLAYABLE: bool = false;
    /// What `perform` found out and `record` writes.
    type Done: Send + Sync;
    /// Why not.
    type Error: Error + Classify + Send + Sync + 'static;

    /// What makes two messages one to it; their ids, unless it says otherwise. `None`: it has no key, and the message is
    /// parked without having been tried. Of the message alone: whoever has the table of reactions knows its runs too.
    fn key(message: &Envelope<M>) -> Option<DedupKey> {
        Some(DedupKey::of(message.id))
    }

    /// Acts outside. Everything it reads may have changed when `record` runs.
    fn perform(
        &self,
        message: &Envelope<M>,
        effects: &Effects,
    ) -> impl Future<Output = Result<Outcome<Self::Done>, Self::Error>> + Send;

    /// Writes what came of it. Runs again from its reads when a race is lost; `perform` does not.
    fn record(
        &self,
        message: &Envelope<M>,
        done: &Self::Done,
        tx: &mut Tx,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Reacts to having failed for good. What it stages commits with the dead letter: exactly once each time that the
    /// message is given up, after a redrive anew and under other ids.
    ///
    /// `letter` says why, after how many attempts. It runs again from its reads when a race is lost or a failure of its own
    /// passes. One that does not pass, or a panic, leaves out all that it staged, and the letter says so.
    fn on_give_up(
        &self,
        message: &Envelope<M>,
        letter: &DeadLetter,
        tx: &mut Tx,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (message, letter, tx);
        ready(Ok(()))
    }
}

/// What a job may use while it acts outside: its key, and reading.
#[derive(Debug)]
pub struct Effects {
    pub(crate) idempotency_key: String,
    pub(crate) attempt: u32,
    pub(crate) reader: Reader,
}

impl Effects {
    /// Send it with every outside call: the same on every attempt, `handler#event-id`, or what [`Job::key`] says instead
    /// of the event's id. A replay's own run has another: `handler#event-id#replay-id`.
    pub fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    /// 1 on the first attempt; grows by one with every recorded failure.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Reads the tenant's state.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }
}
