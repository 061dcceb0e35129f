//! From recorder to transaction: the step only the runtime can take.

use jiff::Timestamp;
use serde_json::Value;

use crate::id::ClientToken;
use crate::port::Run;
use crate::transaction::{Completion, Fence, Transaction};
use crate::tx::Tx;

/// How a transaction says that its work was done.
pub(crate) struct Seal {
    pub(crate) token: ClientToken,
    pub(crate) run: Run,
    pub(crate) fence: Fence,
    pub(crate) finished_at: Timestamp,
    pub(crate) skipped: Option<String>,
    pub(crate) output: Option<Value>,
    pub(crate) fingerprint: Option<String>,
}

impl Tx {
    /// What was staged, ready to be committed. A listener that took over another's item may have written less than
    /// `staged_in` said; the counts are for people.
    pub(crate) fn seal(self, seal: Seal) -> Transaction {
        let items = self.items.into_writes();
        let actions = items.len() + self.events.len() + self.outbox.len() + 1;
        Transaction {
            token: seal.token,
            items,
            events: self.events,
            outbox: self.outbox,
            completion: Completion {
                run: seal.run,
                fence: seal.fence,
                finished_at: seal.finished_at,
                skipped: seal.skipped,
                output: seal.output,
                fingerprint: seal.fingerprint,
                actions: u32::try_from(actions).unwrap_or(u32::MAX),
            },
        }
    }
}
