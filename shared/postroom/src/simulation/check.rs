//! Holding the end of a run against the laws: what was asked for, what is found, and what was called.

use std::collections::{BTreeMap, BTreeSet};

use crate::envelope::RawEnvelope;
use crate::id::{ClientToken, CorrelationId, MessageId, TenantId};
use crate::memory::MemoryStore;
use crate::message::Message;
use crate::port::{Item, JournalRecord, LetterStatus, RunKey, RunStatus};
use crate::simulation::business::End;
use crate::simulation::callers::{Caller, Outcome};
use crate::simulation::evidence::Evidence;
use crate::simulation::figures::Figures;
use crate::simulation::given_up::reacted;
use crate::simulation::run::{Run, Workers};
use crate::simulation::tenants::own_tenant;
use crate::simulation::{Law, Violation};
use crate::stored::{Key, join, split};
use crate::task_failed::TaskFailed;
use crate::transaction::{Fate, ItemWrite, Transaction};

/// How many causes lie between an event and its command at most: hops are bounded.
const MAX_CAUSES: usize = 64;

/// Everything that is wrong at the end.
pub(super) fn all(run: &Run<'_>) -> Vec<Violation> {
    let memory = &run.ports.memory;
    let found = Found::of(memory);
    let tenants: BTreeSet<TenantId> =
        run.callers.iter().map(|caller| caller.tenant.clone()).collect();
    let mut broken = Vec::new();
    {
        let state = run.world.lock();
        let evidence = &state.evidence;
        let mut hold = |law, found: Vec<String>| {
            broken.extend(found.into_iter().map(|found| Violation { law, found }));
        };
        hold(Law::AllOrNothing, all_or_nothing(evidence, memory, &found));
        hold(Law::ExactlyOnce, exactly_once(evidence, memory, &run.workers));
        hold(Law::NothingInvented, nothing_invented(evidence));
        hold(Law::OneKey, one_key(evidence));
        hold(Law::NotRepeated, not_repeated(evidence));
        hold(Law::Spared, state.gates.spared());
        hold(Law::Untried, state.gates.untried(|key| evidence.has_waited(key)));
        hold(Law::Paced, state.gates.paced());
        // Without a row for it nobody is told.
        if run.business.reactions().has_row::<TaskFailed>() {
            hold(Law::Reacted, reacted(evidence, found.events.values()));
        }
        hold(Law::OwnTenant, own_tenant(&tenants, evidence, memory, &run.callers));
        hold(Law::Gapless, gapless(&found));
        hold(Law::NothingOfRefused, nothing_of_refused(evidence, &run.callers));
        hold(Law::Rooted, rooted(evidence, &found));
    }
    for tenant in tenants {
        let end = End { memory: memory.clone(), tenant };
        let invariants = run.business.invariants(&end);
        broken.extend(invariants.err().map(|found| Violation { law: Law::Invariant, found }));
    }
    broken
}

/// Counts what a run came to.
pub(super) fn count(
    memory: &MemoryStore,
    evidence: &Evidence,
    callers: &[Caller],
    figures: &mut Figures,
) {
    let with = |outcome| callers.iter().filter(|caller| caller.is(outcome)).count() as u64;
    figures.seeds = 1;
    figures.done = with(Outcome::Done);
    figures.refused = with(Outcome::Refused);
    figures.given_up = with(Outcome::GaveUp);
    let reactions = evidence.done().filter(|tx| !tx.completion.run.key.is_command());
    figures.reactions = reactions.count() as u64;
    let mut letters = memory.dead_letters();
    figures.redrives = letters.iter().map(|letter| u64::from(letter.redrives)).sum();
    letters.retain(|letter| letter.status == LetterStatus::Open);
    figures.dead_letters = letters.len() as u64;
    let done = letters.iter().filter(|letter| {
        let record = memory.record(&RunKey::from_stored(letter.id.clone()));
        record.is_some_and(|record| record.status == RunStatus::Done)
    });
    figures.letters_of_done = done.count() as u64;
    figures.calls = evidence.calls.len() as u64;
    let keys: BTreeSet<_> = evidence.calls.iter().filter_map(|call| call.key.as_ref()).collect();
    let keyed = evidence.calls.iter().filter(|call| call.key.is_some()).count();
    figures.repeated_calls = (keyed - keys.len()) as u64;
}

/// What the stores hold.
struct Found {
    events: BTreeMap<(String, u64), JournalRecord>,
    versions: BTreeMap<Key, u64>,
    heads: BTreeMap<String, u64>,
}

impl Found {
    fn of(memory: &MemoryStore) -> Self {
        let events = memory.journal_records().into_iter();
        let events = events.map(|event| ((event.stream_key(), event.version()), event)).collect();
        let items = memory.items();
        let versions = items.iter().map(|item| (item.key.clone(), item.version)).collect();
        Self { events, versions, heads: heads(&items) }
    }

