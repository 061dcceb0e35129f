//! All queues together: who exists, and how messages go from one queue to another.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::SqsError;
use super::arn::check_queue_name;
use super::message::Received;
use super::moves::MoveTask;
use super::queue::{Queue, Wanted};
use super::settings::Settings;

/// The queues of the account, by name.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    pub(super) queues: BTreeMap<String, Queue>,
    /// Newest first.
    pub(super) moves: Vec<MoveTask>,
}

impl Queues {
    /// Creates a queue, or finds that it exists with the same attributes.
    ///
    /// Unlike in AWS a name can be used again at once after its queue was deleted.
    pub(crate) fn create(
        &mut self,
        name: &str,
        attributes: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), SqsError> {
        check_queue_name(name)?;
        if let Some(present) = self.queues.get(name) {
            return match present.settings.first_difference(attributes)? {
                Some(attribute) => Err(SqsError::QueueNameExists { attribute }),
                None => Ok(()),
            };
        }
        let settings = Settings::new(name, attributes)?;
        self.check_redrive(name, &settings)?;
        self.queues.insert(name.to_owned(), Queue::new(name, settings, now));
        Ok(())
    }

    pub(crate) fn set_attributes(
        &mut self,
        name: &str,
        attributes: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), SqsError> {
        let mut settings = self.get_mut(name)?.settings.clone();
        settings.apply(attributes)?;
        self.check_redrive(name, &settings)?;
        let queue = self.get_mut(name)?;
        queue.settings = settings;
        queue.modified_at = now;
        Ok(())
    }

    pub(crate) fn delete(&mut self, name: &str) -> Result<(), SqsError> {
        let gone = self.queues.remove(name);
        gone.map(drop).ok_or_else(|| missing(name))
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Queue, SqsError> {
        self.queues.get(name).ok_or_else(|| missing(name))
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Result<&mut Queue, SqsError> {
        self.queues.get_mut(name).ok_or_else(|| missing(name))
    }

    /// The names that begin so, in their order.
    pub(crate) fn names(&self, prefix: &str) -> impl Iterator<Item = &str> {
        let range = self.queues.range(prefix.to_owned()..);
        range.map(|(name, _)| name.as_str()).take_while(move |name| name.starts_with(prefix))
    }

    /// The queues whose messages go to the named one when they are given up.
    pub(crate) fn dead_letter_sources(&self, name: &str) -> Result<Vec<&str>, SqsError> {
        self.get(name)?;
        let gives_up_to = |queue: &Queue| {
            queue.settings.redrive.as_ref().is_some_and(|policy| policy.target == name)
        };
        let sources = self.queues.iter().filter(|(_, queue)| gives_up_to(queue));
        Ok(sources.map(|(name, _)| name.as_str()).collect())
    }

    /// Hands over messages. Those received too often already go to the dead-letter queue instead;
    /// while that queue is missing they are handed over like any other. Also says how many went.
    pub(crate) fn receive(
        &mut self,
        name: &str,
        most: usize,
        visibility: Option<Duration>,
        now: Timestamp,
    ) -> Result<(Vec<Received>, usize), SqsError> {
        let policy = self.get(name)?.settings.redrive.clone();
        let policy = policy.filter(|policy| self.queues.contains_key(&policy.target));
        let most_receives = policy.as_ref().map(|policy| policy.most_receives);
        let wanted = Wanted { most, visibility, most_receives };
        let handover = self.get_mut(name)?.receive(wanted, now)?;
        let given_up = handover.dead.len();
        if let Some(policy) = policy {
            let target = self.get_mut(&policy.target)?;
            for mut message in handover.dead {
                message.dead_letter_source = Some(name.to_owned());
                target.accept(message, now);
            }
        }
        Ok((handover.received, given_up))
    }

    fn check_redrive(&self, name: &str, settings: &Settings) -> Result<(), SqsError> {
        let Some(policy) = &settings.redrive else { return Ok(()) };
        let target = self.queues.get(&policy.target);
        let reason = match target.map(|queue| &queue.settings) {
            _ if policy.target == name => "a queue cannot be its own dead-letter queue",
            None => "the dead-letter queue does not exist",
            Some(target) if target.fifo.is_some() != settings.fifo.is_some() => {
                "the dead-letter queue must be of the same type as its source"
            }
            Some(target)
                if target.redrive_allow.as_ref().is_some_and(|allow| !allow.allows(name)) =>
            {
                "the dead-letter queue does not allow this source"
            }
            Some(_) => return Ok(()),
        };
        Err(SqsError::InvalidParameterValue {
            parameter: "RedrivePolicy",
            reason: reason.to_owned(),
        })
    }
}

fn missing(name: &str) -> SqsError {
    SqsError::QueueDoesNotExist { queue: name.to_owned() }
}
