//! Orders to jobs: given, for now or later, and taken back.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::envelope::Envelope;
use crate::id::{MessageId, derive_keyed};
use crate::message::{Routed, Task};
use crate::port::OutboxKey;
use crate::tx::{Tx, TxError};

impl Tx {
    /// Orders work from a job, now or later. With a delay its minute is right, not its second.
    ///
    /// A task that has a [key](Task::key) and is enqueued again in the same transaction stays as it was first.
    ///
    /// # Errors
    /// [`TxError::DelayedInOrder`], [`TxError::TooManyHops`] or an overflow; all permanent.
    pub fn enqueue<T: Task + Routed>(
        &mut self,
        task: T,
        delay: Duration,
    ) -> Result<MessageId, TxError> {
        let reactions = Arc::clone(&self.reactions);
        let queued = reactions.queued(T::TYPE);
        let in_order = queued.iter().find(|queue| reactions.is_in_order(queue));
        if let Some(queue) = in_order.filter(|_| !delay.is_zero()) {
            let handler = self.frame.handler;
            return Err(TxError::DelayedInOrder { handler, r#type: T::TYPE, queue });
        }
        let id = match self.keyed(&task) {
            Some(id) => id,
            None => self.derive("task").into(),
        };
        if self.outbox.iter().any(|row| row.message_id == id) {
            return Ok(id);
        }
        let header = self.header::<T>(id, task.subject(), None)?;
        let due = later(self.now, delay);
        self.post(&Envelope::seal(header, task), due)?;
        for to in reactions.destinations(T::TYPE, false) {
            self.cancelled.remove(&OutboxKey::of(id, &to, due));
        }
        Ok(id)
    }

    /// Takes back a task that was enqueued for later: with this transaction it is not sent any more.
    ///
    /// `due` is when it was to be sent, to the microsecond: [`now`](Self::now) of whoever enqueued it, and its delay. Whoever
    /// may want to take a task back keeps that, and gives the task a [key](Task::key). One that was sent by now stays sent,
    /// and its job meets what has changed: a job of a task that can be taken back looks whether it is still wanted.
    ///
    /// # Errors
    /// [`TxError::NotToBeFound`] where the task has no key; or an overflow; permanent.
    pub fn cancel<T: Task + Routed>(&mut self, task: &T, due: Timestamp) -> Result<(), TxError> {
        let handler = self.frame.handler;
        let id = self.keyed(task).ok_or(TxError::NotToBeFound { handler, r#type: T::TYPE })?;
        for to in self.reactions.destinations(T::TYPE, false) {
            let key = OutboxKey::of(id, &to, due);
            self.outbox.retain(|row| row.key() != key);
            self.cancelled.insert(key);
        }
        self.room_for(T::TYPE, 0)
    }

    fn keyed<T: Task>(&self, task: &T) -> Option<MessageId> {
        let key = task.key()?;
        Some(derive_keyed(self.tenant(), T::TYPE, &key).into())
    }
}
