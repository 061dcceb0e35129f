//! Whether each reaction took effect once: those that the table has, whatever the kit has made of it.

use std::borrow::Cow;
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
        (reacted != listeners || event.queued != handlers).then(|| format!(
            "{type} {} was committed after {reacted:?} for {:?}, and the table has {listeners:?} and {handlers:?}",
            event.envelope.id, event.queued
        ))
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
    let (mut broken, mut ordered) = (BTreeSet::new(), BTreeSet::new());
    for (body, handlers) in expected(evidence, table) {
        let message = RawEnvelope::parse(&body).ok();
        for handler in handlers {
            let message = message.as_ref();
            let read = message.and_then(|message| {
                Some((message.id, message.scope(), table.key_of(handler, message)?))
            });
            let Some((message, scope, key)) = read else {
                if !letters.iter().any(|letter| *letter.body == *body) {
                    broken.insert(format!("{handler} did not even read {body}"));
                }
                continue;
            };
            let key = RunKey::of_dedup(handler, key).in_scope(scope);
            if is_refused(table, handler, &body) {
                if !letters.iter().any(|letter| *letter.body == *body) {
                    broken.insert(format!("{key} is not for {handler}, and is no dead letter"));
                }
                continue;
            }
            if key.scope() != scope {
                broken.insert(format!("{key} is not the replay's own, which was to be run again"));
            }
            ordered.insert(key.clone());
            match took_effect.get(&key) {
                Some(1) => {}
                Some(times) => {
                    broken.insert(format!("{key} took effect {times} times"));
                }
                None if ids.contains(key.as_str()) || undone(&key, message) => {}
                None => {
                    broken.insert(format!("{key} never took effect and is no dead letter"));
                }
            }
        }
    }
    let unasked =
        took_effect.keys().filter(|key| key.scope().is_some() && !ordered.contains(**key));
    broken.extend(unasked.map(|key| format!("{key} took effect, and nobody had it run again")));
    broken.into_iter().collect()
}

/// Events that have the id of another: whoever has taken that would know them for done.
pub(super) fn each_by_its_id(evidence: &Evidence) -> Vec<String> {
    let mut known = BTreeSet::new();
    let events = evidence.applied.iter().flat_map(|tx| &tx.events).map(|event| &event.envelope);
    let twins = events.filter(|event| !known.insert(event.id));
    twins.map(|event| format!("{} {} was emitted twice", event.r#type, event.id)).collect()
}

/// Whether a message is marked to be run again by a handler that must not.
pub(super) fn is_refused(table: &Reactions, handler: &str, body: &str) -> bool {
    let message = RawEnvelope::parse(body).ok().filter(|message| message.scope().is_some());
    message.is_some_and(|message| !table.replayable(handler, &message.r#type))
}

/// By message, who has to be given it.
fn expected<'a>(
    evidence: &'a Evidence,
    table: &Reactions,
) -> BTreeMap<Cow<'a, str>, BTreeSet<&'a str>> {
    let mut expected: BTreeMap<Cow<'a, str>, BTreeSet<&'a str>> = BTreeMap::new();
    for tx in &evidence.applied {
        // Whom an event of the topic's has to reach is in the table.
        for (row, handler) in tx.outbox.iter().filter_map(|row| Some((row, row.to.handler()?))) {
            expected.entry(Cow::Borrowed(&row.body)).or_default().insert(handler);
        }
        for event in &tx.events {
            let handlers = table.queued(&event.envelope.r#type);
            if !handlers.is_empty() {
                expected.entry(Cow::Owned(event.envelope.to_body())).or_default().extend(handlers);
            }
        }
    }
    for (handler, body) in &evidence.replayed {
        expected.entry(Cow::Borrowed(body)).or_default().insert(handler);
    }
    expected
}
