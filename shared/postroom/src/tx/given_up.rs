//! What follows from giving a run up, staged beside its dead letter.

use crate::envelope::{Envelope, RawEnvelope};
use crate::message::{Event, Message};
use crate::port::DeadLetter;
use crate::task_failed::TaskFailed;
use crate::tx::dispatch::Pending;
use crate::tx::{MAX_HOPS, Tx, TxError};

/// What tells one time that a run is given up from any other.
#[derive(Debug, Clone)]
pub(super) struct GivenUp {
    /// The id of its letter. Two builds of a read model give one event up under one handler's name, each with its letter.
    letter: String,
    /// How often its message was redriven before.
    redrives: u32,
}

impl GivenUp {
    /// The name space of what follows from it.
    pub(super) fn kind(&self, kind: &str) -> String {
        let Self { letter, redrives } = self;
        format!("{kind} of give-up {redrives} of {letter}")
    }
}

impl Tx {
    /// Leaves room for a letter. Ids that are derived from now on are none of the run's own, nor of any other time that it
    /// is given up.
    pub(crate) fn beside(mut self, letter: &DeadLetter) -> Self {
        self.given_up = Some(GivenUp { letter: letter.id.clone(), redrives: letter.redrives });
        self.bytes += letter.body.len() + letter.reason().len();
        self
    }

    /// Emits `task.failed`, where the table has a row for it.
    pub(crate) fn tell(
        &mut self,
        letter: &DeadLetter,
        message: &RawEnvelope,
    ) -> Result<(), TxError> {
        // Reactions to failures may fail too: that is told nobody, and so is what is too far from its command.
        let told = message.r#type != TaskFailed::TYPE && self.frame.hops < MAX_HOPS;
        if !told || !self.reactions.has_row::<TaskFailed>() {
            return Ok(());
        }
        let event = TaskFailed::of(self.frame.handler, message, letter);
        let id = self.derive("event").into();
        let header = self.header::<TaskFailed>(id, event.stream().to_string(), Some(1))?;
        let envelope = Envelope::seal(header, event);
        self.post(&envelope, self.now)?;
        self.pending.push_back(Pending::new(envelope, self.events.len() - 1));
        Ok(())
    }
}
