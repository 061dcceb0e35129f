//! What a store promises about the decisions of a transaction: about dead letters, and about runs that may begin anew.

use crate::contract::Adapters;
use crate::contract::dead_letters::letter;
use crate::contract::sample::{FIRST, Sample, at, begun, claim, failure, owner, parking, tx_of};
use crate::id::MessageId;
use crate::port::{Claimed, DeadLetter, InboxRecord, LeaseError, LetterStatus, Run, RunStatus};
use crate::transaction::{Fate, Fence, LetterChange, RunChange, Transaction};

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

/// Whether nobody ever began it, it waits, failed for good, or its last owner is gone: from then on nobody runs it, the
/// late owner changes nothing, and it is remembered as long as the decision says.
pub async fn what_nobody_is_at_is_parked_by_a_decision(adapters: &Adapters) {
    let sample = Sample::new();
    let [absent, waiting, parked, lapsed, expired] = [0; 5].map(|_| sample.run());
    adapters.fails(&failure(&waiting, None)).await;
    adapters.fails(&parking(&parked, None)).await;
    let late = owner();
    adapters.claimed(&claim(&lapsed, late)).await;
    adapters.commit(&tx_of(expired.clone(), Fence::NotDone)).await;
    let cases = [
        (&absent, None, 5),
        (&waiting, Some(RunStatus::Waiting), 5),
        (&parked, Some(RunStatus::Parked), 5),
        (&lapsed, Some(RunStatus::Running), 60),
        (&expired, None, 3600),
    ];

    for (run, seen, second) in cases {
        let run = Run { expires_at: Run::FOREVER, ..run.clone() };
        adapters.commit(&changing(&sample, &run, seen, parked_for(None), second)).await;

        let again = begun(&run, at(365 * 24 * 3600));
        let reason = "a person said so".to_owned();
        assert_eq!(adapters.claimed(&claim(&again, owner())).await, Claimed::Parked { reason });
        adapters.loses(&tx_of(again, Fence::NotDone), true).await;
        let record = adapters.inbox.find(&run.key, at(second)).await.unwrap().unwrap();
        assert_eq!((record.lease_until, record.actions), (None, None), "{seen:?}");
        assert_eq!(record.run.expires_at, Run::FOREVER, "{seen:?}");
    }
    let renewed = adapters.inbox.renew(&lapsed.key, late, at(120)).await;
    assert!(matches!(renewed, Err(LeaseError::LeaseLost)), "{renewed:?}");
    adapters.loses(&tx_of(lapsed, Fence::Held(late)), true).await;
}

/// It was begun, or done, since whoever decides has looked.
pub async fn a_run_that_stands_otherwise_than_it_was_seen_is_not_parked(adapters: &Adapters) {
    let sample = Sample::new();
    let [held, done, waiting, absent] = [0; 4].map(|_| sample.run());
    adapters.claimed(&claim(&held, owner())).await;
    adapters.commit(&tx_of(done.clone(), Fence::NotDone)).await;
    adapters.fails(&failure(&waiting, None)).await;
    let all = [RunStatus::Running, RunStatus::Waiting, RunStatus::Done, RunStatus::Parked];
    let stands = [
        // Its lease holds.
        (&held, None),
        (&done, Some(RunStatus::Done)),
        (&waiting, Some(RunStatus::Waiting)),
    ];

    for (run, stands) in stands {
        for seen in
            all.into_iter().map(Some).chain([None]).filter(|seen| seen.is_none() || *seen != stands)
        {
            adapters.loses(&changing(&sample, run, seen, parked_for(None), 59), false).await;
        }
    }
    for seen in all {
        adapters.loses(&changing(&sample, &absent, Some(seen), parked_for(None), 59), false).await;
    }

    assert_eq!(adapters.claimed(&claim(&begun(&absent, at(59)), owner())).await, FIRST);
    let done = adapters.claimed(&claim(&begun(&done, at(59)), owner())).await;
    assert_eq!(done, Claimed::Done);
}

