//! Whether what operators decided about dead letters was done, and nothing else.

use crate::envelope::RawEnvelope;
use crate::memory::MemoryStore;
use crate::port::{DeadLetter, LetterStatus};
use crate::simulation::evidence::Evidence;
use crate::stored::Partition;
use crate::transaction::{LetterChange, Transaction};

/// Decisions without their entry in the audit trail, that do not stand, or whose message did what it was not to do any more.
pub(super) fn decided(evidence: &Evidence, memory: &MemoryStore) -> Vec<String> {
    let letters = memory.dead_letters();
    let mut broken = Vec::new();
    for (index, tx) in evidence.applied.iter().enumerate() {
        let (before, after) = (&evidence.applied[..index], &evidence.applied[index + 1..]);
        for change in &tx.letters {
            let next = after.iter().position(|later| later.letters.iter().any(is_of(&change.id)));
            let meanwhile = &after[..next.unwrap_or(after.len())];
            let letter = letters.iter().find(|letter| letter.id == change.id);
            let mut wrong: Vec<String> = is_not_audited(tx, change, memory).into_iter().collect();
            wrong.extend(goes_on(change, meanwhile));
            if next.is_none() && !meanwhile.iter().any(|later| gives_up(later, &change.id)) {
                wrong.extend(does_not_stand(change, letter));
            }
            if let Some(instead) = tx.outbox.first().filter(|_| change.edited_as.is_some()) {
                let replaced = before.iter().rev().find(|earlier| gives_up(earlier, &change.id));
                wrong.extend(is_of_other_chain(&instead.body, replaced));
                let sending = (instead.to.clone(), instead.message_id);
                let is_sent = evidence.accepted.contains(&sending);
                wrong.extend(
                    (!is_sent).then(|| "what should be in its place was never sent".to_owned()),
                );
            }
            let id = &change.id;
            broken.extend(
                wrong.into_iter().map(|wrong| format!("{id} was decided about, and {wrong}")),
            );
        }
    }
    broken
}

fn is_of(id: &str) -> impl Fn(&LetterChange) -> bool {
    move |change| change.id == id
}

fn gives_up(tx: &Transaction, id: &str) -> bool {
    tx.parked().is_some_and(|letter| letter.id == id)
}

fn is_not_audited(tx: &Transaction, change: &LetterChange, memory: &MemoryStore) -> Option<String> {
    let trail = Partition::of_operators("audit", Some(&change.id));
    let entry = tx.items.iter().find(|write| write.key().partition == trail);
    let is_there = entry.is_some_and(|entry| memory.item(entry.key()).is_some());
    (!is_there).then(|| "has no audit entry".to_owned())
}

/// What takes effect, or is given up, once more although it was given up for good, or something else is in its place.
fn goes_on(change: &LetterChange, meanwhile: &[Transaction]) -> Option<String> {
    if change.status == LetterStatus::Redriven && change.edited_as.is_none() {
        return None;
    }
    let of_run = meanwhile.iter().map(|tx| &tx.completion.run);
    let mut of_run = of_run.filter(|run| run.key.as_str() == change.id);
    // Its handler may know both messages by one key.
    let other = of_run.find(|run| change.edited_as != Some(run.message_id))?;
    Some(format!("{} was worked on all the same", other.message_id))
}

fn does_not_stand(change: &LetterChange, letter: Option<&DeadLetter>) -> Option<String> {
    let found = letter.map(|letter| (letter.status, letter.edited_as));
    let stands = found == Some((change.status, change.edited_as));
    (!stands).then(|| format!("was made {:?}, and is {found:?}", change.status))
}

/// Whether the message that is sent in the place of another has left its chain.
fn is_of_other_chain(body: &str, replaced: Option<&Transaction>) -> Option<String> {
    let replaced = replaced.and_then(Transaction::parked)?.envelope.as_ref()?;
    let is_of_chain = RawEnvelope::parse(body).is_ok_and(|instead| {
        instead.causation_id == replaced.id
            && instead.correlation_id == replaced.correlation_id
            && instead.tenant_id == replaced.tenant_id
    });
    (!is_of_chain).then(|| "what is in its place does not name it as its cause".to_owned())
}
