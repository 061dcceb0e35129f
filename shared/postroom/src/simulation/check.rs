//! Holding the end of a run against the laws: what was asked for, what is found, and what was called.

use std::collections::{BTreeMap, BTreeSet};

use crate::envelope::RawEnvelope;
use crate::id::{CorrelationId, MessageId, TenantId};
use crate::memory::MemoryStore;
use crate::port::{Destination, Item, JournalRecord, LetterStatus, RunKey, RunStatus};
use crate::reactions::Reactions;
use crate::simulation::callers::{Caller, Outcome};
use crate::simulation::decided::decided;
use crate::simulation::evidence::Evidence;
use crate::simulation::figures::Figures;
use crate::simulation::given_up::reacted;
use crate::simulation::kept::kept;
use crate::simulation::once::{as_the_table_says, each_by_its_id, exactly_once};
use crate::simulation::run::Run;
use crate::simulation::tenants::own_tenant;
use crate::simulation::whole::all_or_nothing;
use crate::simulation::{Law, Violation};
use crate::stored::{Key, Partition, join, split};
use crate::task_failed::TaskFailed;
use crate::transaction::{ItemWrite, Transaction};

/// How many causes lie between an event and its command at most: hops are bounded.
const MAX_CAUSES: usize = 64;

/// Everything that is wrong at the end.
pub(super) fn all(run: &Run<'_>) -> Vec<Violation> {
    let memory = &run.ports.memory;
    let found = Found::of(memory);
    let table = run.business.reactions();
    let mut broken = Vec::new();
    {
        let state = run.world.lock();
        let evidence = &state.evidence;
        let mut hold = |law, found: Vec<String>| {
            broken.extend(found.into_iter().map(|found| Violation { law, found }));
        };
        hold(Law::AllOrNothing, all_or_nothing(evidence, memory, &found));
        hold(Law::ExactlyOnce, as_the_table_says(evidence, &table));
        hold(Law::ExactlyOnce, exactly_once(evidence, memory, &table));
        hold(Law::ExactlyOnce, each_by_its_id(evidence));
        hold(Law::Kept, kept(evidence, memory, &table));
        hold(Law::Decided, decided(evidence, memory));
        hold(Law::NotTriedAgain, evidence.tried_again());
        hold(Law::NothingInvented, nothing_invented(evidence, &table));
        hold(Law::OneKey, one_key(evidence));
        hold(Law::NotRepeated, not_repeated(evidence));
        hold(Law::Spared, state.gates.spared());
        hold(Law::Untried, state.gates.untried(|key| evidence.has_waited(key)));
        hold(Law::Paced, state.gates.paced());
        // Without a row for it nobody is told.
        if table.has_row::<TaskFailed>() {
            hold(Law::Reacted, reacted(evidence, found.events.values()));
        }
        hold(Law::OwnTenant, own_tenant(&run.tenants, evidence, memory, &run.callers));
        hold(Law::Gapless, gapless(&found));
        hold(Law::NothingOfRefused, nothing_of_refused(evidence, &run.callers));
        hold(Law::Rooted, rooted(evidence, &found));
        hold(Law::Swept, run.rows.left());
    }
    for contents in run.contents() {
        let invariants = run.business.invariants(&contents);
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
    let with = |status| letters.iter().filter(|letter| letter.status == status).count() as u64;
    let steps = evidence.applied.iter().flat_map(|tx| &tx.items);
    figures.swaps = steps.filter(|write| swaps(write)).count() as u64;
    figures.discards = with(LetterStatus::Discarded);
    let decided = evidence.applied.iter().flat_map(|tx| &tx.letters);
    figures.edits = decided.filter(|change| change.edited_as.is_some()).count() as u64;
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

/// Whether a build takes the place of another, of which nothing is removed yet.
fn swaps(write: &ItemWrite) -> bool {
    let ItemWrite::Save { key, data, .. } = write else { return false };
    let of_builds = key.partition == Partition::of_operators("projections", None);
    let remains = data.get("remains").filter(|remains| remains.get("after").is_none());
    of_builds && data.get("building").is_none() && remains.is_some()
}

/// What the stores hold.
pub(super) struct Found {
    pub(super) events: BTreeMap<(String, u64), JournalRecord>,
    pub(super) versions: BTreeMap<Key, u64>,
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
}

/// Each queued reaction to what was committed.
fn reactions<'a>(evidence: &'a Evidence, table: &'a Reactions) -> BTreeSet<(&'a str, MessageId)> {
    let rows = evidence.applied.iter().flat_map(|tx| &tx.outbox);
    let reached = rows.flat_map(|row| {
        let handlers = match &row.to {
            Destination::Queue(handler) => vec![handler.as_str()],
            Destination::Topic => table.published(&row.r#type).to_vec(),
        };
        handlers.into_iter().map(|handler| (handler, row.message_id))
    });
    reached.collect()
}

fn nothing_invented(evidence: &Evidence, table: &Reactions) -> Vec<String> {
    let committed = reactions(evidence, table);
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
        // Each replay that runs a message again has a key of its own.
        let scope = call.key.clone().and_then(|key| RunKey::from_stored(key).scope());
        let of_message = keys.entry((call.service, call.about, scope)).or_default();
        of_message.extend(call.key.as_deref());
    }
    let several = keys.into_iter().filter(|(_, keys)| keys.len() > 1);
    several
        .map(|((service, about, _), keys)| {
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
    for (stream, version) in found.events.keys() {
        let before = last.insert(stream, *version).unwrap_or(0);
        if *version != before + 1 {
            broken.push(format!("{stream} has version {version} after {before}"));
        }
    }
    for (stream, last) in last {
        // What is event-sourced has no item, nor has a dead letter.
        let head = found.heads.get(stream).copied().unwrap_or(last);
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
    // One message has many handlers.
    let bodies: BTreeSet<&str> = rows.map(|row| row.body.as_str()).collect();
    let sent = bodies.into_iter().filter_map(|body| RawEnvelope::parse(body).ok());
    let sent: Vec<RawEnvelope> = sent.collect();
    let mut messages: BTreeMap<MessageId, &RawEnvelope> =
        sent.iter().map(|message| (message.id, message)).collect();
    let replayed = evidence.replayed.iter().filter_map(|(_, body)| RawEnvelope::parse(body).ok());
    let again: Vec<RawEnvelope> =
        replayed.chain(sent.iter().cloned()).filter(|one| one.scope().is_some()).collect();
    let events = found.events.values();
    messages.extend(events.map(|event| (event.envelope.id, &event.envelope)));
    // What a replay's own run makes has that for its cause.
    messages.extend(again.iter().map(|one| (one.cause(), one)));

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