/// Once, and nobody else does.
pub async fn who_stands_in_begins_a_parked_run_anew(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, instead) = (sample.run(), sample.run().message_id);
    adapters.fails(&parking(&run, None)).await;
    let parked = parked_for(Some(instead));
    let seen = Some(RunStatus::Parked);
    adapters.commit(&changing(&sample, &run, seen, parked, 5)).await;
    let stands_in = async |message| adapters.inbox.stand_in(&run.key, message).await.unwrap();

    assert!(!stands_in(run.message_id).await);
    let others = adapters.claimed(&claim(&begun(&run, at(6)), owner())).await;
    assert!(matches!(others, Claimed::Parked { .. }), "{others:?}");
    assert!(stands_in(instead).await);
    assert!(!stands_in(instead).await, "it waits");

    let record = adapters.inbox.find(&run.key, at(6)).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempts), (RunStatus::Waiting, 0));
    assert_eq!((record.first_failed_at, record.reason), (None, None));
    assert_eq!(adapters.claimed(&claim(&begun(&run, at(6)), owner())).await, FIRST);
    assert!(!stands_in(instead).await, "it runs");
}

/// Where one decision said so and the next does not.
pub async fn nobody_stands_in_for_what_was_decided_about_again(adapters: &Adapters) {
    let sample = Sample::new();
    let instead = sample.run().message_id;
    for fate in [parked_for(None), Fate::Pardoned] {
        let run = sample.run();
        let parked = parked_for(Some(instead));
        adapters.commit(&changing(&sample, &run, None, parked, 5)).await;
        let seen = Some(RunStatus::Parked);

        adapters.commit(&changing(&sample, &run, seen, fate, 6)).await;

        assert!(!adapters.inbox.stand_in(&run.key, instead).await.unwrap());
    }
}

/// As it is.
pub async fn what_is_kept_is_remembered_longer(adapters: &Adapters) {
    let sample = Sample::new();
    let [done, lapsed] = [0; 2].map(|_| sample.run());
    adapters.commit(&tx_of(done.clone(), Fence::NotDone)).await;
    adapters.claimed(&claim(&lapsed, owner())).await;
    let before = adapters.inbox.find(&done.key, at(60)).await.unwrap().unwrap();

    for (run, seen) in [(&done, RunStatus::Done), (&lapsed, RunStatus::Running)] {
        let run = Run { expires_at: at(9999), ..run.clone() };
        adapters.commit(&changing(&sample, &run, Some(seen), Fate::Kept, 60)).await;
    }

    let after = adapters.inbox.find(&done.key, at(9998)).await.unwrap().unwrap();
    let run = Run { expires_at: at(9999), ..before.run.clone() };
    assert_eq!(after, InboxRecord { run, ..before });
    let claimed = adapters.claimed(&claim(&begun(&lapsed, at(9998)), owner())).await;
    assert_eq!(claimed, Claimed::Granted { attempts: 0, unknown: true });
    assert_eq!(adapters.inbox.find(&done.key, at(9999)).await.unwrap(), None);
}

fn parked_for(instead: Option<MessageId>) -> Fate {
    Fate::Parked { reason: "a person said so".to_owned(), instead }
}

fn change(letter: &DeadLetter, status: LetterStatus) -> LetterChange {
    let (id, position) = (letter.id.clone(), letter.position());
    LetterChange { id, position, status, edited_as: None }
}

fn deciding(sample: &Sample, change: LetterChange) -> Transaction {
    Transaction { letters: vec![change], ..sample.tx() }
}

fn pardoning(sample: &Sample, run: &Run, seconds: u64) -> Transaction {
    changing(sample, run, Some(RunStatus::Parked), Fate::Pardoned, seconds)
}

fn changing(
    sample: &Sample,
    run: &Run,
    seen: Option<RunStatus>,
    fate: Fate,
    seconds: u64,
) -> Transaction {
    let change = RunChange { run: run.clone(), seen, fate, at: at(seconds) };
    Transaction { runs: vec![change], ..sample.tx() }
}
