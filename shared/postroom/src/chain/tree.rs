//! The parts of a chain, put together by what they hang on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::chain::node::{Letter, Node, NodeKind};
use crate::clock::between;
use crate::id::MessageId;
use crate::port::{InRequest, InboxRecord, JournalRecord, LetterHead, RunKey, RunStatus};

/// How deep the tree can be: hops are bounded, and each is an event and its handler.
const MAX_DEPTH: usize = 64;

/// A handler and the message it takes; where a replay has a run of its own, the id that its effects name as their cause.
type Taken<'a> = (MessageId, &'a str);

pub(super) struct Tree<'a> {
    /// Events by cause and emitter.
    emitted: BTreeMap<Taken<'a>, Vec<&'a JournalRecord>>,
    /// Runs of queued handlers.
    runs: BTreeMap<Taken<'a>, &'a InboxRecord>,
    /// Those of them that are a replay's own, by their message.
    replayed: BTreeMap<MessageId, Vec<&'a InboxRecord>>,
    /// Dead letters of those runs.
    letters: BTreeMap<Taken<'a>, &'a LetterHead>,
    /// Every event.
    events: BTreeSet<MessageId>,
    /// The messages that were sent in the place of others.
    instead: BTreeSet<MessageId>,
    /// Whether there are more runs: of a handler without one nobody knows then whether it waits.
    runs_unread: bool,
}

