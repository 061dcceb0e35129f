//! Whether anything vanished that no worker has finished.

use std::collections::BTreeMap;

use crate::envelope::RawEnvelope;
use crate::memory::MemoryStore;
use crate::port::{DeadLetter, LetterStatus, RunKey, RunStatus};
use crate::reactions::Reactions;
use crate::simulation::evidence::{Evidence, Stranger};
use crate::simulation::once::is_refused;

/// What nobody could read and is no dead letter, what a queue gave up and is neither done nor one, and open letters about
/// runs that say something else.
pub(super) fn kept(evidence: &Evidence, memory: &MemoryStore, table: &Reactions) -> Vec<String> {
    let letters = memory.dead_letters().into_iter();
    let letters: BTreeMap<String, DeadLetter> =
        letters.map(|letter| (letter.id.clone(), letter)).collect();
    let strangers = evidence.strangers.iter().filter_map(|Stranger { queue, message_id, body }| {
        let letter = letters.get(&format!("{queue}#{message_id}"));
        let is_kept = letter.is_some_and(|letter| letter.body == *body);
        (!is_kept).then(|| format!("{body:?} on the queue of {queue} is no dead letter"))
    });
    let given_up = evidence.given_up.iter().filter_map(|(handler, body)| {
        let message = RawEnvelope::parse(body).ok()?;
        if is_refused(table, handler, body) {
            let is_kept = letters.values().any(|letter| letter.body == *body);
            return (!is_kept).then(|| format!("{body} was given up, and is no dead letter"));
        }
        let key = RunKey::of_dedup(handler, table.key_of(handler, &message)?);
        let key = key.in_scope(message.scope());
        let status = memory.record(&key).map(|record| record.status);
        let is_kept = match status {
            Some(RunStatus::Done) => true,
            Some(RunStatus::Parked) => letters.contains_key(key.as_str()),
            Some(RunStatus::Running | RunStatus::Waiting) | None => false,
        };
        (!is_kept).then(|| format!("{key} was given up by its queue, and its run is {status:?}"))
    });
    let open = letters.values().filter(|letter| letter.status == LetterStatus::Open);
    // Where no handler took it there is no run.
    let open = open.filter(|letter| letter.handler.is_some());
    let otherwise = open.filter_map(|letter| {
        let status = memory.record(&RunKey::from_stored(letter.id.clone()))?.status;
        (status != RunStatus::Parked)
            .then(|| format!("{} is an open dead letter, and its run is {status:?}", letter.id))
    });
    strangers.chain(given_up).chain(otherwise).collect()
}
