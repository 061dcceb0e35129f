//! All queues together: who exists, and how messages go from one queue to another.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::SqsError;
use super::arn::check_queue_name;
use super::entries::Change;
use super::kept::Kept;
use super::message::Received;
use super::moves::MoveTask;
use super::queue::{Queue, Wanted};
use super::settings::Settings;

/// The queues of the account, by name.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    pub(super) by_name: BTreeMap<String, Queue>,
    /// Newest first.
    pub(super) moves: Vec<MoveTask>,
    /// Messages of an earlier run whose queues were not created again so far.
    pub(super) unclaimed: Kept,
    /// Whether somebody takes what changes.
    watched: bool,
    /// What changed in queues that are deleted by now.
    changes: Vec<(String, Change)>,
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
        if let Some(present) = self.by_name.get(name) {
            return match present.settings.first_difference(attributes)? {
                Some(attribute) => Err(SqsError::QueueNameExists { attribute }),
                None => Ok(()),
            };
        }
        let settings = Settings::new(name, attributes)?;
        self.check_redrive(name, &settings)?;
        let mut queue = Queue::new(name, settings, now);
        if self.watched {
            queue.watch();
        }
        self.by_name.insert(name.to_owned(), queue);
        self.claim(name, now);
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
        let mut gone = self.by_name.remove(name).ok_or_else(|| missing(name))?;
        gone.purge();
        self.changes
            .extend(gone.take_changes().into_iter().map(|change| (name.to_owned(), change)));
        Ok(())
    }

    /// From now on remembers which messages come and go.
    pub(crate) fn watch(&mut self) {
        self.watched = true;
        self.by_name.values_mut().for_each(Queue::watch);
    }

    /// Which messages came and went since the last call of this: what came first, so that a message that changed its queue
    /// is never in none.
    pub(crate) fn take_changes(&mut self) -> Vec<(String, Change)> {
        let mut changes = std::mem::take(&mut self.changes);
        for (name, queue) in &mut self.by_name {
            changes.extend(queue.take_changes().into_iter().map(|change| (name.clone(), change)));
        }
        changes.sort_by_key(|(_, change)| matches!(change, Change::Gone(_)));
        changes
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Queue, SqsError> {
        self.by_name.get(name).ok_or_else(|| missing(name))
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Result<&mut Queue, SqsError> {
        self.by_name.get_mut(name).ok_or_else(|| missing(name))
    }

    /// The names that begin so, in their order.
    pub(crate) fn names(&self, prefix: &str) -> impl Iterator<Item = &str> {
        let range = self.by_name.range(prefix.to_owned()..);
        range.map(|(name, _)| name.as_str()).take_while(move |name| name.starts_with(prefix))
    }

    /// The queues whose messages go to the named one when they are given up.
    pub(crate) fn dead_letter_sources(&self, name: &str) -> Result<Vec<&str>, SqsError> {
        self.get(name)?;
        let gives_up_to = |queue: &Queue| {
            queue.settings.redrive.as_ref().is_some_and(|policy| policy.target == name)
        };
        let sources = self.by_name.iter().filter(|(_, queue)| gives_up_to(queue));
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
        let policy = policy.filter(|policy| self.by_name.contains_key(&policy.target));
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
        let target = self.by_name.get(&policy.target);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqs::arn::queue_arn;
    use crate::sqs::message::Draft;
    use uuid::Uuid;

    const START: Timestamp = Timestamp::constant(1_770_000_000, 0);

    fn attributes(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn redrive_to(target: &str) -> BTreeMap<String, String> {
        let arn = queue_arn(target);
        let policy = format!(r#"{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 1}}"#);
        attributes(&[("RedrivePolicy", &policy), ("VisibilityTimeout", "0")])
    }

    /// `jobs`, whose messages go to `dead` after one receive, with one message received once.
    fn given_up_once() -> Queues {
        let mut queues = Queues::default();
        queues.create("dead", &attributes(&[]), START).expect("created");
        queues.create("jobs", &redrive_to("dead"), START).expect("created");
        let draft = Draft { body: "poison".to_owned(), ..Draft::default() };
        queues.get_mut("jobs").expect("exists").send(draft, Uuid::max(), START).expect("sent");
        queues.receive("jobs", 1, None, START).expect("received");
        queues
    }

    fn received(queues: &mut Queues, queue: &str) -> Vec<Received> {
        queues.receive(queue, 10, Some(Duration::ZERO), START).expect("receivable").0
    }

    #[test]
    fn a_message_that_is_given_up_goes_to_the_dead_letter_queue_with_its_id() {
        let mut queues = given_up_once();

        let at_home = received(&mut queues, "jobs");
        let dead = received(&mut queues, "dead");

        assert!(at_home.is_empty());
        assert_eq!(dead[0].message_id, Uuid::max().to_string());
        assert_eq!(dead[0].attributes["DeadLetterQueueSourceArn"], queue_arn("jobs"));
    }

    #[test]
    fn nothing_is_given_up_while_the_dead_letter_queue_is_missing() {
        let mut queues = given_up_once();
        queues.delete("dead").expect("deleted");

        let at_home = received(&mut queues, "jobs");

        assert_eq!(at_home.len(), 1);
    }

    #[test]
    fn a_move_takes_dead_letters_back_to_their_source_as_new_messages() {
        let mut queues = given_up_once();
        received(&mut queues, "jobs");

        queues.move_messages("dead", None, Uuid::nil(), START).expect("moved");

        let back = received(&mut queues, "jobs");
        assert!(received(&mut queues, "dead").is_empty());
        assert_eq!(back[0].body, "poison");
        assert_ne!(back[0].message_id, Uuid::max().to_string());
        assert_eq!(back[0].attributes["ApproximateReceiveCount"], "1");
        assert_eq!(queues.move_tasks("dead").map(|task| task.moved).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn dead_letters_stay_when_their_source_is_gone_unless_a_destination_is_named() {
        let mut queues = given_up_once();
        received(&mut queues, "jobs");
        queues.create("others", &redrive_to("dead"), START).expect("created");
        queues.delete("jobs").expect("deleted");

        queues.move_messages("dead", None, Uuid::nil(), START).expect("started");
        let stayed = received(&mut queues, "dead").len();
        queues.move_messages("dead", Some("others"), Uuid::nil(), START).expect("moved");

        assert_eq!(stayed, 1);
        assert_eq!(received(&mut queues, "others").len(), 1);
    }

    #[test]
    fn a_queue_that_is_nobodys_dead_letter_queue_is_not_moved() {
        let mut queues = given_up_once();

        let refused = queues.move_messages("jobs", Some("dead"), Uuid::nil(), START);

        assert!(matches!(refused, Err(SqsError::InvalidParameterValue { .. })));
    }

    #[test]
    fn a_dead_letter_queue_must_exist_be_of_the_same_type_and_allow_its_source() {
        let mut queues = Queues::default();
        let fifo = attributes(&[("FifoQueue", "true")]);
        let closed = attributes(&[("RedriveAllowPolicy", r#"{"redrivePermission": "denyAll"}"#)]);
        queues.create("dead.fifo", &fifo, START).expect("created");
        queues.create("closed", &closed, START).expect("created");

        let targets = ["missing", "dead.fifo", "closed", "jobs"];
        let refused = targets.map(|target| queues.create("jobs", &redrive_to(target), START));

        let is_refused = |refused: &Result<(), _>| {
            matches!(
                refused,
                Err(SqsError::InvalidParameterValue { parameter: "RedrivePolicy", .. })
            )
        };
        assert!(refused.iter().all(is_refused));
        assert!(queues.get("jobs").is_err());
    }

    #[test]
    fn a_queue_can_be_created_again_with_the_same_attributes_only() {
        let mut queues = Queues::default();
        let (slow, fast) =
            (attributes(&[("DelaySeconds", "5")]), attributes(&[("DelaySeconds", "0")]));
        queues.create("jobs", &slow, START).expect("created");

        let (same, other) =
            (queues.create("jobs", &slow, START), queues.create("jobs", &fast, START));

        let attribute = "DelaySeconds".to_owned();
        assert_eq!((same, other), (Ok(()), Err(SqsError::QueueNameExists { attribute })));
    }

    #[test]
    fn names_are_listed_by_their_beginning() {
        let mut queues = Queues::default();
        for name in ["b1", "a", "b2", "c"] {
            queues.create(name, &attributes(&[]), START).expect("created");
        }

        let (all, some) = (queues.names("").count(), queues.names("b").collect::<Vec<_>>());

        assert_eq!((all, some), (4, vec!["b1", "b2"]));
    }
}
