//! Queues as they really are: at least once, in no particular order, hidden for a while and never lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::id::MessageId;
use crate::port::OutboxRow;
use crate::worker::Record;

/// How long a message that was given out is hidden: six times the time a worker has.
pub(super) const VISIBILITY: Duration = Duration::from_mins(3);
/// How long a FIFO queue knows what it has accepted.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
const KNOWN: Duration = Duration::from_mins(5);

/// The queues of all handlers.
#[derive(Debug, Default)]
pub(super) struct Queues {
    by_handler: BTreeMap<String, SimulatedQueue>,
}

/// The queue of one handler: it gives out messages at least once, and hides what it gave out for three minutes.
///
/// Public so that a test can hold it against a real one.
#[derive(Debug, Default)]
pub struct SimulatedQueue {
    in_order: bool,
    messages: Vec<Waiting>,
    /// Which messages a FIFO queue accepted, and when; by each decision of a person it is another.
    known: BTreeMap<(MessageId, Option<MessageId>), Timestamp>,
    accepted: u64,
}

/// A message in a queue.
#[derive(Debug, Clone)]
struct Waiting {
    /// The queue's own id of it.
    id: u64,
    row: OutboxRow,
    visible_at: Timestamp,
    /// How often it was given out: only the last receipt of a FIFO queue's message is good for anything.
    receives: u32,
}

/// A message that was given out.
#[derive(Debug, Clone)]
pub struct Received {
    /// The message as a worker gets it.
    pub record: Record,
    pub(super) row: OutboxRow,
    receives: u32,
    id: u64,
}

impl Queues {
    pub(super) fn new(handlers: impl IntoIterator<Item = (&'static str, bool)>) -> Self {
        let queues = handlers
            .into_iter()
            .map(|(handler, in_order)| (handler.to_owned(), SimulatedQueue::new(in_order)));
        Self { by_handler: queues.collect() }
    }

    pub(super) fn of(&mut self, handler: &str) -> Option<&mut SimulatedQueue> {
        self.by_handler.get_mut(handler)
    }

    /// Who has something to do now.
    pub(super) fn with_messages(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let waiting = self.by_handler.iter().filter(move |(_, queue)| !queue.free(now).is_empty());
        waiting.map(|(handler, _)| handler.as_str())
    }

    /// When the next hidden message shows.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let messages = self.by_handler.values().flat_map(|queue| &queue.messages);
        messages.map(|message| message.visible_at).filter(|at| *at > now).min()
    }

    /// What is left, as `handler#message-id`.
    pub(super) fn left(&self) -> Vec<String> {
        let queues = self.by_handler.values();
        let messages = queues.flat_map(|queue| &queue.messages);
        messages.map(|left| format!("{}#{}", left.row.handler, left.row.message_id)).collect()
    }
}

impl SimulatedQueue {
    /// An empty queue; `in_order`: a FIFO queue.
    pub fn new(in_order: bool) -> Self {
        Self { in_order, ..Self::default() }
    }

    /// Takes a message, once or, as standard queues do now and then, more often.
    pub fn accept(&mut self, row: &OutboxRow, copies: u32, visible_at: Timestamp) {
        if self.in_order {
            let sending = (row.message_id, row.decision);
            let known = self.known.get(&sending);
            if known.is_some_and(|at| later(*at, KNOWN) > visible_at) {
                return;
            }
            self.known.insert(sending, visible_at);
        }
        for _ in 0..if self.in_order { 1 } else { copies } {
            self.accepted += 1;
            let id = self.accepted;
            self.messages.push(Waiting { id, row: row.clone(), visible_at, receives: 0 });
        }
    }

    pub(super) fn is_in_order(&self) -> bool {
        self.in_order
    }

    /// How many messages could be given out.
    pub(super) fn ready(&self, now: Timestamp) -> usize {
        self.free(now).len()
    }

    /// Gives out messages, from the `skip`-th that it could, and hides them.
    pub fn receive(&mut self, now: Timestamp, skip: usize, most: usize) -> Vec<Received> {
        let taken: Vec<usize> = self.free(now).into_iter().skip(skip).take(most).collect();
        let taken = taken.into_iter().map(|index| {
            let in_order = self.in_order;
            let message = &mut self.messages[index];
            message.visible_at = later(now, VISIBILITY);
            message.receives += 1;
            let group = message.row.group.clone().filter(|_| in_order);
            let message_id = format!("{}-{}", message.row.handler, message.id);
            let (body, receives) = (message.row.body.clone(), message.receives);
            let record = Record { message_id, body, group, receives };
            let row = message.row.clone();
            Received { record, row, receives, id: message.id }
        });
        taken.collect()
    }

    /// Forgets a message that is done, by its last receipt; a FIFO queue takes that only while the message is hidden.
    pub fn delete(&mut self, received: &Received, now: Timestamp) {
        let in_order = self.in_order;
        self.messages.retain(|message| {
            let last = message.id == received.id && message.receives == received.receives;
            !last || (in_order && message.visible_at <= now)
        });
    }

    /// Hides a message that was given out until another time, unless it shows again already.
    pub fn hide(&mut self, received: &Received, now: Timestamp, until: Timestamp) {
        let given_out = |message: &&mut Waiting| {
            let last = message.id == received.id && message.receives == received.receives;
            last && message.visible_at > now
        };
        if let Some(message) = self.messages.iter_mut().find(given_out) {
            message.visible_at = until;
        }
    }

    /// What could be given out now: of a group nothing while one of its messages is hidden.
    fn free(&self, now: Timestamp) -> Vec<usize> {
        let hidden = self.messages.iter().filter(|message| message.visible_at > now);
        let held: BTreeSet<&str> = if self.in_order {
            hidden.filter_map(|message| message.row.group.as_deref()).collect()
        } else {
            BTreeSet::new()
        };
        let free = self.messages.iter().enumerate().filter(|(_, message)| {
            let held = message.row.group.as_deref().is_some_and(|group| held.contains(group));
            message.visible_at <= now && !held
        });
        free.map(|(index, _)| index).collect()
    }
}
