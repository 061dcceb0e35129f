//! `edit-dead-letter`: another message in the place of one that cannot succeed as it is.

use std::time::Duration;

use crate::command::Command;
use crate::envelope::{DecodeError, RawEnvelope};
use crate::id::named;
use crate::office::letter::{Decision, open, row};
use crate::office::{DecideError, Redriven};
use crate::port::{DeadLetter, DeadLetters, LetterStatus};
use crate::tx::Tx;

pub(super) struct EditDeadLetter<'a> {
    pub(super) letters: &'a dyn DeadLetters,
    pub(super) id: &'a str,
    /// The envelope as it should have been.
    pub(super) body: &'a str,
}

impl Command for EditDeadLetter<'_> {
    const NAME: &'static str = "edit-dead-letter";
    type Output = Redriven;
    type Error = DecideError;

    async fn handle(&self, tx: &mut Tx) -> Result<Redriven, DecideError> {
        let letter = open(self.letters, self.id).await?;
        let message = instead_of(&letter, self.body)?;
        let row = row(tx, &letter, &message, message.to_body(), Duration::ZERO)?;
        let decision = Decision {
            action: Self::NAME,
            status: LetterStatus::Redriven,
            row: Some(row),
            edited_as: Some(message.id),
            pardon: None,
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

/// The message that is sent: with an id of its own, made of the letter's, and the given message as its cause.
///
/// The old run stays parked, so that late deliveries of the old message do nothing. The new one is no event of its
/// stream: what happened is not changed, only what is made of it.
fn instead_of(letter: &DeadLetter, body: &str) -> Result<RawEnvelope, DecideError> {
    let no_message = |source: DecodeError| DecideError::NoMessage { source };
    let mut message = RawEnvelope::parse(body).map_err(no_message)?;
    let tenant = letter.envelope.as_ref().map(|envelope| &envelope.tenant_id);
    if tenant.is_some_and(|tenant| *tenant != message.tenant_id) {
        return Err(DecideError::OtherTenant { id: letter.id.clone() });
    }
    message.causation_id = message.id;
    let redrive = letter.redrives.to_be_bytes();
    message.id = named([b"edited".as_slice(), letter.id.as_bytes(), &redrive]).into();
    Ok(message)
}
