//! Listeners: reactions that only read and write state, so they may run in the request or from a queue.

use std::error::Error;
use std::future::{Future, ready};
use std::time::Duration;

use crate::Tx;
use crate::envelope::Envelope;
use crate::id::DedupKey;
use crate::message::Event;
use crate::outcome::Outcome;
use crate::port::DeadLetter;
use crate::verdict::{Classify, Refuse};

/// A reaction whose every effect is in the transaction it is given: exactly once wherever it runs.
///
/// In the request an error refuses the whole command. It never learns where it runs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no listener of `{E}` and cannot run in the request",
    label = "only a `Listener<{E}>` can",
    note = "a job has effects outside the transaction: route it `queued`"
)]
pub trait Listener<E: Event>: Send + Sync + 'static {
    /// Kebab-case: `history`. Part of its dedup key; never rename one in use.
    const NAME: &'static str;
    /// How long its runs are remembered. Less than [`Runtime::REMEMBERS`](crate::Runtime::REMEMBERS) counts as that: a
    /// queue could still bring what is forgotten.
    const KEPT: Duration = Duration::ZERO;
    /// Whether a replay may order `again` what it has done, from a queue: all that it wrote it then writes once more, as
    /// [`Job::REPLAYABLE`](crate::Job::REPLAYABLE) says.
    const REPLAYABLE: bool = false;
    /// Why not.
    type Error: Error + Classify + Refuse + Send + Sync + 'static;

    /// What makes two messages one to it; their ids, unless it says otherwise. `None`: it has no key, and the message is
    /// parked without having been tried. Of the message alone, as [`Job::key`](crate::Job::key). Runs from a queue only: in
    /// the request an event runs once by itself.
    fn key(event: &Envelope<E>) -> Option<DedupKey> {
        Some(DedupKey::of(event.id))
    }

    /// Reads, decides, stages.
    fn on(
        &self,
        event: &Envelope<E>,
        tx: &mut Tx,
    ) -> impl Future<Output = Result<Outcome, Self::Error>> + Send;

    /// Reacts to having failed for good, from a queue; see [`Job::on_give_up`](crate::Job::on_give_up).
    fn on_give_up(
        &self,
        event: &Envelope<E>,
        letter: &DeadLetter,
        tx: &mut Tx,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (event, letter, tx);
        ready(Ok(()))
    }
}
