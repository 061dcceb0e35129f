//! Message move tasks: dead letters go back to their source, or to another queue.

use jiff::Timestamp;
use uuid::Uuid;

use super::SqsError;
use super::message::Message;
use super::queues::Queues;

/// How many finished tasks are remembered, over all queues.
const REMEMBERED_TASKS: usize = 100;

/// A move task. Local ones are done at once, with the messages that are visible at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MoveTask {
    pub(crate) source: String,
    /// `None` moves every message to the queue that gave it up.
    pub(crate) destination: Option<String>,
    pub(crate) started_at: Timestamp,
    pub(crate) moved: usize,
}

impl Queues {
    /// Moves the visible messages out of a dead-letter queue. They become new messages: other ids,
    /// receive count zero, retention from now on. A message stays when nobody knows its source or
    /// the source is gone.
    ///
    /// `task` names the task; the new ids follow from it.
    pub(crate) fn move_messages(
        &mut self,
        source: &str,
        destination: Option<&str>,
        task: Uuid,
        now: Timestamp,
    ) -> Result<(), SqsError> {
        if self.dead_letter_sources(source)?.is_empty() {
            let reason = format!("{source} is not the dead-letter queue of any queue");
            return Err(SqsError::InvalidParameterValue { parameter: "SourceArn", reason });
        }
        if let Some(destination) = destination {
            self.check_destination(source, destination)?;
        }
        let names: Vec<String> = self.names("").map(str::to_owned).collect();
        let chosen = |message: &Message| {
            let target = destination.or(message.dead_letter_source.as_deref())?;
            names.iter().find(|name| *name == target).cloned()
        };
        let taken = self.get_mut(source)?.take_ready(now, chosen);
        let moved = taken.len();
        for (message, target) in taken {
            self.get_mut(&target)?.accept(renewed(message, task, now), now);
        }
        let destination = destination.map(str::to_owned);
        self.moves
            .insert(0, MoveTask { source: source.to_owned(), destination, started_at: now, moved });
        self.moves.truncate(REMEMBERED_TASKS);
        Ok(())
    }

    /// The tasks of a queue, newest first.
    pub(crate) fn move_tasks(&self, source: &str) -> impl Iterator<Item = &MoveTask> {
        self.moves.iter().filter(move |task| task.source == source)
    }

    fn check_destination(&self, source: &str, destination: &str) -> Result<(), SqsError> {
        let (from, to) = (self.get(source)?, self.get(destination)?);
        if source == destination || from.settings.fifo.is_some() != to.settings.fifo.is_some() {
            let reason = "it must be another queue of the same type".to_owned();
            return Err(SqsError::InvalidParameterValue { parameter: "DestinationArn", reason });
        }
        Ok(())
    }
}

fn renewed(message: Message, task: Uuid, now: Timestamp) -> Message {
    Message {
        id: Uuid::new_v5(&task, message.id.as_bytes()),
        sent_at: now,
        first_received_at: None,
        receives: 0,
        dead_letter_source: None,
        ..message
    }
}
