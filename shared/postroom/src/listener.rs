//! Listeners: reactions that only read and write state, so they may run in the request or from a queue.

use std::error::Error;
use std::future::Future;

use crate::Tx;
use crate::envelope::Envelope;
use crate::message::Event;
use crate::outcome::Outcome;
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
    /// Why not.
    type Error: Error + Classify + Refuse + Send + Sync + 'static;

    /// Reads, decides, stages.
    fn on(
        &self,
        event: &Envelope<E>,
        tx: &mut Tx,
    ) -> impl Future<Output = Result<Outcome, Self::Error>> + Send;
}
