//! One queue as a state machine: time and ids arrive as parameters, nothing waits in here.
//!
//! A message is delayed, ready, or in flight. Delay and visibility end by themselves, and retention
//! ends the message; every operation first brings the queue up to the moment it is called with.
//! Sequence numbers start at the queue's creation time in microseconds, so the receipt handles of a
//! deleted queue mean nothing to its namesake.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::sqs::SqsError;
use crate::sqs::arn::queue_arn;
use crate::sqs::deduplication::{Deduplication, Key};
use crate::sqs::digest;
use crate::sqs::entries::{Barriers, Change, Entries, Entry, State};
use crate::sqs::message::{Draft, Message, Received};
use crate::sqs::receipt::Receipt;
use crate::sqs::settings::{DeduplicationScope, Settings};
use crate::sqs::turns::Turns;

/// The longest a message stays in flight from one receipt, however often that is extended.
// This, the delay and the most in flight: the AWS SDKs' service model of SQS, as in botocore
// 1.43.11, read 2026-11-21.
pub(crate) const LONGEST_VISIBILITY: Duration = Duration::from_hours(12);
const LONGEST_DELAY: Duration = Duration::from_mins(15);
const MOST_IN_FLIGHT: usize = 120_000;

/// AWS has no such limit; the memory of this machine does.
const MOST_MESSAGES: usize = 1_000_000;

/// What a sender learns about its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) message_id: Uuid,
    /// Of FIFO queues: 20 digits, growing.
    pub(crate) sequence_number: Option<String>,
}

/// What a receiver asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) most: usize,
    /// Overrides the queue's own visibility timeout.
    pub(crate) visibility: Option<Duration>,
    /// Messages received this often already are dead; `None` while there is no dead-letter queue.
    pub(crate) most_receives: Option<u32>,
}

/// What leaves the queue at a receive.
#[derive(Debug, Default)]
pub(crate) struct Handover {
    /// In flight now.
    pub(crate) received: Vec<Received>,
    /// Removed: they belong into the dead-letter queue.
    pub(crate) dead: Vec<Message>,
}

/// Which messages are next in one receive.
enum Order {
    Fifo { barriers: Barriers, from: u64 },
    Fair(Turns),
}

impl Order {
    fn next(&mut self, entries: &Entries) -> Option<u64> {
        match self {
            Self::Fifo { barriers, from } => {
                let sequence = entries.next_receivable(*from, barriers)?;
                *from = sequence + 1;
                Some(sequence)
            }
            Self::Fair(turns) => entries.next_turn(turns),
        }
    }
}

/// A standard or a FIFO queue, as its settings say.
#[derive(Debug)]
pub(crate) struct Queue {
    name: String,
    pub(crate) settings: Settings,
    pub(crate) tags: BTreeMap<String, String>,
    created_at: Timestamp,
    pub(crate) modified_at: Timestamp,
    entries: Entries,
    /// A field, so that tests need not fill the queue.
    most_in_flight: usize,
    remembered: Deduplication,
}

