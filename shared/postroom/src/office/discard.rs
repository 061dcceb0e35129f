//! `discard-dead-letter`: its message is given up, for a reason.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::office::DecideError;
use crate::office::letter::{Decision, dispensable};
use crate::office::run::LetterRun;
use crate::port::{DeadLetters, Inbox, LetterStatus};
use crate::tx::Tx;

/// What was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Discarded {
    /// The letter.
    pub id: String,
    /// Why.
    pub reason: String,
}

pub(super) struct DiscardDeadLetter<'a> {
    pub(super) letters: &'a dyn DeadLetters,
    pub(super) inbox: &'a dyn Inbox,
    pub(super) id: &'a str,
    pub(super) reason: &'a str,
}

impl Command for DiscardDeadLetter<'_> {
    const NAME: &'static str = "discard-dead-letter";
    type Output = Discarded;
    type Error = DecideError;

    /// The letter stays, and its run stays parked: delivered again, the message does nothing. A worker that is seen at another
    /// delivery of it is left to it, as what it does would not be given up; one that begins meanwhile does it, and its
    /// outcome is told by the run.
    async fn handle(&self, tx: &mut Tx) -> Result<Discarded, DecideError> {
        let letter = dispensable(self.letters, self.id, tx).await?;
        LetterRun::find(&letter, self.inbox, tx).await?;
        let decision = Decision {
            action: Self::NAME,
            status: LetterStatus::Discarded,
            row: None,
            edited_as: None,
            run: None,
            reason: Some(self.reason.to_owned()),
        };
        decision.stage(tx, &letter)?;
        Ok(Discarded { id: letter.id, reason: self.reason.to_owned() })
    }
}
