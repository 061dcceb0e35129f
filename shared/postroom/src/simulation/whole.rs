//! Whether what was committed is found whole.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::ClientToken;
use crate::memory::MemoryStore;
use crate::port::{LetterStatus, RunKey};
use crate::simulation::check::Found;
use crate::simulation::evidence::Evidence;
use crate::stored::Key;
use crate::transaction::{Fate, ItemWrite};

/// What is missing of transactions that took effect, and what is found that none of them has written.
pub(super) fn all_or_nothing(
    evidence: &Evidence,
    memory: &MemoryStore,
    found: &Found,
) -> Vec<String> {
    let mut broken = Vec::new();
    let waiting = memory.outbox_rows().into_iter().map(|row| (row.to, row.message_id));
    let sent: BTreeSet<_> = waiting.chain(evidence.accepted.iter().cloned()).collect();
    let letters: BTreeSet<String> =
        memory.dead_letters().into_iter().map(|letter| letter.id).collect();
    for tx in &evidence.applied {
        let events = tx.events.iter();
        let lost = events.filter(|event| {
            found.events.get(&(event.stream_key(), event.version())) != Some(*event)
        });
        let mut missing: Vec<String> =
            lost.map(|event| format!("the event {}", event.envelope.r#type)).collect();
        let rows = tx.outbox.iter();
        let lost = rows.filter(|row| !sent.contains(&(row.to.clone(), row.message_id)));
        missing.extend(lost.map(|row| format!("the message to {}", row.to)));
        if tx.parked().is_some_and(|letter| !letters.contains(&letter.id)) {
            missing.push("the dead letter".to_owned());
        }
        let (key, missing) = (&tx.completion.run.key, missing.into_iter());
        broken.extend(missing.map(|missing| format!("{key} was committed without {missing}")));
    }
    for (key, token) in tokens(evidence) {
        if memory.record(key).is_none_or(|record| record.token != token) {
            broken.push(format!("{key} was committed without the record"));
        }
    }
    broken.extend(decisions(evidence, memory));
    broken.extend(versions(evidence, found));
    let committed: usize = evidence.applied.iter().map(|tx| tx.events.len()).sum();
    if found.events.len() > committed {
        broken.push(format!("{} events were found, {committed} committed", found.events.len()));
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

/// Letters that say they were redriven more or less often than that was decided.
fn decisions(evidence: &Evidence, memory: &MemoryStore) -> Vec<String> {
    let mut redrives: BTreeMap<&str, u32> = BTreeMap::new();
    for change in evidence.applied.iter().flat_map(|tx| &tx.letters) {
        *redrives.entry(&change.id).or_default() +=
            u32::from(change.status == LetterStatus::Redriven);
    }
    let letters = memory.dead_letters().into_iter();
    let broken = letters.filter_map(|letter| {
        let decided = redrives.get(letter.id.as_str()).copied().unwrap_or(0);
        (letter.redrives != decided).then(|| {
            format!("{} was redriven {decided} times, says {}", letter.id, letter.redrives)
        })
    });
    broken.collect()
}

/// Items that were written more or less often than their versions say.
fn versions(evidence: &Evidence, found: &Found) -> Vec<String> {
    let mut writes: BTreeMap<&Key, u64> = found.versions.keys().map(|key| (key, 0)).collect();
    for write in evidence.applied.iter().flat_map(|tx| &tx.items) {
        if let ItemWrite::Save { key, .. } | ItemWrite::PutView { key, .. } = write {
            *writes.entry(key).or_default() += 1;
        }
    }
    // Of what is removed nothing is found; whether it may be is another law's.
    writes.retain(|key, _| !evidence.removed.contains(*key));
    let broken = writes.into_iter().filter_map(|(key, written)| {
        let version = found.versions.get(key).copied().unwrap_or(0);
        (version != written).then(|| format!("{key} has version {version} after {written} writes"))
    });
    broken.collect()
}