impl Queue {
    pub(crate) fn new(name: &str, settings: Settings, now: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            settings,
            tags: BTreeMap::new(),
            created_at: now,
            modified_at: now,
            entries: Entries::starting_at(u64::try_from(now.as_microsecond()).unwrap_or_default()),
            most_in_flight: MOST_IN_FLIGHT,
            remembered: Deduplication::default(),
        }
    }

    /// Takes a message in. A FIFO queue that has seen its deduplication id in the last five minutes
    /// answers what it answered then and takes nothing.
    pub(crate) fn send(
        &mut self,
        mut draft: Draft,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Sent, SqsError> {
        self.advance(now);
        draft.check(self.settings.message_bytes)?;
        let delay = self.delay_of(&draft)?;
        if self.entries.len() >= MOST_MESSAGES {
            return Err(SqsError::OverLimit { limit: MOST_MESSAGES, place: "in the queue" });
        }
        let key = self.deduplication_key(&mut draft)?;
        if let Some(sent) = key.as_ref().and_then(|key| self.remembered.recall(key, now)) {
            return Ok(sent);
        }
        let state =
            if delay.is_zero() { State::Ready } else { State::Delayed { until: now + delay } };
        let sequence = self.entries.insert(draft.into_message(id, now), state);
        let sent = Sent { message_id: id, sequence_number: self.sequence_number(sequence) };
        if let Some(key) = key {
            self.remembered.remember(key, sent.clone(), now);
        }
        Ok(sent)
    }

    /// Takes in a message that was sent before, to another queue or to this one in an earlier run;
    /// it is ready at once.
    pub(crate) fn accept(&mut self, mut message: Message, now: Timestamp) {
        self.advance(now);
        // Retention goes on from the first send in a standard queue, and starts anew in a FIFO one.
        if self.settings.fifo.is_some() {
            message.sent_at = now;
        }
        self.entries.insert(message, State::Ready);
    }

    /// Hands over messages that may be received now: the oldest, in a FIFO queue; in a standard one by turns.
    pub(crate) fn receive(&mut self, wanted: Wanted, now: Timestamp) -> Result<Handover, SqsError> {
        self.advance(now);
        if self.entries.has_in_flight(self.most_in_flight) {
            // A FIFO queue answers with nothing instead: its receivers are expected to wait.
            return match self.settings.fifo {
                Some(_) => Ok(Handover::default()),
                None => Err(SqsError::OverLimit { limit: self.most_in_flight, place: "in flight" }),
            };
        }
        let mut order = match self.settings.fifo {
            Some(_) => Order::Fifo { barriers: self.entries.barriers(), from: 0 },
            None => Order::Fair(self.entries.turns()),
        };
        let visibility = wanted.visibility.unwrap_or(self.settings.visibility);
        let mut handover = Handover::default();
        while handover.received.len() < wanted.most {
            let Some(sequence) = order.next(&self.entries) else { break };
            let dead = |entry: &Entry| {
                wanted.most_receives.is_some_and(|most| entry.message.receives >= most)
            };
            if self.entries.get(sequence).is_some_and(dead) {
                handover.dead.extend(self.entries.remove(sequence));
            } else {
                handover.received.extend(self.hand_out(sequence, visibility, now));
            }
        }
        Ok(handover)
    }

    /// Removes a message for good. A receipt that is void because the message was received again
    /// is accepted and deletes nothing, as is one of a message that is gone.
    pub(crate) fn delete(&mut self, receipt_handle: &str, now: Timestamp) -> Result<(), SqsError> {
        self.advance(now);
        let receipt = Receipt::read(receipt_handle, &self.name)?;
        let Some(entry) = self.entries.get(receipt.sequence) else { return Ok(()) };
        let latest = entry.message.receives == receipt.receives;
        let in_flight = matches!(entry.state, State::InFlight { .. });
        if self.settings.fifo.is_some() && !(latest && in_flight) {
            return Err(SqsError::InvalidParameterValue {
                parameter: "ReceiptHandle",
                reason: "the receipt handle has expired".to_owned(),
            });
        }
        if latest {
            self.entries.remove(receipt.sequence);
        }
        Ok(())
    }

    /// Makes a message in flight visible after the timeout from now; at once for zero.
    pub(crate) fn change_visibility(
        &mut self,
        receipt_handle: &str,
        timeout: Duration,
        now: Timestamp,
    ) -> Result<(), SqsError> {
        self.advance(now);
        let receipt = Receipt::read(receipt_handle, &self.name)?;
        let entry = self.entries.get(receipt.sequence).ok_or(SqsError::MessageNotInflight)?;
        let State::InFlight { since, .. } = entry.state else {
            return Err(SqsError::MessageNotInflight);
        };
        if entry.message.receives != receipt.receives {
            return Err(SqsError::MessageNotInflight);
        }
        let until = now + timeout;
        if until > since + LONGEST_VISIBILITY {
            return Err(SqsError::InvalidParameterValue {
                parameter: "VisibilityTimeout",
                reason: "the total is beyond 43200 seconds since the message was received"
                    .to_owned(),
            });
        }
        let state = if timeout.is_zero() { State::Ready } else { State::InFlight { since, until } };
        self.entries.set_state(receipt.sequence, state);
        Ok(())
    }

    /// Removes the messages that are ready and for which `chosen` gives a destination.
    pub(crate) fn take_ready<D>(
        &mut self,
        now: Timestamp,
        chosen: impl Fn(&Message) -> Option<D>,
    ) -> Vec<(Message, D)> {
        self.advance(now);
        let destination = |(sequence, message)| Some((sequence, chosen(message)?));
        let found: Vec<_> = self.entries.ready().filter_map(destination).collect();
        let take = |(sequence, destination)| Some((self.entries.remove(sequence)?, destination));
        found.into_iter().filter_map(take).collect()
    }

    pub(crate) fn purge(&mut self) {
        self.entries.clear();
    }

    /// Every message, oldest first, wherever it stands.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.entries.messages()
    }

    /// From now on remembers which messages come and go.
    pub(crate) fn watch(&mut self) {
        self.entries.watch();
    }

    /// Which messages came and went since the last call of this.
    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        self.entries.take_changes()
    }

    /// When a message becomes ready without anyone doing anything.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        self.entries.next_change()
    }

    /// Every attribute there is: those that are set and those that are counted.
    pub(crate) fn attributes(&mut self, now: Timestamp) -> BTreeMap<String, String> {
        self.advance(now);
        let counts = self.entries.counts();
        let mut shown = self.settings.describe();
        let mut show = |name: &str, value: String| shown.insert(name.to_owned(), value);
        show("QueueArn", queue_arn(&self.name));
        show("CreatedTimestamp", self.created_at.as_second().to_string());
        show("LastModifiedTimestamp", self.modified_at.as_second().to_string());
        show("ApproximateNumberOfMessages", counts.ready.to_string());
        show("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string());
        show("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string());
        shown
    }

    fn advance(&mut self, now: Timestamp) {
        self.entries.advance(self.settings.retention, now);
    }

    fn delay_of(&self, draft: &Draft) -> Result<Duration, SqsError> {
        let delay = draft.delay.unwrap_or(self.settings.delay);
        let reason = if delay > LONGEST_DELAY {
            format!("{} is not 0 to {} seconds", delay.as_secs(), LONGEST_DELAY.as_secs())
        } else if self.settings.fifo.is_some() && draft.delay.is_some_and(|own| !own.is_zero()) {
            "a FIFO queue delays all of its messages or none".to_owned()
        } else {
            return Ok(delay);
        };
        Err(SqsError::InvalidParameterValue { parameter: "DelaySeconds", reason })
    }

    /// The key of a FIFO queue's message, whose draft gets the id that its content stands for.
    fn deduplication_key(&self, draft: &mut Draft) -> Result<Option<Key>, SqsError> {
        let invalid = |reason: &str| SqsError::InvalidParameterValue {
            parameter: "MessageDeduplicationId",
            reason: reason.to_owned(),
        };
        let Some(fifo) = &self.settings.fifo else {
            return match draft.deduplication_id {
                Some(_) => Err(invalid("it is not valid for a standard queue")),
                None => Ok(None),
            };
        };
        let Some(group) = draft.group.clone() else {
            return Err(SqsError::MissingParameter { parameter: "MessageGroupId" });
        };
        if draft.deduplication_id.is_none() && fifo.content_based_deduplication {
            draft.deduplication_id = Some(digest::sha256_of_body(&draft.body));
        }
        let Some(id) = draft.deduplication_id.clone() else {
            return Err(invalid("it is required where deduplication is not based on content"));
        };
        let scope = match fifo.scope {
            DeduplicationScope::Queue => None,
            DeduplicationScope::MessageGroup => Some(group),
        };
        Ok(Some((scope, id)))
    }

    fn sequence_number(&self, sequence: u64) -> Option<String> {
        self.settings.fifo.as_ref().map(|_| format!("{sequence:020}"))
    }

    fn hand_out(
        &mut self,
        sequence: u64,
        visibility: Duration,
        now: Timestamp,
    ) -> Option<Received> {
        let sequence_number = self.sequence_number(sequence);
        let message = self.entries.message_mut(sequence)?;
        message.receives += 1;
        message.first_received_at.get_or_insert(now);
        let handle = Receipt { sequence, receives: message.receives }.handle(&self.name);
        let received = message.to_received(handle, sequence_number);
        if !visibility.is_zero() {
            let state = State::InFlight { since: now, until: now + visibility };
            self.entries.set_state(sequence, state);
        }
        Some(received)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod fifo_tests;
