//! Queues as they really are: at least once, in no particular order, hidden for a while and never lost.
//!
//! What was received too often and never deleted they give up, into their dead-letter queues.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::id::MessageId;
use crate::port::OutboxRow;
use crate::simulation::world::State;
use crate::worker::Record;

/// How long a message that was given out is hidden: six times the time a worker has.
pub(super) const VISIBILITY: Duration = Duration::from_mins(3);
/// How long a FIFO queue knows what it has accepted.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
const KNOWN: Duration = Duration::from_mins(5);

/// How often a queue gives a message out, by choice: as often as a stack's do, or so seldom that it happens.
const MOST_RECEIVES: [u32; 4] = [100, 100, 6, 3];

/// The queues of all handlers, and the dead-letter queue of each.
#[derive(Debug, Default)]
pub(super) struct Queues {
    by_handler: BTreeMap<&'static str, SimulatedQueue>,
    dead: BTreeMap<&'static str, SimulatedQueue>,
}

/// The queue of one handler: it gives out messages at least once, and hides what it gave out for three minutes.
///
/// Public so that a test can hold it against a real one.
#[derive(Debug, Default)]
pub struct SimulatedQueue {
    in_order: bool,
    /// How often a message is given out before it is given up; `None`: for ever.
    most_receives: Option<u32>,
    /// What it gave up and nobody has moved yet.
    given_up: Vec<GivenUp>,
    messages: Vec<Waiting>,
    /// Which messages a FIFO queue accepted, and when; by each decision of a person it is another.
    known: BTreeMap<(MessageId, Option<MessageId>), Timestamp>,
    accepted: u64,
}

/// A message in a queue.
#[derive(Debug, Clone)]
struct Waiting {
    /// Which it is in this queue.
    id: u64,
    /// What its first queue called it.
    message_id: String,
    row: OutboxRow,
    visible_at: Timestamp,
    /// How often it was given out: only the last receipt of a FIFO queue's message is good for anything.
    receives: u32,
}

/// A message that its queue gave up: it belongs into the dead-letter queue.
#[derive(Debug, Clone)]
pub struct GivenUp(Waiting);

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
        let mut queues = Self::default();
        for (handler, in_order) in handlers {
            queues.by_handler.insert(handler, SimulatedQueue::new(in_order));
            queues.dead.insert(handler, SimulatedQueue::new(in_order));
        }
        queues
    }

    /// All of them give up what they have given out so often; dead-letter queues never do.
    pub(super) fn give_up_after(&mut self, receives: u32) {
        self.by_handler.values_mut().for_each(|queue| queue.most_receives = Some(receives));
    }

    pub(super) fn of(&mut self, handler: &str) -> Option<&mut SimulatedQueue> {
        self.by_handler.get_mut(handler)
    }

    /// The dead-letter queue of a handler's.
    pub(super) fn dead_of(&mut self, handler: &str) -> Option<&mut SimulatedQueue> {
        self.dead.get_mut(handler)
    }

    /// Who has something to do now.
    pub(super) fn with_messages(&self, now: Timestamp) -> impl Iterator<Item = &'static str> {
        ready(&self.by_handler, now)
    }

    /// Whose dead letters there are to be collected now.
    pub(super) fn with_dead(&self, now: Timestamp) -> impl Iterator<Item = &'static str> {
        ready(&self.dead, now)
    }

    /// When the next hidden message shows.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let messages = self.all().flat_map(|queue| &queue.messages);
        messages.map(|message| message.visible_at).filter(|at| *at > now).min()
    }

    /// What is left, as `handler#message-id`.
    pub(super) fn left(&self) -> Vec<String> {
        let messages = self.all().flat_map(|queue| &queue.messages);
        messages.map(|left| format!("{}#{}", left.row.to, left.row.message_id)).collect()
    }

    fn all(&self) -> impl Iterator<Item = &SimulatedQueue> {
        self.by_handler.values().chain(self.dead.values())
    }
}

