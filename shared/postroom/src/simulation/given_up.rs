//! What has to follow from giving a run up.

use std::collections::BTreeMap;

use crate::message::Message;
use crate::port::{DeadLetter, JournalRecord};
use crate::runtime::LEFT_OUT;
use crate::simulation::evidence::Evidence;
use crate::task_failed::TaskFailed;
use crate::transaction::Transaction;

/// Each time that a run is given up is told once, in the transaction of its letter, unless the letter says otherwise.
/// Failures of those who are told are told nobody.
pub(super) fn reacted<'a>(
    evidence: &Evidence,
    journal: impl Iterator<Item = &'a JournalRecord>,
) -> Vec<String> {
    let told = journal.filter(|event| event.envelope.r#type == TaskFailed::TYPE);
    let mut told: BTreeMap<(String, u32), u32> =
        told.filter_map(time_of).fold(BTreeMap::new(), |mut told, time| {
            *told.entry(time).or_default() += 1;
            told
        });
    let mut broken = Vec::new();
    let given_up = evidence.applied.iter().filter_map(|tx| Some((tx, tx.parked()?)));
    for (tx, letter) in given_up {
        let time = (letter.id.clone(), letter.redrives);
        let found = told.remove(&time).unwrap_or(0);
        let expected = u32::from(!is_told_nobody(letter));
        if found != expected || staged(tx, &time) != expected {
            broken.push(format!("{} was given up, and that was told {found} times", letter.id));
        }
    }
    let invented = told.into_keys();
    broken.extend(invented.map(|(id, _)| format!("{id} was told of, and not given up then")));
    broken
}

fn is_told_nobody(letter: &DeadLetter) -> bool {
    let of_failure = letter.envelope.as_ref().is_some_and(|of| of.r#type == TaskFailed::TYPE);
    of_failure || letter.causes.last().is_some_and(|cause| cause.starts_with(LEFT_OUT))
}

/// Which letter an event is about, and how often that had been redriven.
fn time_of(event: &JournalRecord) -> Option<(String, u32)> {
    let event = event.envelope.decode::<TaskFailed>().ok()?;
    Some((event.data.dead_letter_id, event.data.redrives))
}

fn staged(tx: &Transaction, time: &(String, u32)) -> u32 {
    let told = tx.events.iter().filter(|event| event.envelope.r#type == TaskFailed::TYPE);
    told.filter(|event| time_of(event).as_ref() == Some(time)).map(|_| 1).sum()
}
