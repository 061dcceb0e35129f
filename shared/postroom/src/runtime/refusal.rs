//! The note that a refused command leaves, so that its chain shows it.

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tracing::info;

use crate::port::{FailedAs, FailedRun, Run, RunKey};
use crate::runtime::{ExecuteError, Runtime};
use crate::verdict::{Refuse, reason_of};

/// How long a refused caller waits for the note.
const PATIENCE: Duration = Duration::from_millis(500);

impl Runtime {
    /// Notes that a command was refused, outside any transaction: a refusal has none. Where it cannot be noted in time, it
    /// is not. What failed is no refusal; its log line tells.
    ///
    /// The note lies under a key of its own, so that it stands in no repeat's way.
    pub(super) async fn note_refusal<E>(&self, error: &ExecuteError<E>, run: &Run)
    where
        E: Error + Refuse + 'static,
    {
        if error.refusal().is_none() {
            return;
        }
        let note = FailedRun {
            run: Run { key: RunKey::of_refusal(run.message_id), ..run.clone() },
            owner: None,
            at: self.now(),
            outcome: FailedAs::ForGood,
            reason: reason_of(error),
        };
        let noted = pin!(self.ports.inbox.fail(&note));
        let reason = match select(noted, self.ports.clock.sleep(PATIENCE)).await {
            Either::Left((Ok(_), _)) => return,
            Either::Left((Err(error), _)) => reason_of(&error),
            Either::Right(_) => "the inbox takes too long".to_owned(),
        };
        info!(reason, handler = run.handler, "a refusal was not noted");
    }
}
