//! Evidence: what was asked of the ports and what they did, apart from what the stores now hold.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::envelope::RawEnvelope;
use crate::id::MessageId;
use crate::port::{Destination, LetterStatus, OutboxRow, RunKey};
use crate::simulation::Violation;
use crate::stored::Key;
use crate::transaction::{End, ItemWrite, Transaction};
use crate::worker::{ITS_OWN, Record};

/// What happened in a run, in its order.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Every transaction that took effect, as the kit asked for it.
    pub(super) applied: Vec<Transaction>,
    tokens: BTreeSet<Uuid>,
    /// Messages that a queue or the topic accepted, by that and id.
    pub(super) accepted: BTreeSet<(Destination, MessageId)>,
    /// Messages that were given to a worker, by handler and the id in the body, and how often the same copy was.
    pub(super) delivered: BTreeMap<(String, MessageId), u32>,
    /// What strangers put on queues, and nobody can read.
    pub(super) strangers: Vec<Stranger>,
    /// What was replayed, by handler and body.
    pub(super) replayed: Vec<(&'static str, String)>,
    /// What queues gave up, by handler and body.
    pub(super) given_up: Vec<(String, String)>,
    /// Rows of read models that were removed.
    pub(super) removed: BTreeSet<Key>,
    /// Leases that were granted, and how many transactions had taken effect before each.
    begun: Vec<(RunKey, usize)>,
    /// Calls of services outside.
    pub(super) calls: Vec<OutsideCall>,
    /// What was wrong as soon as it was done.
    pub(super) violations: Vec<Violation>,
}

/// A call of a service outside that was done, whether or not its answer arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OutsideCall {
    pub(super) service: &'static str,
    pub(super) about: MessageId,
    /// `None`: the service does it each time it is called.
    pub(super) key: Option<String>,
}

/// A body on a queue that none of ours has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stranger {
    pub(super) queue: String,
    /// The queue's id of it: it has no other.
    pub(super) message_id: String,
    pub(super) body: String,
}

impl Evidence {
    /// A transaction took effect, unless it had before. `broken` is what it broke by that.
    pub(super) fn commit(&mut self, tx: &Transaction, broken: Vec<Violation>) -> bool {
        let first = self.tokens.insert(tx.token.uuid());
        if first {
            self.applied.push(tx.clone());
            self.violations.extend(broken);
        }
        first
    }

    /// Somebody was granted the lease of a run.
    pub(super) fn begin(&mut self, key: &RunKey) {
        self.begun.push((key.clone(), self.applied.len()));
    }

    /// Runs that were given up, and that somebody was at again before it was decided to send their messages once more.
    pub(super) fn tried_again(&self) -> Vec<String> {
        let given_up = self.applied.iter().enumerate().filter_map(|(index, tx)| {
            let letter = tx.parked()?;
            let is_sent_again = |later: &Transaction| {
                let mut decided = later.letters.iter();
                decided
                    .any(|change| change.id == letter.id && change.status == LetterStatus::Redriven)
            };
            let later = self.applied.iter().enumerate().skip(index + 1);
            let until = later.clone().find(|(_, later)| is_sent_again(later));
            Some((letter, index + 1, until.map_or(usize::MAX, |(until, _)| until)))
        });
        let broken = given_up.filter_map(|(letter, from, until)| {
            let meanwhile = |(key, at): &(RunKey, usize)| {
                key.as_str() == letter.id && (from..=until).contains(at)
            };
            let done = self.applied.iter().enumerate().skip(from);
            let done = done.map(|(at, tx)| (tx.completion.run.key.clone(), at));
            let again =
                self.begun.iter().any(meanwhile) || done.into_iter().any(|one| meanwhile(&one));
            again.then(|| format!("{} was given up and then begun again", letter.id))
        });
        broken.collect()
    }

    /// Every transaction by which something was done, and not given up.
    pub(super) fn done(&self) -> impl Iterator<Item = &Transaction> {
        self.applied.iter().filter(|tx| tx.parked().is_none())
    }

    /// Whether a transaction took effect already.
    pub(super) fn knows(&self, tx: &Transaction) -> bool {
        self.tokens.contains(&tx.token.uuid())
    }

    /// A message was given out once more, which was sent under this id.
    pub(super) fn deliver(&mut self, handler: &str, record: &Record, sent: MessageId) {
        if self.strangers.iter().any(|stranger| stranger.message_id == record.message_id) {
            return;
        }
        let message = RawEnvelope::parse(&record.body).map_or(sent, |body| body.id);
        let most = self.delivered.entry((handler.to_owned(), message)).or_default();
        *most = record.receives.max(*most);
    }

    /// Whether the message of a run has come so often that its failures are its own, whoever is down.
    pub(super) fn has_waited(&self, key: &RunKey) -> bool {
        let waited = self.delivered.iter().filter(|(_, receives)| **receives >= ITS_OWN);
        let mut keys = waited.map(|((handler, message), _)| RunKey::of_handler(handler, *message));
        keys.any(|waited| waited == *key)
    }

    pub(super) fn accept(&mut self, row: &OutboxRow) {
        self.accepted.insert((row.to.clone(), row.message_id));
    }
}

/// A transaction in one line: `place-order: orders/1, events order.placed; to charge-card`.
pub(super) fn told(tx: &Transaction) -> String {
    let written = tx.items.iter().filter_map(|write| match write {
        ItemWrite::Check { .. } => None,
        ItemWrite::Save { key, guard, .. } => Some(format!("{key} v{}", guard.next_version())),
        ItemWrite::PutView { key, .. } => Some(key.to_string()),
    });
    let mut parts: Vec<String> = written.collect();
    let events = tx.events.iter();
    parts.extend(events.map(|event| format!("{} v{}", event.envelope.r#type, event.version())));
    parts.extend(tx.outbox.iter().map(|row| format!("{} to {}", row.r#type, row.to)));
    match &tx.completion.end {
        End::Done { skipped, .. } => {
            parts.extend(skipped.as_ref().map(|reason| format!("skipped: {reason}")));
        }
        End::GivenUp(letter) => parts.push(format!("given up: {}", letter.reason())),
    }
    let key = &tx.completion.run.key;
    if parts.is_empty() { key.to_string() } else { format!("{key}: {}", parts.join(", ")) }
}