impl<'a> Tree<'a> {
    pub(super) fn of(
        events: &'a [JournalRecord],
        runs: &'a [InboxRecord],
        letters: &'a [LetterHead],
    ) -> Self {
        let mut emitted: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for event in events {
            let cause = (event.envelope.causation_id, event.by.as_str());
            emitted.entry(cause).or_default().push(event);
        }
        let taken = |letter: &'a LetterHead| {
            let scope = RunKey::from_stored(letter.id.clone()).scope();
            Some(((letter.message_id?.in_scope(scope), letter.handler.as_deref()?), letter))
        };
        let mut replayed: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for run in runs.iter().filter(|run| run.run.key.scope().is_some()) {
            replayed.entry(run.run.message_id).or_default().push(run);
        }
        Self {
            emitted,
            runs: runs.iter().map(|run| (taken_by(run), run)).collect(),
            replayed,
            letters: letters.iter().filter_map(taken).collect(),
            events: events.iter().map(|event| event.envelope.id).collect(),
            instead: letters.iter().filter_map(|letter| letter.edited_as).collect(),
            runs_unread: false,
        }
    }

    pub(super) fn with_runs_unread(self) -> Self {
        Self { runs_unread: true, ..self }
    }

    /// Commands by time; then jobs that tasks ordered, and events of unknown cause.
    pub(super) fn roots(&self, events: &[JournalRecord], runs: &[InboxRecord]) -> Vec<Node> {
        let commands = runs.iter().filter_map(|run| self.command(run));
        let mut roots: Vec<Node> = commands.collect();
        roots.extend(runs.iter().filter_map(|run| self.task(run)));
        let lost = events.iter().filter(|event| !self.knows(event.envelope.causation_id));
        roots.extend(lost.map(|event| self.event(event, 0)));
        roots
    }

    fn command(&self, run: &InboxRecord) -> Option<Node> {
        let kind = if run.run.key.is_refusal() {
            NodeKind::Refused { reason: run.reason.clone().unwrap_or_default() }
        } else if run.run.key.is_command() {
            let (ran, actions) =
                (finished_after(run).unwrap_or_default(), run.actions.unwrap_or(0));
            NodeKind::Command { ran, actions }
        } else {
            return None;
        };
        let children = self.emitted(run.run.message_id, &run.run.handler, 0);
        Some(Node { name: run.run.handler.clone(), kind, children })
    }

    /// A run whose message is in no journal and stands for no other: a task.
    fn task(&self, run: &InboxRecord) -> Option<Node> {
        let (key, message) = (&run.run.key, run.run.message_id);
        let is_root = !key.is_command()
            && !key.is_refusal()
            && !self.events.contains(&message)
            && !self.instead.contains(&message);
        is_root.then(|| self.queued(taken_by(run), run.run.started_at, 0))
    }

    fn emitted(&self, cause: MessageId, by: &str, depth: usize) -> Vec<Node> {
        if depth >= MAX_DEPTH {
            return Vec::new();
        }
        let events = self.emitted.get(&(cause, by)).into_iter().flatten();
        events.map(|event| self.event(event, depth)).collect()
    }

    fn event(&self, event: &JournalRecord, depth: usize) -> Node {
        let (id, sent_at) = (event.envelope.id, event.envelope.time);
        let in_request = event.in_request.iter().map(|reaction| {
            let InRequest { handler, writes, skipped } = reaction;
            Node {
                name: handler.clone(),
                kind: NodeKind::InRequest { writes: *writes, skipped: skipped.clone() },
                children: self.emitted(id, handler, depth + 1),
            }
        });
        let queued = event.queued.iter().map(|handler| self.queued((id, handler), sent_at, depth));
        // Nobody knows when it was sent.
        let replayed = self.replayed.get(&id).into_iter().flatten();
        let replayed = replayed.map(|run| self.queued(taken_by(run), run.run.started_at, depth));
        Node {
            name: event.envelope.r#type.clone(),
            kind: NodeKind::Event {
                id,
                stream: event.envelope.subject.clone(),
                version: event.envelope.stream_version.unwrap_or(0),
            },
            children: in_request.chain(queued).chain(replayed).collect(),
        }
    }

    /// A queued handler of a message, what it emitted, and the message that was sent in the place of its own.
    fn queued(&self, taken: Taken<'_>, sent_at: Timestamp, depth: usize) -> Node {
        let (run, handler) = (self.runs.get(&taken), taken.1);
        let scope = run.and_then(|run| run.run.key.scope());
        let letter = self.letters.get(&taken);
        let mut children = self.emitted(taken.0, handler, depth + 1);
        let instead = letter.and_then(|letter| letter.edited_as).filter(|_| depth < MAX_DEPTH);
        if let Some(instead) = instead {
            let sent_at = letter.map_or(sent_at, |letter| letter.last_failed_at);
            children.push(self.queued((instead.in_scope(scope), handler), sent_at, depth + 1));
        }
        let letter = letter.map(|letter| Letter {
            id: letter.id.clone(),
            status: letter.status,
            redrives: letter.redrives,
        });
        let kind = match run {
            Some(run) => ran(sent_at, run, letter),
            None if self.runs_unread => NodeKind::Unread { letter },
            None => NodeKind::Waiting { letter },
        };
        Node { name: handler.to_owned(), kind, children }
    }

    /// Whether it is a command, an event or a task of this chain.
    fn knows(&self, message: MessageId) -> bool {
        let first = (message, "");
        let taken = self.runs.range(first..).next().is_some_and(|((id, _), _)| *id == message);
        taken || self.events.contains(&message)
    }
}

fn ran(sent_at: Timestamp, run: &InboxRecord, letter: Option<Letter>) -> NodeKind {
    let attempt = match run.status {
        RunStatus::Running | RunStatus::Done => run.attempts + 1,
        RunStatus::Waiting => run.attempts,
        RunStatus::Parked => run.attempts.max(1),
    };
    NodeKind::Queued {
        status: run.status,
        attempt,
        waited: between(sent_at, run.run.started_at),
        ran: finished_after(run),
        reason: run.skipped.clone().or_else(|| run.reason.clone()),
        letter,
        replay_id: run.run.key.scope(),
    }
}

/// Who has taken what, by one of its runs.
fn taken_by(run: &InboxRecord) -> Taken<'_> {
    (run.run.message_id.in_scope(run.run.key.scope()), &run.run.handler)
}

fn finished_after(run: &InboxRecord) -> Option<Duration> {
    match run.status {
        RunStatus::Running => None,
        RunStatus::Waiting | RunStatus::Done | RunStatus::Parked => {
            run.finished_at.map(|finished_at| between(run.run.started_at, finished_at))
        }
    }
}
