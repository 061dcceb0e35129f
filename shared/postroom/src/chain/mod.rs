//! The chain: from one correlation id the tree of everything that happened, and of what is still to happen.

mod render;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::clock::{between, milliseconds};
use crate::id::{CorrelationId, MessageId, TenantId};
use crate::port::{InRequest, Inbox, InboxRecord, Journal, JournalRecord, RunStatus, StoreError};

/// How many pages of events, and of runs, are read at most.
const MAX_PAGES: usize = 50;
/// How deep the tree can be: hops are bounded, and each is an event and its handler.
const MAX_DEPTH: usize = 64;

/// Everything with one correlation id, as a tree of causes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// The commands that started it and the jobs that tasks ordered, by time; then whatever names no known cause.
    pub roots: Vec<Node>,
    /// Whether it is longer than what was read.
    pub truncated: bool,
}

/// One row of the tree.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ChainNode"))]
pub struct Node {
    /// The command's or handler's name, or the event's type.
    pub name: String,
    /// What it is, and what became of it.
    #[serde(flatten)]
    pub kind: NodeKind,
    /// What it caused.
    pub children: Vec<Node>,
}

/// What a row of the tree is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NodeKind {
    /// A command that took effect.
    Command {
        #[serde(rename = "ran_ms", serialize_with = "in_milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "u64"))]
        ran: Duration,
        actions: u32,
    },
    /// An event, journaled.
    Event {
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        id: MessageId,
        stream: String,
        version: u64,
    },
    /// A listener that ran in the request.
    InRequest { writes: u32, skipped: Option<String> },
    /// A handler that has taken its message from the queue.
    Queued {
        status: RunStatus,
        /// The attempt that is running or ran last, from 1.
        attempt: u32,
        /// From the event to the start of that attempt.
        #[serde(rename = "waited_ms", serialize_with = "in_milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "u64"))]
        waited: Duration,
        /// That attempt's time; `None` while it runs.
        #[serde(rename = "ran_ms", serialize_with = "perhaps_in_milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<u64>"))]
        ran: Option<Duration>,
        /// Why it did nothing, or failed.
        reason: Option<String>,
    },
    /// A handler whose message is in the outbox or its queue.
    Waiting,
}

