//! `redrive-dead-letter`: the same message once more.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::envelope::RawEnvelope;
use crate::id::MessageId;
use crate::office::DecideError;
use crate::office::letter::{Decision, open, row};
use crate::port::{DeadLetter, DeadLetters, Inbox, LetterStatus, RunKey, RunStatus};
use crate::tx::Tx;

/// How often a letter is sent once more before somebody has to say that it may be again.
const MAX_REDRIVES: u32 = 2;

/// How a message is sent once more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redrive {
    /// Although it came back twice.
    pub again: bool,
    /// Not before so much later; its minute is right, not its second.
    pub delay: Duration,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Redriven {
    /// The letter.
    pub id: String,
    /// The message: the letter's own, or the one that stands for it.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub message_id: MessageId,
    /// Where to.
    pub queue: String,
    /// How often the letter was redriven, this time included.
    pub redrives: u32,
}

pub(super) struct RedriveDeadLetter<'a> {
    pub(super) letters: &'a dyn DeadLetters,
    pub(super) inbox: &'a dyn Inbox,
    pub(super) id: &'a str,
    pub(super) how: Redrive,
}

impl Command for RedriveDeadLetter<'_> {
    const NAME: &'static str = "redrive-dead-letter";
    type Output = Redriven;
    type Error = DecideError;

    async fn handle(&self, tx: &mut Tx) -> Result<Redriven, DecideError> {
        let letter = open(self.letters, self.id).await?;
        if letter.redrives >= MAX_REDRIVES && !self.how.again {
            let redrives = letter.redrives;
            return Err(DecideError::RedrivenOften { id: letter.id, redrives });
        }
        let message = match RawEnvelope::parse(&letter.body) {
            Ok(message) => message,
            Err(source) => return Err(DecideError::Unreadable { id: letter.id, source }),
        };
        let pardon = self.pardon(tx, &letter).await?;
        let row = row(tx, &letter, &message, letter.body.clone(), self.how.delay)?;
        let redriven = Redriven {
            id: letter.id.clone(),
            message_id: message.id,
            queue: letter.queue.clone(),
            redrives: letter.redrives + 1,
        };
        let decision = Decision {
            action: Self::NAME,
            status: LetterStatus::Redriven,
            row: Some(row),
            edited_as: None,
            pardon,
            reason: None,
        };
        decision.stage(tx, &letter)?;
        Ok(redriven)
    }
}

impl RedriveDeadLetter<'_> {
    /// The run whose failures have to be forgotten, or its message would be taken for parked before.
    ///
    /// What is done is left as it is: the message is then known for a duplicate, and nothing happens twice. A run that was
    /// parked because its outcome was unknown is forgiven too: a person has looked, which is what it was parked for.
    async fn pardon(&self, tx: &Tx, letter: &DeadLetter) -> Result<Option<RunKey>, DecideError> {
        if letter.handler.is_none() {
            return Ok(None);
        }
        let key = RunKey::from_stored(letter.id.clone());
        let found = self.inbox.find(&key, tx.now()).await;
        let found = found.map_err(|source| DecideError::Store { id: letter.id.clone(), source })?;
        match found {
            Some(record) if record.status == RunStatus::Done => Ok(None),
            Some(record) if record.status == RunStatus::Running && !record.is_idle(tx.now()) => {
                let until = record.lease_until.unwrap_or(tx.now());
                Err(DecideError::InFlight { id: letter.id.clone(), until })
            }
            // Its lease has run out: whether its effect happened nobody has looked at, and its handler decides.
            Some(record) if record.status == RunStatus::Running => Ok(None),
            Some(_) => Ok(Some(key)),
            None => Ok(None),
        }
    }
}
