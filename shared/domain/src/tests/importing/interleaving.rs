//! Whatever order messages come in, how often, side by side with which others, and wherever a worker is killed: an import
//! ends, and is exact.

use std::collections::BTreeSet;

use postroom::Disposition;

use super::world::World;
use super::{file, somebody};
use crate::contact_imports::{ContactImportCompleted, ContactImportView, Counts, ImportStatus};
use crate::contacts::ContactAdded;

/// So many runs.
const SEEDS: u64 = 60;
/// Nobody needs as many deliveries.
const MAX_ROUNDS: usize = 2_000;
const ROWS: usize = 170;

/// Numbers that a seed determines.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }
}

/// Every seventh row is of somebody who is in another chunk too, and every tenth is wrong.
fn people() -> String {
    file(ROWS, |number| match number {
        number if number % 10 == 0 => format!("nobody {number},Person,"),
        number if number % 7 == 0 => somebody((number * 31) % 120 / 10 * 10 + 1),
        number => somebody(number),
    })
}

/// What has to come of it, by the addresses alone.
fn expected() -> (Counts, Vec<String>) {
    let people = people();
    let emails = people.lines().skip(1).map(|row| row.split(',').next().unwrap());
    let (good, bad): (Vec<&str>, Vec<&str>) = emails.partition(|email| email.contains('@'));
    let one_each: BTreeSet<&str> = good.iter().copied().collect();
    let count = |number: usize| u64::try_from(number).unwrap();
    let counts = Counts {
        imported: count(one_each.len()),
        duplicates: count(good.len() - one_each.len()),
        rejected: count(bad.len()),
    };
    (counts, one_each.into_iter().map(str::to_owned).collect())
}

fn goes_back(before: &ContactImportView, now: &ContactImportView) -> bool {
    now.total < before.total
        || now.processed < before.processed
        || now.counts.imported < before.counts.imported
        || now.counts.duplicates < before.counts.duplicates
        || now.counts.rejected < before.counts.rejected
        || (before.status.is_over() && now.status != before.status)
}

/// Imports under a seed's accidents.
async fn run(seed: u64) {
    let mut drawn = Drawn(seed);
    let world = World::new();
    let (import_id, told) = world.begun(people().as_bytes()).await;
    let mut waiting = vec![told.clone()];
    let mut known = 0;
    let mut before = world.view(import_id).await;
    for _ in 0..MAX_ROUNDS {
        waiting.extend(world.sent().into_iter().skip(known));
        known = world.sent().len();
        if waiting.is_empty() {
            break;
        }
        let count = 1 + drawn.below(waiting.len().min(6));
        let mut batch: Vec<String> =
            (0..count).map(|_| waiting.swap_remove(drawn.below(waiting.len()))).collect();
        // A queue may bring what was done long ago.
        if known > 0 && drawn.below(4) == 0 {
            batch.push(world.sent()[drawn.below(known)].clone());
        }
        let done = match drawn.below(3) {
            0 => world.deliver_killed(&batch, drawn.below(60)),
            _ => Some(world.deliver(&batch).await),
        };
        match done {
            Some(done) => {
                let again = batch.into_iter().zip(done);
                let again = again.filter(|(_, done)| *done != Disposition::Acknowledge);
                waiting.extend(again.map(|(body, _)| body));
            }
            None => waiting.extend(batch),
        }
        world.relay().await;
        let now = world.view(import_id).await;
        assert!(!goes_back(&before, &now), "seed {seed}: {before:?} became {now:?}");
        before = now;
    }
    let (counts, contacts) = expected();
    assert_eq!(before.status, ImportStatus::Completed, "seed {seed}: {before:?}");
    assert_eq!((before.counts, before.processed), (counts, before.total), "seed {seed}");
    assert_eq!(world.contacts(), contacts, "seed {seed}");
    assert_eq!(world.events::<ContactAdded>(), contacts.len(), "seed {seed}");
    assert_eq!(world.events::<ContactImportCompleted>(), 1, "seed {seed}");
    let rejected = world.rejected(import_id).await;
    let lines: Vec<_> = rejected.into_iter().map(|row| row.line).collect();
    let wrong = (0..ROWS).filter(|number| number % 10 == 0);
    assert_eq!(lines, wrong.map(|number| u64::try_from(number).unwrap() + 2).collect::<Vec<_>>());
    assert!(world.memory.dead_letters().is_empty(), "seed {seed}");
}

#[tokio::test]
async fn an_import_ends_exactly_whatever_happens_to_its_messages_and_workers() {
    for seed in 0..SEEDS {
        run(seed).await;
    }
}