impl Chain {
    /// Reads a chain of a tenant. It may lag behind the last commits, and grow while it is read.
    ///
    /// # Errors
    /// The store's, retryable as it says.
    pub async fn read(
        journal: &dyn Journal,
        inbox: &dyn Inbox,
        tenant: &TenantId,
        correlation_id: &CorrelationId,
    ) -> Result<Self, StoreError> {
        let (mut events, mut runs) = (Vec::new(), Vec::new());
        let mut after = None;
        for _ in 0..MAX_PAGES {
            let page = journal.chain(tenant, correlation_id, after.as_deref()).await?;
            events.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut truncated = after.is_some();
        after = None;
        for _ in 0..MAX_PAGES {
            let page = inbox.chain(tenant, correlation_id, after.as_deref()).await?;
            runs.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        truncated |= after.is_some();
        Ok(Self { truncated, ..Self::of(&events, &runs) })
    }

    /// The tree of these events and runs.
    pub fn of(events: &[JournalRecord], runs: &[InboxRecord]) -> Self {
        let tree = Tree::of(events, runs);
        let mut roots: Vec<Node> = runs
            .iter()
            .filter(|run| run.run.key.is_command())
            .map(|command| Node {
                name: command.run.handler.clone(),
                kind: NodeKind::Command {
                    ran: finished_after(command).unwrap_or_default(),
                    actions: command.actions.unwrap_or(0),
                },
                children: tree.emitted(command.run.message_id, &command.run.handler, 0),
            })
            .collect();
        roots.extend(tree.unrooted(runs));
        roots.extend(tree.orphans());
        Self { roots, truncated: false }
    }
}

/// The parts of a chain, by what they hang on.
struct Tree<'a> {
    /// Events by cause and emitter.
    emitted: BTreeMap<(MessageId, &'a str), Vec<&'a JournalRecord>>,
    /// Runs of queued handlers by message and handler.
    runs: BTreeMap<(MessageId, &'a str), &'a InboxRecord>,
    events: &'a [JournalRecord],
}

impl<'a> Tree<'a> {
    fn of(events: &'a [JournalRecord], runs: &'a [InboxRecord]) -> Self {
        let mut emitted: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for event in events {
            let cause = (event.envelope.causation_id, event.by.as_str());
            emitted.entry(cause).or_default().push(event);
        }
        let runs =
            runs.iter().map(|run| ((run.run.message_id, run.run.handler.as_str()), run)).collect();
        Self { emitted, runs, events }
    }

    fn emitted(&self, cause: MessageId, by: &str, depth: usize) -> Vec<Node> {
        if depth >= MAX_DEPTH {
            return Vec::new();
        }
        let events = self.emitted.get(&(cause, by)).into_iter().flatten();
        events.map(|event| self.event(event, depth)).collect()
    }

    fn event(&self, event: &JournalRecord, depth: usize) -> Node {
        let id = event.envelope.id;
        let in_request = event.in_request.iter().map(|reaction| {
            let InRequest { handler, writes, skipped } = reaction;
            Node {
                name: handler.clone(),
                kind: NodeKind::InRequest { writes: *writes, skipped: skipped.clone() },
                children: self.emitted(id, handler, depth + 1),
            }
        });
        let queued = event.queued.iter().map(|handler| Node {
            name: handler.clone(),
            kind: match self.runs.get(&(id, handler.as_str())) {
                Some(run) => queued(event.envelope.time, run),
                None => NodeKind::Waiting,
            },
            children: self.emitted(id, handler, depth + 1),
        });
        Node {
            name: event.envelope.r#type.clone(),
            kind: NodeKind::Event {
                id,
                stream: event.envelope.subject.clone(),
                version: event.envelope.stream_version.unwrap_or(0),
            },
            children: in_request.chain(queued).collect(),
        }
    }

    /// Runs of handlers whose message is in no journal: tasks are not.
    fn unrooted(&self, runs: &[InboxRecord]) -> Vec<Node> {
        let journaled = |id| self.events.iter().any(|event| event.envelope.id == id);
        let tasks =
            runs.iter().filter(|run| !run.run.key.is_command() && !journaled(run.run.message_id));
        let node = |run: &InboxRecord| Node {
            name: run.run.handler.clone(),
            kind: queued(run.run.started_at, run),
            children: self.emitted(run.run.message_id, &run.run.handler, 0),
        };
        tasks.map(node).collect()
    }

    /// Events whose cause is no command, event or task of this chain.
    fn orphans(&self) -> Vec<Node> {
        let known = |id| {
            self.events.iter().any(|event| event.envelope.id == id)
                || self.runs.keys().any(|(message, _)| *message == id)
        };
        let lost = self.events.iter().filter(|event| !known(event.envelope.causation_id));
        lost.map(|event| self.event(event, 0)).collect()
    }
}

fn queued(sent_at: Timestamp, run: &InboxRecord) -> NodeKind {
    let attempt = match run.status {
        RunStatus::Running | RunStatus::Done => run.attempts + 1,
        RunStatus::Waiting | RunStatus::Parked => run.attempts.max(1),
    };
    NodeKind::Queued {
        status: run.status,
        attempt,
        waited: between(sent_at, run.run.started_at),
        ran: finished_after(run),
        reason: run.skipped.clone().or_else(|| run.reason.clone()),
    }
}

fn finished_after(run: &InboxRecord) -> Option<Duration> {
    match run.status {
        RunStatus::Running => None,
        RunStatus::Waiting | RunStatus::Done | RunStatus::Parked => {
            run.finished_at.map(|finished_at| between(run.run.started_at, finished_at))
        }
    }
}

fn in_milliseconds<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(milliseconds(*duration))
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn perhaps_in_milliseconds<S: Serializer>(
    duration: &Option<Duration>,
    to: S,
) -> Result<S::Ok, S::Error> {
    duration.map(milliseconds).serialize(to)
}
