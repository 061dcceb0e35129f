//! `task.failed`, version 1: what everybody else is told when a handler gives a message up.

use serde::{Deserialize, Serialize};

use crate::envelope::RawEnvelope;
use crate::id::{Fingerprint, MessageId};
use crate::message::{Event, Message};
use crate::port::{DeadLetter, FailureClass};
use crate::stored::StreamId;

/// A queued handler has given a message up. The kit emits it, where the table has a row for it, in the transaction that
/// writes the dead letter; its row is written as any other's.
///
/// ```json
/// {"handler":"charge-card","queue":"charge-card","dead_letter_id":"charge-card#7b0c…","redrives":0,
///  "causes":["the run failed","order 1 is gone"],"fingerprint":"5e1f…","class":"permanent","attempts":1,
///  "message_id":"7b0c…","message_type":"order.placed","subject":"orders/1"}
/// ```
///
/// Each time that a message is given up has a stream of its own, `dead-letters/charge-card#7b0c…/0`, with this one event.
/// A handler of `task.failed` that gives up causes none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskFailed {
    /// Who gave up.
    pub handler: String,
    /// The queue it took the message from.
    pub queue: String,
    /// What to look up, and to redrive.
    pub dead_letter_id: String,
    /// How often the message had been redriven.
    pub redrives: u32,
    /// The last error and its causes, the outermost first.
    pub causes: Vec<String>,
    /// The same for all that failed in the same way.
    pub fingerprint: Fingerprint,
    /// Why there was no further attempt.
    pub class: FailureClass,
    /// How many attempts failed.
    pub attempts: u32,
    /// The message that was given up: its id,
    pub message_id: MessageId,
    /// its wire name,
    pub message_type: String,
    /// and what it is about.
    pub subject: String,
}

impl TaskFailed {
    pub(crate) fn of(handler: &str, message: &RawEnvelope, letter: &DeadLetter) -> Self {
        Self {
            handler: handler.to_owned(),
            queue: letter.queue.clone(),
            dead_letter_id: letter.id.clone(),
            redrives: letter.redrives,
            causes: letter.causes.clone(),
            fingerprint: letter.fingerprint,
            class: letter.class,
            attempts: letter.attempts,
            message_id: message.id,
            message_type: message.r#type.clone(),
            subject: message.subject.clone(),
        }
    }
}

impl Message for TaskFailed {
    const TYPE: &'static str = "task.failed";
}

impl Event for TaskFailed {
    fn stream(&self) -> StreamId {
        StreamId::of("dead-letters", Some(&self.dead_letter_id), &self.redrives.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_version_is_still_read() {
        let shipped = include_str!("../../../events/versions/task.failed.v1.json");
        let shipped = RawEnvelope::parse(shipped).unwrap();

        let event = shipped.decode::<TaskFailed>().unwrap();

        assert_eq!(serde_json::to_value(&event.data).unwrap(), shipped.data);
        assert_eq!(event.data.stream().as_str(), event.subject);
    }
}
