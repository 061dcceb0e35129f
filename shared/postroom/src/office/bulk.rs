//! Many letters at once, within a bound, at a rate, and to be gone on with.

use std::time::Duration;

use serde::Serialize;
use tracing::warn;

use crate::Origin;
use crate::id::named;
use crate::office::{DeadLetterOffice, DecideError, LetterFilter, Redrive};
use crate::port::{LetterHead, StoreError};
use crate::runtime::ExecuteError;
use crate::verdict::{Classify, Refuse, Verdict, reason_of};

/// The most letters of one call.
const MAX_LETTERS: usize = 100;

/// Which letters are redriven, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bulk {
    /// Which.
    pub filter: LetterFilter,
    /// At most so many in this call, 1-100.
    pub limit: usize,
    /// Go on behind what an earlier call named as its `next`.
    pub cursor: Option<String>,
    /// How much later than the one before it each is sent: what protects whoever has to do the work.
    pub pace: Duration,
    /// Those too that came back twice, or are so old that what became of their message is forgotten.
    pub again: bool,
}

/// What became of them; of a [rehearsal](DeadLetterOffice::rehearsal), what would.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BulkReport {
    /// The letters that were sent once more.
    pub redriven: Vec<String>,
    /// Those that were not, and why.
    pub refused: Vec<Refused>,
    /// Go on with it; `null`: this was the end.
    pub next: Option<String>,
}

/// A letter that was not redriven.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refused {
    /// The letter.
    pub id: String,
    /// The code of the refusal, such as `dead-letter-unreadable`.
    pub code: String,
    /// In words.
    pub reason: String,
}

/// Why a call did nothing.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// The letters could not be listed.
    #[error("the letters could not be listed")]
    List {
        #[source]
        source: StoreError,
    },
    /// One could not be redriven, for a reason that the next would share.
    #[error("dead letter {id} could not be redriven")]
    Redrive {
        id: String,
        #[source]
        source: ExecuteError<DecideError>,
    },
}

impl Classify for BulkError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::List { source } => source.verdict(),
            Self::Redrive { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for BulkError {
    fn refusal(&self) -> Option<crate::Refusal> {
        None
    }
}

impl DeadLetterOffice {
    /// Redrives letters one by one, each in its own transaction, the last failed first.
    ///
    /// Interrupted, it has redriven some and not others; called again, it meets those that are still open. Where something
    /// fails on the way it answers what it has done so far, and its `next` goes on with the letter that failed.
    ///
    /// # Errors
    /// [`BulkError`]: the first one failed already, and so nothing was done. A refusal is no failure: it is reported, and the
    /// next one is tried.
    pub async fn redrive_all(&self, bulk: &Bulk, origin: &Origin) -> Result<BulkReport, BulkError> {
        let limit = bulk.limit.clamp(1, MAX_LETTERS);
        let listed = self.list(&bulk.filter, limit, bulk.cursor.clone()).await;
        let listed = listed.map_err(|source| BulkError::List { source })?;
        let mut report = BulkReport { next: listed.next, ..BulkReport::default() };
        let mut decided = None;
        for letter in listed.items {
            let position = letter.position();
            let LetterHead { id, .. } = letter;
            let sent = u32::try_from(report.redriven.len()).unwrap_or(u32::MAX);
            let how = Redrive { again: bulk.again, delay: bulk.pace.saturating_mul(sent) };
            match self.redrive(&id, how, &one_of(origin, &id)).await {
                Ok(_) => report.redriven.push(id),
                Err(source) => {
                    let Some(refusal) = source.refusal() else {
                        // An error would say nothing of those before it.
                        if decided.is_some() {
                            warn!(reason = reason_of(&source), "a bulk stopped half-way");
                            return Ok(BulkReport { next: decided, ..report });
                        }
                        return Err(BulkError::Redrive { id, source });
                    };
                    let (code, reason) = (refusal.code.to_owned(), reason_of(&source));
                    report.refused.push(Refused { id, code, reason });
                }
            }
            decided = Some(position);
        }
        Ok(report)
    }
}

/// The command about one of many letters: a name of its own, and not the caller's key, which names all of them.
fn one_of(origin: &Origin, letter: &str) -> Origin {
    let command = origin.command_id.uuid();
    let command_id = named([b"one-of-many".as_slice(), command.as_bytes(), letter.as_bytes()]);
    Origin { command_id: command_id.into(), idempotency: None, ..origin.clone() }
}
