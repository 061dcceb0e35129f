//! What every decision about a letter begins with, and what it writes.

use std::time::Duration;

use crate::clock::later;
use crate::envelope::RawEnvelope;
use crate::id::MessageId;
use crate::office::{Audited, DecideError};
use crate::port::{DeadLetter, DeadLetters, Destination, LetterStatus, OutboxRow};
use crate::transaction::{LetterChange, RunChange};
use crate::tx::{Tx, TxError};

/// A letter nothing was decided about yet.
pub(super) async fn open(letters: &dyn DeadLetters, id: &str) -> Result<DeadLetter, DecideError> {
    let found = letters.find(id).await;
    let found = found.map_err(|source| DecideError::Store { id: id.to_owned(), source })?;
    let letter = found.ok_or_else(|| DecideError::NotFound { id: id.to_owned() })?;
    match letter.status {
        LetterStatus::Open => Ok(letter),
        status => Err(DecideError::NotOpen { id: letter.id, status }),
    }
}

/// A letter whose message may be left undone, or done otherwise: it is no event that read models have still to apply,
/// whoever gave that up, the projection or its queue.
pub(super) async fn dispensable(
    letters: &dyn DeadLetters,
    id: &str,
    tx: &Tx,
) -> Result<DeadLetter, DecideError> {
    let letter = open(letters, id).await?;
    match &letter.handler {
        Some(handler) if tx.is_for_read_models(&letter.queue) => {
            Err(DecideError::Projected { handler: handler.clone(), id: letter.id })
        }
        _ => Ok(letter),
    }
}

/// A message for the queue that a letter came from.
pub(super) fn row(
    tx: &mut Tx,
    letter: &DeadLetter,
    message: &RawEnvelope,
    body: String,
    delay: Duration,
) -> Result<OutboxRow, DecideError> {
    let due = later(tx.now(), delay);
    let body = tx.travelling(message, body, due).map_err(|source| {
        let id = letter.id.clone();
        match source {
            TxError::TooLarge { bytes, limit, .. } => DecideError::TooLarge { id, bytes, limit },
            source => DecideError::Stage { id, source },
        }
    })?;
    // To the handler that failed, and to none of the others that are told of it.
    let to = Destination::Queue(letter.queue.clone());
    Ok(OutboxRow {
        message_id: message.id,
        due,
        body,
        r#type: message.r#type.clone(),
        correlation_id: message.correlation_id.clone(),
        // As it was sent first, unless its handler has moved since.
        group: Some(tx.group_to(&to, message)),
        // Not the number of redrives: two letters of one message have the same.
        decision: Some(tx.origin().command_id),
        to,
    })
}

/// A decision, with all that belongs to it.
pub(super) struct Decision {
    pub(super) action: &'static str,
    /// What the letter becomes.
    pub(super) status: LetterStatus,
    /// What is sent.
    pub(super) row: Option<OutboxRow>,
    /// The message that is sent in the letter's place.
    pub(super) edited_as: Option<MessageId>,
    /// What becomes of the run of its message.
    pub(super) run: Option<RunChange>,
    pub(super) reason: Option<String>,
}

impl Decision {
    /// Stages all of it, and who decides so.
    pub(super) fn stage(self, tx: &mut Tx, letter: &DeadLetter) -> Result<(), DecideError> {
        let staged = self.stage_all(tx, letter);
        staged.map_err(|source| DecideError::Stage { id: letter.id.clone(), source })
    }

    fn stage_all(self, tx: &mut Tx, letter: &DeadLetter) -> Result<(), TxError> {
        tx.decide(LetterChange {
            id: letter.id.clone(),
            position: letter.position(),
            status: self.status,
            edited_as: self.edited_as,
        })?;
        if let Some(change) = self.run {
            tx.decide_run(change)?;
        }
        let action = Audited::of(tx, self.action, &letter.id);
        let message_id = self.row.as_ref().map(|row| row.message_id);
        tx.audit(&Audited { reason: self.reason, message_id, ..action })?;
        self.row.map_or(Ok(()), |row| tx.send_again(row))
    }
}
