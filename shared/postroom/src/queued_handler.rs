//! What a table of reactions asks of a queued handler: its type says it, without the handler itself.

use std::time::Duration;

use crate::envelope::Envelope;
use crate::id::DedupKey;
use crate::job::Job;
use crate::listener::Listener;
use crate::message::{Event, Message};

/// What may stand behind `queued`: a listener or a job. `Kind` is inferred; it keeps the two apart for the compiler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a listener nor a job for `{M}`",
    label = "implement `Listener<{M}>` or `Job<{M}>`"
)]
pub trait QueuedHandler<M, Kind> {
    /// The handler's name, and its queue's.
    const NAME: &'static str;
    /// The longest that a run of it takes which goes well.
    const TIME_NEEDED: Duration;
    /// How long its runs are remembered, unless that is too short.
    const KEPT: Duration;
    /// Whether a replay may have it run once more what it has done.
    const REPLAYABLE: bool;

    /// What makes two messages one to it.
    fn key(message: &Envelope<M>) -> Option<DedupKey>;
}

/// A queued handler that is a listener.
#[derive(Debug)]
pub struct IsListener;

/// A queued handler that is a job.
#[derive(Debug)]
pub struct IsJob;

impl<E: Event, L: Listener<E>> QueuedHandler<E, IsListener> for L {
    const NAME: &'static str = L::NAME;
    // Cut off, it has done nothing, and a commit takes milliseconds.
    const TIME_NEEDED: Duration = Duration::ZERO;
    const KEPT: Duration = L::KEPT;
    const REPLAYABLE: bool = L::REPLAYABLE;

    fn key(event: &Envelope<E>) -> Option<DedupKey> {
        L::key(event)
    }
}

impl<M: Message, J: Job<M>> QueuedHandler<M, IsJob> for J {
    const NAME: &'static str = J::NAME;
    const TIME_NEEDED: Duration = J::TIME_NEEDED;
    const KEPT: Duration = J::KEPT;
    const REPLAYABLE: bool = J::REPLAYABLE;

    fn key(message: &Envelope<M>) -> Option<DedupKey> {
        <J as Job<M>>::key(message)
    }
}
