//! Whether each reaction took effect once: those that the table has, whatever the kit has made of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::envelope::RawEnvelope;
use crate::id::MessageId;
use crate::memory::MemoryStore;
use crate::port::{LetterStatus, RunKey};
use crate::reactions::Reactions;
use crate::simulation::evidence::Evidence;

/// Events that were committed behind other listeners than the table names, or for other queues.
pub(super) fn as_the_table_says(evidence: &Evidence, table: &Reactions) -> Vec<String> {
    let events = evidence.applied.iter().flat_map(|tx| &tx.events);
    let broken = events.filter_map(|event| {
        let r#type = &event.envelope.r#type;
        let reacted: Vec<&str> =
            event.in_request.iter().map(|listener| listener.handler.as_str()).collect();
        let listeners: Vec<&str> =
            table.in_request(r#type).iter().map(|listener| listener.name()).collect();
        let handlers = table.queued(r#type);
        let said = format!(
            "{type} {} was committed after {reacted:?} for {:?}, and the table has {listeners:?} and {handlers:?}",
            event.envelope.id, event.queued
        );
        (reacted != listeners || event.queued != handlers).then_some(said)
    });
    broken.collect()
}

/// Messages that did not take effect once, nor are dead letters, nor were given up by a person: one to each handler that the table has for an event, and
/// whatever else was to be sent.
pub(super) fn exactly_once(
    evidence: &Evidence,
    memory: &MemoryStore,
    table: &Reactions,
) -> Vec<String> {
    let mut took_effect: BTreeMap<&RunKey, u32> = BTreeMap::new();
    for tx in evidence.done() {
        *took_effect.entry(&tx.completion.run.key).or_default() += 1;
    }
    let letters = memory.dead_letters();
    // What was sent once more has to take effect, or to be an open letter again.
    let open = letters.iter().filter(|letter| letter.status == LetterStatus::Open);
    let ids: BTreeSet<&str> = open.map(|letter| letter.id.as_str()).collect();
    let undone = |key: &RunKey, message: MessageId| {
        let letter = letters.iter().find(|letter| letter.id == key.as_str());
        letter.is_some_and(|letter| {
            let instead = letter.edited_as.is_some_and(|instead| instead != message);
            instead || letter.status == LetterStatus::Discarded
        })
    };
    let mut broken = BTreeSet::new();
    for (handler, body) in expected(evidence, table) {
        let Some(key) = key_of(table, &handler, &body) else {
            if !letters.iter().any(|letter| letter.body == body) {
                broken.insert(format!("{handler} did not even read {body}"));
            }
            continue;
        };
        match took_effect.get(&key) {
            Some(1) => {}
            Some(times) => {
                broken.insert(format!("{key} took effect {times} times"));
            }
            None if ids.contains(key.as_str()) => {}
            None if RawEnvelope::parse(&body).is_ok_and(|message| undone(&key, message.id)) => {}
            None => {
                broken.insert(format!("{key} never took effect and is no dead letter"));
            }
        }
    }
    broken.into_iter().collect()
}

/// Under which key a handler runs a message, if it can.
fn key_of(table: &Reactions, handler: &str, body: &str) -> Option<RunKey> {
    let key = table.key_of(handler, &RawEnvelope::parse(body).ok()?)?;
    Some(RunKey::of_dedup(handler, key))
}

/// By handler, what it has to be given.
fn expected(evidence: &Evidence, table: &Reactions) -> BTreeSet<(String, String)> {
    let events = evidence.applied.iter().flat_map(|tx| &tx.events);
    let of_events = events.flat_map(|event| {
        let handlers = table.queued(&event.envelope.r#type).iter();
        handlers.map(|handler| ((*handler).to_owned(), event.envelope.to_body()))
    });
    let rows = evidence.applied.iter().flat_map(|tx| &tx.outbox);
    let of_rows = rows.map(|row| (row.handler.clone(), row.body.clone()));
    of_events.chain(of_rows).collect()
}