    /// The streams that have events of a type.
    fn of_type(&self, r#type: &str) -> impl Iterator<Item = &str> {
        let events = self.events.iter();
        let of_type = events.filter(move |(_, event)| event.envelope.r#type == r#type);
        of_type.map(|((stream, _), _)| stream.as_str())
    }
}

fn all_or_nothing(evidence: &Evidence, memory: &MemoryStore, found: &Found) -> Vec<String> {
    let mut broken = Vec::new();
    let waiting: BTreeSet<_> =
        memory.outbox_rows().into_iter().map(|row| (row.handler, row.message_id)).collect();
    let mut writes: BTreeMap<&Key, u64> = BTreeMap::new();
    let mut events = 0;
    let letters: BTreeSet<String> =
        memory.dead_letters().into_iter().map(|letter| letter.id).collect();
    for tx in &evidence.applied {
        let key = &tx.completion.run.key;
        let mut missing = Vec::new();
        for write in &tx.items {
            if let ItemWrite::Save { key, .. } | ItemWrite::PutView { key, .. } = write {
                *writes.entry(key).or_default() += 1;
            }
        }
        for event in &tx.events {
            events += 1;
            if found.events.get(&(event.stream_key(), event.version())) != Some(event) {
                missing.push(format!("the event {}", event.envelope.r#type));
            }
        }
        for row in &tx.outbox {
            let sent = (row.handler.clone(), row.message_id);
            if !waiting.contains(&sent) && !evidence.accepted.contains(&sent) {
                missing.push(format!("the message to {}", row.handler));
            }
        }
        if tx.parked().is_some_and(|letter| !letters.contains(&letter.id)) {
            missing.push("the dead letter".to_owned());
        }
        let missing = missing.into_iter();
        broken.extend(missing.map(|missing| format!("{key} was committed without {missing}")));
    }
    for (key, token) in tokens(evidence) {
        if memory.record(key).is_none_or(|record| record.token != token) {
            broken.push(format!("{key} was committed without the record"));
        }
    }
    let mut redrives: BTreeMap<&str, u32> = BTreeMap::new();
    for change in evidence.applied.iter().flat_map(|tx| &tx.letters) {
        *redrives.entry(&change.id).or_default() +=
            u32::from(change.status == LetterStatus::Redriven);
    }
    for letter in memory.dead_letters() {
        let decided = redrives.get(letter.id.as_str()).copied().unwrap_or(0);
        if letter.redrives != decided {
            broken.push(format!(
                "{} was redriven {decided} times, says {}",
                letter.id, letter.redrives
            ));
        }
    }
    for (key, version) in &found.versions {
        let written = writes.get(key).copied().unwrap_or(0);
        if *version != written {
            broken.push(format!("{key} has version {version} after {written} writes"));
        }
    }
    if found.events.len() > events {
        broken.push(format!("{} events were found, {events} committed", found.events.len()));
    }
    broken
}

/// By run, the token that its record has to have: that of the transaction which ended it, unless it was pardoned since.
fn tokens(evidence: &Evidence) -> BTreeMap<&RunKey, Option<ClientToken>> {
    let mut tokens = BTreeMap::new();
    for tx in &evidence.applied {
        tokens.insert(&tx.completion.run.key, Some(tx.token));
        let pardoned = tx.runs.iter().filter(|change| change.fate == Fate::Pardoned);
        tokens.extend(pardoned.map(|change| (&change.run.key, None)));
    }
    tokens
}

fn exactly_once(evidence: &Evidence, memory: &MemoryStore, workers: &Workers) -> Vec<String> {
    let mut took_effect: BTreeMap<&RunKey, u32> = BTreeMap::new();
    for tx in evidence.done() {
        *took_effect.entry(&tx.completion.run.key).or_default() += 1;
    }
    let letters = memory.dead_letters();
    // What was sent once more has to take effect, or to be an open letter again.
    let open = letters.iter().filter(|letter| letter.status == LetterStatus::Open);
    let ids: BTreeSet<&str> = open.map(|letter| letter.id.as_str()).collect();
    let mut broken = BTreeSet::new();
    for row in evidence.applied.iter().flat_map(|tx| &tx.outbox) {
        let worker = workers.get(row.handler.as_str());
        let Some(key) = worker.and_then(|worker| worker.key_of(&row.body)) else {
            if !letters.iter().any(|letter| letter.body == row.body) {
                broken.insert(format!("{}#{} was not even read", row.handler, row.message_id));
            }
            continue;
        };
        match took_effect.get(&key) {
            Some(1) => {}
            Some(times) => {
                broken.insert(format!("{key} took effect {times} times"));
            }
            None if ids.contains(key.as_str()) => {}
            None => {
                broken.insert(format!("{key} never took effect and is no dead letter"));
            }
        }
    }
    broken.into_iter().collect()
}

/// Each queued reaction to what was committed.
fn reactions(evidence: &Evidence) -> BTreeSet<(&str, MessageId)> {
    let rows = evidence.applied.iter().flat_map(|tx| &tx.outbox);
    rows.map(|row| (row.handler.as_str(), row.message_id)).collect()
}

fn nothing_invented(evidence: &Evidence) -> Vec<String> {
    let committed = reactions(evidence);
    let delivered = evidence.delivered.iter();
    let delivered = delivered.map(|(message, _)| message);
    let invented =
        delivered.filter(|(handler, message)| !committed.contains(&(handler.as_str(), *message)));
    let invented = invented
        .map(|(handler, message)| format!("{handler}#{message} was delivered and never committed"));
    invented.collect()
}

fn one_key(evidence: &Evidence) -> Vec<String> {
    let mut keys: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for call in &evidence.calls {
        let of_message = keys.entry((call.service, call.about)).or_default();
        of_message.extend(call.key.as_deref());
    }
    let several = keys.into_iter().filter(|(_, keys)| keys.len() > 1);
    several
        .map(|((service, about), keys)| {
            let keys: Vec<&str> = keys.into_iter().collect();
            format!("{service} was called about {about} under {}", keys.join(" and "))
        })
        .collect()
}

fn not_repeated(evidence: &Evidence) -> Vec<String> {
    let mut times: BTreeMap<_, u32> = BTreeMap::new();
    for call in evidence.calls.iter().filter(|call| call.key.is_none()) {
        *times.entry((call.service, call.about)).or_default() += 1;
    }
    let repeated = times.into_iter().filter(|(_, times)| *times > 1);
    repeated
        .map(|((service, about), times)| format!("{service} did it {times} times about {about}"))
        .collect()
}

fn gapless(found: &Found) -> Vec<String> {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    let mut broken = Vec::new();
    // The streams of dead letters have one event each and no item.
    let of_letters: BTreeSet<&str> = found.of_type(TaskFailed::TYPE).collect();
    for (stream, version) in found.events.keys() {
        let before = last.insert(stream, *version).unwrap_or(0);
        if *version != before + 1 {
            broken.push(format!("{stream} has version {version} after {before}"));
        }
    }
    for (stream, last) in last {
        let is_letters = of_letters.contains(stream);
        let head = if is_letters { Some(1) } else { found.heads.get(stream).copied() };
        let head = head.unwrap_or(0);
        if head != last {
            broken.push(format!("the item of {stream} says {head} where the last is {last}"));
        }
    }
    broken
}

/// By stream, the version of the last event as its item says it.
fn heads(items: &[Item]) -> BTreeMap<String, u64> {
    items.iter().map(|item| (stream_key(&item.key), item.head)).collect()
}

/// The key of the stream of what lies at a key.
fn stream_key(key: &Key) -> String {
    let mut parts = split('#', key.partition.as_str());
    let mut path = parts.split_off(1);
    path.push(key.id.clone());
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    parts.push(join('/', &path));
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    join('#', &parts)
}

/// Callers choose the names of their chains, and other tenants' may choose the same.
type Chain<'a> = (&'a TenantId, &'a CorrelationId);

fn chain_of(tx: &Transaction) -> Chain<'_> {
    (&tx.completion.run.tenant_id, &tx.completion.run.correlation_id)
}

fn nothing_of_refused(evidence: &Evidence, callers: &[Caller]) -> Vec<String> {
    let committed = evidence.applied.iter().map(|tx| (chain_of(tx), tx));
    let committed: BTreeMap<Chain<'_>, &Transaction> = committed.collect();
    let refused = callers.iter().filter(|caller| caller.was_only_refused());
    let written =
        refused.filter_map(|caller| committed.get(&(&caller.tenant, &caller.correlation_id)));
    written
        .map(|tx| format!("{} was committed and only ever refused", tx.completion.run.key))
        .collect()
}

fn rooted(evidence: &Evidence, found: &Found) -> Vec<String> {
    let commands = evidence.applied.iter().filter(|tx| tx.completion.run.key.is_command());
    let commands: BTreeMap<MessageId, Chain<'_>> =
        commands.map(|tx| (tx.completion.run.message_id, chain_of(tx))).collect();
    let rows = evidence.applied.iter().flat_map(|tx| &tx.outbox);
    let sent = rows.filter_map(|row| RawEnvelope::parse(&row.body).ok());
    let mut messages: BTreeMap<MessageId, RawEnvelope> =
        sent.map(|message| (message.id, message)).collect();
    let events = found.events.values();
    messages.extend(events.map(|event| (event.envelope.id, event.envelope.clone())));

    let is_rooted = |message: &RawEnvelope| {
        let mut cause = message.causation_id;
        for _ in 0..MAX_CAUSES {
            if let Some(chain) = commands.get(&cause) {
                return *chain == (&message.tenant_id, &message.correlation_id);
            }
            let Some(caused_by) = messages.get(&cause) else { return false };
            cause = caused_by.causation_id;
        }
        false
    };
    let loose = messages.values().filter(|message| !is_rooted(message));
    loose
        .map(|message| format!("{} {} leads back to no command", message.r#type, message.id))
        .collect()
}
