//! The messages of one queue, and the indexes by which they are found.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::message::Message;
use super::turns::{ReadyByGroup, Turns};

/// Where a message stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum State {
    Ready,
    Delayed { until: Timestamp },
    InFlight { since: Timestamp, until: Timestamp },
}

/// A message and where it stands.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) message: Message,
    pub(crate) state: State,
}

/// What came into a queue, or left it for good.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    Came(Box<Message>),
    Gone(Uuid),
}

/// How many messages stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) ready: usize,
    pub(crate) in_flight: usize,
    pub(crate) delayed: usize,
}

/// By group, the sequence from which on nothing may be received.
pub(crate) type Barriers = HashMap<String, u64>;

/// Messages by sequence. Every entry is in `by_age`, and either in `ready` and `ready_by_group` or in `waiting`.
#[derive(Debug)]
pub(crate) struct Entries {
    next_sequence: u64,
    by_sequence: BTreeMap<u64, Entry>,
    ready: BTreeSet<u64>,
    ready_by_group: ReadyByGroup,
    /// Delayed and in flight, by when that ends.
    waiting: BTreeSet<(Timestamp, u64)>,
    by_age: BTreeSet<(Timestamp, u64)>,
    /// What changed since it was last asked; `None` where nobody asks.
    changes: Option<Vec<Change>>,
}

impl Entries {
    pub(crate) fn starting_at(sequence: u64) -> Self {
        Self {
            next_sequence: sequence,
            by_sequence: BTreeMap::new(),
            ready: BTreeSet::new(),
            ready_by_group: ReadyByGroup::default(),
            waiting: BTreeSet::new(),
            by_age: BTreeSet::new(),
            changes: None,
        }
    }

    /// From now on remembers what changes, for whoever [takes](Self::take_changes) it.
    pub(crate) fn watch(&mut self) {
        self.changes.get_or_insert_default();
    }

    /// What changed since the last call of this.
    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        self.changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Ends what time has ended: retention, delay, visibility.
    pub(crate) fn advance(&mut self, retention: Duration, now: Timestamp) {
        while let Some((sent_at, sequence)) = self.by_age.first().copied()
            && sent_at + retention <= now
        {
            self.remove(sequence);
        }
        while let Some((until, sequence)) = self.waiting.first().copied()
            && until <= now
        {
            self.set_state(sequence, State::Ready);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_sequence.len()
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&Entry> {
        self.by_sequence.get(&sequence)
    }

    pub(crate) fn message_mut(&mut self, sequence: u64) -> Option<&mut Message> {
        self.by_sequence.get_mut(&sequence).map(|entry| &mut entry.message)
    }

    pub(crate) fn insert(&mut self, message: Message, state: State) -> u64 {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.by_age.insert((message.sent_at, sequence));
        if let Some(changes) = &mut self.changes {
            changes.push(Change::Came(Box::new(message.clone())));
        }
        self.by_sequence.insert(sequence, Entry { message, state });
        self.index(sequence);
        sequence
    }

    pub(crate) fn remove(&mut self, sequence: u64) -> Option<Message> {
        self.unindex(sequence);
        let entry = self.by_sequence.remove(&sequence)?;
        self.by_age.remove(&(entry.message.sent_at, sequence));
        if let Some(changes) = &mut self.changes {
            changes.push(Change::Gone(entry.message.id));
        }
        Some(entry.message)
    }

    pub(crate) fn set_state(&mut self, sequence: u64, state: State) {
        self.unindex(sequence);
        if let Some(entry) = self.by_sequence.get_mut(&sequence) {
            entry.state = state;
        }
        self.index(sequence);
    }

    /// Removes everything; sequences go on from where they are.
    pub(crate) fn clear(&mut self) {
        let changes = self.changes.take().map(|mut changes| {
            changes.extend(self.messages().map(|message| Change::Gone(message.id)));
            changes
        });
        *self = Self { changes, ..Self::starting_at(self.next_sequence) };
    }

    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.by_sequence.values().map(|entry| &entry.message)
    }

    /// The ready messages, oldest first.
    pub(crate) fn ready(&self) -> impl Iterator<Item = (u64, &Message)> {
        let found = |sequence: &u64| Some((*sequence, &self.by_sequence.get(sequence)?.message));
        self.ready.iter().filter_map(found)
    }

    /// The oldest ready message at or behind `from` that stands before its group's barrier.
    pub(crate) fn next_receivable(&self, from: u64, barriers: &Barriers) -> Option<u64> {
        let open = |sequence: &&u64| {
            let entry = self.by_sequence.get(sequence);
            let group = entry.and_then(|entry| entry.message.group.as_ref());
            group.and_then(|group| barriers.get(group)).is_none_or(|barrier| *sequence < barrier)
        };
        self.ready.range(from..).find(open).copied()
    }

    /// The barriers of a FIFO queue: a group is closed while one of its messages is in flight, and
    /// from a delayed message on.
    pub(crate) fn barriers(&self) -> Barriers {
        let mut barriers = Barriers::new();
        for (_, sequence) in &self.waiting {
            let Some(entry) = self.by_sequence.get(sequence) else { continue };
            let Some(group) = &entry.message.group else { continue };
            let barrier = match entry.state {
                State::InFlight { .. } => 0,
                State::Delayed { .. } | State::Ready => *sequence,
            };
            let lowest = barriers.entry(group.clone()).or_insert(barrier);
            *lowest = barrier.min(*lowest);
        }
        barriers
    }

    /// The turns of a standard queue, with all that is in flight counted.
    pub(crate) fn turns(&self) -> Turns {
        let mut turns = Turns::default();
        let waiting = self.waiting.iter().filter_map(|(_, sequence)| self.get(*sequence));
        for entry in waiting.filter(|entry| matches!(entry.state, State::InFlight { .. })) {
            turns.count(entry.message.group.as_deref());
        }
        turns
    }

    /// The ready message whose turn it is.
    pub(crate) fn next_turn(&self, turns: &mut Turns) -> Option<u64> {
        turns.next(&self.ready_by_group)
    }

    /// When a message becomes ready by itself.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        self.waiting.first().map(|(until, _)| *until)
    }

    /// Whether that many messages are in flight, without counting them when they cannot be.
    pub(crate) fn has_in_flight(&self, count: usize) -> bool {
        self.waiting.len() >= count && self.counts().in_flight >= count
    }

    pub(crate) fn counts(&self) -> Counts {
        let is_delayed = |(_, sequence): &&(Timestamp, u64)| {
            let entry = self.by_sequence.get(sequence);
            entry.is_some_and(|entry| matches!(entry.state, State::Delayed { .. }))
        };
        let delayed = self.waiting.iter().filter(is_delayed).count();
        Counts { ready: self.ready.len(), in_flight: self.waiting.len() - delayed, delayed }
    }

    fn index(&mut self, sequence: u64) {
        let Some(Entry { message, state }) = self.by_sequence.get(&sequence) else { return };
        match *state {
            State::Ready => {
                self.ready.insert(sequence);
                self.ready_by_group.insert(message.group.as_deref(), sequence);
            }
            State::Delayed { until } | State::InFlight { until, .. } => {
                self.waiting.insert((until, sequence));
            }
        }
    }

    fn unindex(&mut self, sequence: u64) {
        let Some(Entry { message, state }) = self.by_sequence.get(&sequence) else { return };
        match *state {
            State::Ready => {
                self.ready.remove(&sequence);
                self.ready_by_group.remove(message.group.as_deref(), sequence);
            }
            State::Delayed { until } | State::InFlight { until, .. } => {
                self.waiting.remove(&(until, sequence));
            }
        }
    }
}