fn ready(
    queues: &BTreeMap<&'static str, SimulatedQueue>,
    now: Timestamp,
) -> impl Iterator<Item = &'static str> {
    let waiting = queues.iter().filter(move |(_, queue)| queue.is_ready(now));
    waiting.map(|(handler, _)| *handler)
}

impl Waiting {
    fn received(&self, in_order: bool) -> Received {
        let Self { id, message_id, row, receives, .. } = self.clone();
        let group = row.group.clone().filter(|_| in_order);
        let record = Record { message_id, body: row.body.clone(), group, receives, refused: None };
        Received { record, row, receives, id }
    }
}

impl GivenUp {
    pub(super) fn body(&self) -> &str {
        &self.0.row.body
    }
}

impl State {
    /// How soon the queues of a run give up.
    pub(super) fn choose_patience(&mut self) {
        let receives = MOST_RECEIVES[self.choices.any_of(MOST_RECEIVES.len())];
        self.queues.give_up_after(receives);
        self.note(|| format!("queues give up what was received {receives} times"));
    }
}

impl SimulatedQueue {
    /// An empty queue; `in_order`: a FIFO queue.
    pub fn new(in_order: bool) -> Self {
        Self { in_order, ..Self::default() }
    }

    /// The same that gives up what it has given out so often, when that is asked for once more.
    #[must_use]
    pub fn giving_up_after(self, receives: u32) -> Self {
        Self { most_receives: Some(receives), ..self }
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
            self.put(row, visible_at);
        }
    }

    /// Takes a message, whatever it has accepted before, and answers its own id of it.
    pub(super) fn put(&mut self, row: &OutboxRow, visible_at: Timestamp) -> String {
        self.accepted += 1;
        let id = self.accepted;
        let (message_id, row) = (format!("{}-{id}", row.to), row.clone());
        let called = message_id.clone();
        self.messages.push(Waiting { id, message_id, row, visible_at, receives: 0 });
        called
    }

    pub(super) fn is_in_order(&self) -> bool {
        self.in_order
    }

    /// Whether a message could be given out: asked at every step, and so without looking at groups where there is none.
    fn is_ready(&self, now: Timestamp) -> bool {
        let shows = self.messages.iter().any(|message| message.visible_at <= now);
        shows && (!self.in_order || self.ready(now) > 0)
    }

    /// How many messages could be given out.
    pub(super) fn ready(&self, now: Timestamp) -> usize {
        self.free(now).len()
    }

    /// Takes what another queue gave up, under the id that it had there.
    pub fn accept_given_up(&mut self, GivenUp(message): &GivenUp, copies: u32, now: Timestamp) {
        for _ in 0..if self.in_order { 1 } else { copies } {
            self.accepted += 1;
            let id = self.accepted;
            self.messages.push(Waiting { id, visible_at: now, receives: 0, ..message.clone() });
        }
    }

    /// What it gave up since this was asked last.
    pub fn take_given_up(&mut self) -> Vec<GivenUp> {
        std::mem::take(&mut self.given_up)
    }

    /// Gives out messages, from the `skip`-th that it could, and hides them. What it comes by that was given out too often
    /// already, it gives up.
    pub fn receive(&mut self, now: Timestamp, skip: usize, most: usize) -> Vec<Received> {
        let mut received = Vec::new();
        let mut given_up = Vec::new();
        for index in self.free(now).into_iter().skip(skip) {
            if received.len() == most {
                break;
            }
            let message = &mut self.messages[index];
            if self.most_receives.is_some_and(|most| message.receives >= most) {
                given_up.push(index);
                continue;
            }
            message.visible_at = later(now, VISIBILITY);
            message.receives += 1;
            received.push(message.received(self.in_order));
        }
        // From behind: what is taken out moves whatever lies behind it.
        let given_up = given_up.into_iter().rev().map(|index| GivenUp(self.messages.remove(index)));
        self.given_up.extend(given_up.collect::<Vec<_>>().into_iter().rev());
        received
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
