//! `edit-dead-letter`: another message in the place of one that cannot succeed as it is.

use std::time::Duration;

use crate::command::Command;
use crate::envelope::{DecodeError, RawEnvelope};
use crate::id::{MessageId, named};
use crate::office::letter::{Decision, dispensable, row};
use crate::office::run::LetterRun;
use crate::office::{DecideError, Redriven};
use crate::port::{DeadLetter, DeadLetters, Inbox, LetterStatus, RunStatus};
use crate::transaction::RunChange;
use crate::tx::Tx;

/// Another message in the place of a letter's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit<'a> {
    /// The envelope as it should have been.
    pub body: &'a str,
    /// Although the letter is so old that what became of its message is forgotten.
    pub again: bool,
}

pub(super) struct EditDeadLetter<'a> {
    pub(super) letters: &'a dyn DeadLetters,
    pub(super) inbox: &'a dyn Inbox,
    pub(super) id: &'a str,
    pub(super) edit: Edit<'a>,
}

impl Command for EditDeadLetter<'_> {
    const NAME: &'static str = "edit-dead-letter";
    type Output = Redriven;
    type Error = DecideError;

    async fn handle(&self, tx: &mut Tx) -> Result<Redriven, DecideError> {
        let letter = dispensable(self.letters, self.id, tx).await?;
        let message = instead_of(&letter, self.edit.body)?;
        let run = self.stand_in(tx, &letter, message.id).await?;
        let row = row(tx, &letter, &message, message.to_body(), Duration::ZERO)?;
        let decision = Decision {
            action: Self::NAME,
            status: LetterStatus::Redriven,
            row: Some(row),
            edited_as: Some(message.id),
            run,
            reason: None,
        };
        decision.stage(tx, &letter)?;
        Ok(Redriven {
            message_id: message.id,
            queue: letter.queue,
            redrives: letter.redrives + 1,
            id: letter.id,
        })
    }
}

impl EditDeadLetter<'_> {
    /// The letter's own message is done no more: its run is parked, for all but the message that is sent instead.
    ///
    /// Most handlers know that one by its own id. One that gives both messages one key would take it for parked with the
    /// old one, and so it may begin that run anew. Whichever comes first then, the key takes effect once.
    async fn stand_in(
        &self,
        tx: &Tx,
        letter: &DeadLetter,
        instead: MessageId,
    ) -> Result<Option<RunChange>, DecideError> {
        let Some(run) = LetterRun::find(letter, self.inbox, tx).await? else { return Ok(None) };
        if run.status == Some(RunStatus::Done) {
            return Err(DecideError::Done { id: letter.id.clone() });
        }
        run.is_decided_about_here()?;
        if run.is_forgotten(tx) && !self.edit.again {
            return Err(DecideError::Forgotten { id: letter.id.clone() });
        }
        Ok(Some(run.parked(Some(instead), tx)))
    }
}

/// The message that is sent: with an id of its own, made of the letter's, and the letter's message as its cause, whatever
/// id the given one has. Of a letter whose body nobody could read it is the given one's.
///
/// It is no event of its stream: what happened is not changed, only what is made of it.
fn instead_of(letter: &DeadLetter, body: &str) -> Result<RawEnvelope, DecideError> {
    let no_message = |source: DecodeError| DecideError::NoMessage { source };
    let mut message = RawEnvelope::parse(body).map_err(no_message)?;
    let replaced = letter.envelope.as_ref();
    if replaced.is_some_and(|replaced| replaced.tenant_id != message.tenant_id) {
        return Err(DecideError::OtherTenant { id: letter.id.clone() });
    }
    // The chain that it left would wait for it for ever.
    if replaced.is_some_and(|replaced| replaced.correlation_id != message.correlation_id) {
        return Err(DecideError::OtherChain { id: letter.id.clone() });
    }
    // It stands for one delivery: what a person writes into it makes no replay of it, and no other of a replay's.
    message.replay = replaced.map_or(message.replay, |replaced| replaced.replay);
    message.causation_id = replaced.map_or(message.id, |replaced| replaced.id);
    let redrive = letter.redrives.to_be_bytes();
    message.id = named([b"edited".as_slice(), letter.id.as_bytes(), &redrive]).into();
    Ok(message)
}
