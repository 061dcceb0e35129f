//! `redrive-dead-letter`: the same message once more.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::envelope::RawEnvelope;
use crate::id::MessageId;
use crate::office::DecideError;
use crate::office::letter::{Decision, open, row};
use crate::office::run::LetterRun;
use crate::port::{DeadLetter, DeadLetters, Inbox, LetterStatus, RunStatus};
use crate::transaction::RunChange;
use crate::tx::Tx;

/// How often a letter is sent once more before somebody has to say that it may be again.
const MAX_REDRIVES: u32 = 2;

/// How a message is sent once more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redrive {
    /// Although it came back twice, or is so old that what became of its message is forgotten.
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
        let run = self.begin_anew(tx, &letter).await?;
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
            run,
            reason: None,
        };
        decision.stage(tx, &letter)?;
        Ok(redriven)
    }
}

impl RedriveDeadLetter<'_> {
    /// What becomes of the message's run: what failed has to be forgotten, or it would be taken for parked before.
    ///
    /// What is done stays done: the message is then known for a duplicate, and nothing happens twice. A run that was
    /// parked because its outcome was unknown is forgiven too: a person has looked, which is what it was parked for.
    async fn begin_anew(
        &self,
        tx: &Tx,
        letter: &DeadLetter,
    ) -> Result<Option<RunChange>, DecideError> {
        let Some(run) = LetterRun::find(letter, self.inbox, tx).await? else { return Ok(None) };
        run.is_decided_about_here()?;
        if run.is_forgotten(tx) && !self.how.again {
            return Err(DecideError::Forgotten { id: letter.id.clone() });
        }
        Ok(match run.status {
            // Where its lease has run out nobody has looked whether its effect happened, and its handler decides.
            Some(RunStatus::Done | RunStatus::Running) => Some(run.kept(tx)),
            Some(RunStatus::Waiting | RunStatus::Parked) if run.is_the_letters_own() => {
                Some(run.pardoned(tx))
            }
            Some(RunStatus::Waiting | RunStatus::Parked) | None => None,
        })
    }
}
