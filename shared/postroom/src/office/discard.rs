//! `discard-dead-letter`: its message is given up, for a reason.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::office::DecideError;
use crate::office::letter::{Decision, open};
use crate::port::{DeadLetters, LetterStatus};
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
    pub(super) id: &'a str,
    pub(super) reason: &'a str,
}

impl Command for DiscardDeadLetter<'_> {
    const NAME: &'static str = "discard-dead-letter";
    type Output = Discarded;
    type Error = DecideError;

    /// The letter and its run stay: delivered again, the message is known for parked.
    async fn handle(&self, tx: &mut Tx) -> Result<Discarded, DecideError> {
        let letter = open(self.letters, self.id).await?;
        let decision = Decision {
            action: Self::NAME,
            status: LetterStatus::Discarded,
            row: None,
            edited_as: None,
            pardon: None,
            reason: Some(self.reason.to_owned()),
        };
        decision.stage(tx, &letter)?;
        Ok(Discarded { id: letter.id, reason: self.reason.to_owned() })
    }
}
