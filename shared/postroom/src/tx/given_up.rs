//! What follows from giving a run up, staged beside its dead letter.

use crate::envelope::{Envelope, RawEnvelope};
use crate::message::{Event, Message};
use crate::port::DeadLetter;
use crate::task_failed::TaskFailed;
use crate::tx::dispatch::Pending;
use crate::tx::{MAX_HOPS, Tx, TxError};

impl Tx {
    /// Leaves room for a letter. Ids that are derived from now on are none of the run's own, nor of any other time that it
    /// is given up.
    pub(crate) fn beside(mut self, letter: &DeadLetter) -> Self {
        self.given_up = Some(letter.redrives);
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
