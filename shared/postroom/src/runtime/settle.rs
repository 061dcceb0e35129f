//! Committing, until it is certain what happened.

use std::time::Duration;

use crate::clock::between;
use crate::id::ClientToken;
use crate::port::{CommitError, InboxRecord, ObjectError, RunStatus, StoreError};
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
    /// A payload that is too large to travel could not be put; nothing was written.
    #[error("nothing was written: the payload of a message could not be put")]
    Payload {
        #[source]
        source: ObjectError,
    },
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
            Self::Payload { source } => source.verdict(),
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
        if let Some(claims) = self.claims.as_ref().filter(|_| !tx.payloads.is_empty()) {
            // Before: what is committed may be sent at once, and whoever gets it reads them.
            let put = claims.put(&tx.payloads).await;
            put.map_err(|source| SettleError::Payload { source })?;
        }
        let begun = self.now();
        let mut doubt = None;
        let mut sending = 0;
        // Every arm returns once it is over.
        loop {
            sending += 1;
            let Err(error) = self.ports.store.commit(tx).await else {
                return Ok(Settled::Committed);
            };
            let over = sending >= MAX_SENDS || between(begun, self.now()) >= PATIENCE;
            doubt = match (error, doubt) {
                (CommitError::Condition { record: false }, None) => return Ok(Settled::LostRace),
                (CommitError::Condition { record }, _) => {
                    return self.consult_record(tx, record).await;
                }
                (CommitError::Store { source }, None) if over || never(&source) => {
                    return Err(SettleError::Store { source });
                }
                (CommitError::Store { source }, Some(doubt)) if over || never(&source) => {
                    return self.settle_doubt(tx, doubt).await;
                }
                (CommitError::Store { .. }, doubt) => doubt,
                (unknown @ CommitError::Unknown { .. }, _) if over => {
                    return self.settle_doubt(tx, unknown).await;
                }
                (unknown @ CommitError::Unknown { .. }, _) => Some(unknown),
            };
            self.back_off(sending).await;
        }
    }

    /// It is not sent again, and some sending had no answer: what does the record say?
    async fn settle_doubt(
        &self,
        tx: &Transaction,
        source: CommitError,
    ) -> Result<Settled, SettleError> {
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

fn never(error: &StoreError) -> bool {
    error.verdict() == Verdict::Permanent
}

fn is_ours(record: &InboxRecord, token: ClientToken) -> bool {
    let ended = matches!(record.status, RunStatus::Done | RunStatus::Parked);
    ended && record.token == Some(token)
}
