//! What a store promises about the decisions of a transaction: about dead letters, and about runs that may begin anew.

use crate::contract::Adapters;
use crate::contract::dead_letters::letter;
use crate::contract::sample::{FIRST, Sample, at, begun, claim, failure, owner, parking};
use crate::port::{Claimed, DeadLetter, LetterStatus, Run, RunStatus};
use crate::transaction::{LetterChange, Pardon, Transaction};

/// The letter becomes what was decided, its redrive is counted, and what else is in the transaction is written with it.
pub async fn a_decision_is_written_with_its_transaction(adapters: &Adapters) {
    let sample = Sample::new();
    let letter = letter(&sample);
    adapters.dead_letters.park(&letter).await.unwrap();
    let edited_as = Some(sample.run().message_id);
    let change = LetterChange { edited_as, ..change(&letter, LetterStatus::Redriven) };
    let row = sample.row(at(0), 0);
    let tx = Transaction { outbox: vec![row.clone()], ..deciding(&sample, change) };

    adapters.commit(&tx).await;

    let found = adapters.dead_letters.find(&letter.id).await.unwrap();
    let status = LetterStatus::Redriven;
    assert_eq!(found, Some(DeadLetter { status, redrives: 1, edited_as, ..letter }));
    assert_eq!(adapters.outbox.due(0, at(0), None).await.unwrap().items, [row]);
}

/// Discarding sends nothing, and counts nothing.
pub async fn a_discarded_letter_was_not_redriven(adapters: &Adapters) {
    let sample = Sample::new();
    let letter = letter(&sample);
    adapters.dead_letters.park(&letter).await.unwrap();

    adapters.commit(&deciding(&sample, change(&letter, LetterStatus::Discarded))).await;

    let found = adapters.dead_letters.find(&letter.id).await.unwrap().unwrap();
    assert_eq!((found.status, found.redrives), (LetterStatus::Discarded, 0));
}

/// Of two decisions one wins; where there is no letter, none does.
pub async fn a_letter_is_decided_about_once(adapters: &Adapters) {
    let sample = Sample::new();
    let letter = letter(&sample);
    adapters.loses(&deciding(&sample, change(&letter, LetterStatus::Discarded)), false).await;
    adapters.dead_letters.park(&letter).await.unwrap();
    adapters.commit(&deciding(&sample, change(&letter, LetterStatus::Discarded))).await;

    let late = deciding(&sample, change(&letter, LetterStatus::Redriven));
    let late = Transaction { outbox: vec![sample.row(at(0), 0)], ..late };
    adapters.loses(&late, false).await;

    let found = adapters.dead_letters.find(&letter.id).await.unwrap().unwrap();
    assert_eq!((found.status, found.redrives), (LetterStatus::Discarded, 0));
    assert_eq!(adapters.outbox.due(0, at(0), None).await.unwrap().items, []);
}

/// Who decides has seen the last failure.
pub async fn a_letter_that_failed_again_meanwhile_is_not_decided_about(adapters: &Adapters) {
    let sample = Sample::new();
    let letter = letter(&sample);
    adapters.dead_letters.park(&letter).await.unwrap();
    let seen = deciding(&sample, change(&letter, LetterStatus::Discarded));
    let again = DeadLetter { last_failed_at: at(9), ..letter };
    adapters.dead_letters.park(&again).await.unwrap();

    adapters.loses(&seen, false).await;

    assert_eq!(adapters.dead_letters.find(&again.id).await.unwrap(), Some(again));
}

/// A parked run that is pardoned begins anew: no failure counts, and nothing is unknown.
pub async fn a_pardoned_run_begins_anew(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    adapters.fails(&parking(&run, None)).await;

    adapters.commit(&pardoning(&sample, &run, 5)).await;

    let record = adapters.inbox.find(&run.key, at(5)).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempts), (RunStatus::Waiting, 0));
    assert_eq!((record.first_failed_at, record.reason), (None, None));
    let again = begun(&run, at(6));
    assert_eq!(adapters.claimed(&claim(&again, owner())).await, FIRST);
    let failed = failure(&begun(&sample.run(), at(6)), None);
    assert_eq!(adapters.fails(&failed).await, 1);
}

/// A run whose worker died was not parked since: nobody has looked what came of it.
pub async fn what_nobody_knows_the_outcome_of_is_not_pardoned(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    adapters.claimed(&claim(&run, owner())).await;

    for second in [59, 60, 61] {
        adapters.loses(&pardoning(&sample, &run, second), false).await;
    }

    let claimed = adapters.claimed(&claim(&begun(&run, at(61)), owner())).await;
    assert_eq!(claimed, Claimed::Granted { attempts: 0, unknown: true });
}

/// What is done stays done; what never was is no run to pardon.
pub async fn only_what_failed_is_pardoned(adapters: &Adapters) {
    let sample = Sample::new();
    let done = sample.tx();
    adapters.commit(&done).await;

    adapters.loses(&pardoning(&sample, &done.completion.run, 5), false).await;
    adapters.loses(&pardoning(&sample, &sample.run(), 5), false).await;

    let run = begun(&done.completion.run, at(6));
    assert_eq!(adapters.claimed(&claim(&run, owner())).await, Claimed::Done);
}

fn change(letter: &DeadLetter, status: LetterStatus) -> LetterChange {
    let (id, position) = (letter.id.clone(), letter.position());
    LetterChange { id, position, status, edited_as: None }
}

fn deciding(sample: &Sample, change: LetterChange) -> Transaction {
    Transaction { letters: vec![change], ..sample.tx() }
}

fn pardoning(sample: &Sample, run: &Run, seconds: u64) -> Transaction {
    let pardon = Pardon { key: run.key.clone(), at: at(seconds) };
    Transaction { pardons: vec![pardon], ..sample.tx() }
}
