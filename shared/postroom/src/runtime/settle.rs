//! Committing, until it is certain what happened.

use std::time::Duration;

use crate::clock::between;
use crate::id::ClientToken;
use crate::port::{CommitError, InboxRecord, RunStatus, StoreError};
use crate::runtime::Runtime;
use crate::transaction::Transaction;
use crate::verdict::{Classify, Verdict};

/// How often the identical transaction is sent while its outcome is unknown or the store asks to wait.
const MAX_SENDS: u32 = 4;
/// After how long it is not sent again; each sending has a time-out of its own in the adapter.
const PATIENCE: Duration = Duration::from_secs(3);

/// What became of a transaction.
#[derive(Debug)]
pub(super) enum Settled {
    /// It is written: by this call, or by an earlier sending of the same transaction.
    Committed,
    /// The work was done before, by another transaction.
    AlreadyDone(Box<InboxRecord>),
    /// Something it read has changed. Nothing was written.
    LostRace,
    /// The work was given up before. Nothing was written.
    Parked { reason: String },
    /// The lease is somebody else's now. Nothing was written.
    LeaseLost,
}

/// Why it is not certain, or certain that nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The store refused or could not be reached; nothing was written.
    #[error("nothing was written")]
    Store {
        #[source]
        source: StoreError,
    },
    /// The store answered too seldom to know. Retryable: a repeat finds out.
    #[error("whether it was written is unknown")]
    Unknown {
        #[source]
        source: CommitError,
    },
}

impl Classify for SettleError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Store { source } => source.verdict(),
            Self::Unknown { .. } => Verdict::RETRY,
        }
    }
}

impl Runtime {
    /// Sends a transaction until its outcome is certain, within bounds.
    ///
    /// Once an outcome was unknown, nothing the store says of a later sending tells what became of the first: a failed
    /// condition may be the echo of our own success, a refusal may have come after it. Then the record decides.
    pub(super) async fn settle(&self, tx: &Transaction) -> Result<Settled, SettleError> {
        let begun = self.now();
        let mut unknown = None;
        for attempt in 1..=MAX_SENDS {
            match self.ports.store.commit(tx).await {
                Ok(()) => return Ok(Settled::Committed),
                Err(CommitError::Condition { record }) => {
                    return if record || unknown.is_some() {
                        self.consult_record(tx, record).await
                    } else {
                        Ok(Settled::LostRace)
                    };
                }
                Err(error @ CommitError::Unknown { .. }) => unknown = Some(error),
                Err(CommitError::Store { source }) => {
                    let passes = source.verdict() != Verdict::Permanent;
                    let last = attempt == MAX_SENDS || !passes;
                    if last && unknown.is_none() {
                        return Err(SettleError::Store { source });
                    }
                    if !passes {
                        break;
                    }
                }
            }
            if between(begun, self.now()) >= PATIENCE {
                break;
            }
            self.back_off(attempt).await;
        }
        let Some(source) = unknown else {
            // Sent until patience ended, and each time told that nothing was written.
            return Ok(Settled::LostRace);
        };
        match self.consult_record(tx, false).await? {
            // No record yet: a sending may still be on its way.
            Settled::LostRace | Settled::LeaseLost => Err(SettleError::Unknown { source }),
            settled => Ok(settled),
        }
    }

    async fn consult_record(
        &self,
        tx: &Transaction,
        record_changed: bool,
    ) -> Result<Settled, SettleError> {
        let key = &tx.completion().run.key;
        let found = self.ports.inbox.find(key, self.now()).await;
        let found = found
            .map_err(|source| SettleError::Unknown { source: CommitError::Store { source } })?;
        Ok(match found {
            Some(record) if is_ours(&record, tx.token()) => Settled::Committed,
            Some(record) if record.status == RunStatus::Done => {
                Settled::AlreadyDone(Box::new(record))
            }
            Some(InboxRecord { status: RunStatus::Parked, reason, .. }) => {
                Settled::Parked { reason: reason.unwrap_or_default() }
            }
            _ if record_changed => Settled::LeaseLost,
            _ => Settled::LostRace,
        })
    }
}

fn is_ours(record: &InboxRecord, token: ClientToken) -> bool {
    record.status == RunStatus::Done && record.token == Some(token)
}
