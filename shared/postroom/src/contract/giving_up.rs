//! What a store promises about a run that is given up: its letter and the memory of it are one write.

use crate::contract::Adapters;
use crate::contract::dead_letters::letter;
use crate::contract::sample::{FIRST, Sample, at, begun, claim, failure, owner, put_view, tx_of};
use crate::port::{Claimed, DeadLetter, LetterStatus, Run, RunStatus};
use crate::transaction::{End, Fate, Fence, LetterChange, RunChange, Transaction};
use serde_json::json;

/// With what the letter says of its failures, and with all else that is in the transaction.
pub async fn a_run_is_parked_with_its_letter(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, holder, row) = (sample.run(), owner(), sample.row(at(0), 0));
    adapters.claimed(&claim(&run, holder)).await;
    let letter = of_run(&sample, &run);
    let view = put_view(&sample.key("a"), json!({"given up": true}));
    let tx = Transaction {
        items: vec![view],
        outbox: vec![row.clone()],
        ..giving_up(&run, Fence::Held(holder), &letter)
    };

    adapters.commit(&tx).await;

    assert_eq!(adapters.dead_letters.find(&letter.id).await.unwrap(), Some(letter.clone()));
    let record = adapters.inbox.find(&run.key, at(1)).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempts), (RunStatus::Parked, letter.attempts));
    assert_eq!((record.first_failed_at, record.finished_at), (Some(at(1)), Some(at(2))));
    assert_eq!((record.reason, record.token), (Some(letter.reason()), Some(tx.token)));
    assert_eq!((record.lease_until, record.actions), (None, None));
    assert!(adapters.item(&sample.key("a")).await.is_some());
    assert_eq!(adapters.outbox.due(0, at(0), None).await.unwrap().items, [row]);
}

/// By whoever gives it up, with a lease or without.
pub async fn what_was_given_up_is_remembered_as_long_as_its_letter(adapters: &Adapters) {
    let sample = Sample::new();
    let (held, idle, holder) = (sample.run(), sample.run(), owner());
    adapters.claimed(&claim(&held, holder)).await;
    for (run, fence) in [(held, Fence::Held(holder)), (idle, Fence::Idle { attempts: 0 })] {
        let run = Run { expires_at: Run::FOREVER, ..run };
        adapters.commit(&giving_up(&run, fence, &of_run(&sample, &run))).await;

        let in_ten_years = at(10 * 365 * 24 * 3600);
        let record = adapters.inbox.find(&run.key, in_ten_years).await.unwrap().unwrap();
        assert_eq!((record.status, record.run.expires_at), (RunStatus::Parked, Run::FOREVER));
        let claimed = adapters.claimed(&claim(&begun(&run, in_ten_years), owner())).await;
        assert_eq!(claimed, Claimed::Parked { reason: record.reason.unwrap() });
    }
}

/// A late owner writes no letter either.
pub async fn only_the_holder_of_a_lease_gives_up(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, late) = (sample.run(), owner());
    adapters.claimed(&claim(&run, late)).await;
    adapters.claimed(&claim(&begun(&run, at(60)), owner())).await;

    for fence in [Fence::Held(late), Fence::Idle { attempts: 0 }] {
        loses_and_writes_no_letter(adapters, &sample, &run, fence).await;
    }
}

/// Nor is what was given up given up again, by whoever had the same message.
pub async fn what_is_over_is_not_given_up(adapters: &Adapters) {
    let sample = Sample::new();
    let (done, parked) = (sample.run(), sample.run());
    adapters.commit(&tx_of(done.clone(), Fence::NotDone)).await;
    let letter = of_run(&sample, &parked);
    adapters.commit(&giving_up(&parked, Fence::Idle { attempts: 0 }, &letter)).await;

    loses_and_writes_no_letter(adapters, &sample, &done, Fence::Idle { attempts: 0 }).await;
    let again = DeadLetter { last_failed_at: at(9), ..letter.clone() };
    adapters.loses(&giving_up(&parked, Fence::Idle { attempts: 1 }, &again), true).await;

    assert_eq!(adapters.dead_letters.find(&letter.id).await.unwrap(), Some(letter));
}

/// With another failure since then, its letter would not tell the truth.
pub async fn a_run_is_given_up_as_it_was_seen(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    loses_and_writes_no_letter(adapters, &sample, &run, Fence::Idle { attempts: 1 }).await;
    adapters.fails(&failure(&run, None)).await;
    loses_and_writes_no_letter(adapters, &sample, &run, Fence::Idle { attempts: 0 }).await;

    let letter = DeadLetter { attempts: 2, ..of_run(&sample, &run) };
    adapters.commit(&giving_up(&run, Fence::Idle { attempts: 1 }, &letter)).await;

    let record = adapters.inbox.find(&run.key, at(1)).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempts), (RunStatus::Parked, 2));
}

/// Who gives up has seen every decision; then the letter is open again, and its redrives stay counted.
pub async fn what_was_redriven_meanwhile_is_not_given_up(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    let letter = of_run(&sample, &run);
    let fence = Fence::Idle { attempts: 0 };
    adapters.commit(&giving_up(&run, fence, &letter)).await;
    redrive(adapters, &sample, &letter, &run).await;
    let again = DeadLetter { last_failed_at: at(9), ..letter };

    adapters.loses(&giving_up(&run, fence, &again), false).await;
    let seen = DeadLetter { redrives: 1, ..again };
    adapters.commit(&giving_up(&run, fence, &seen)).await;

    assert_eq!(adapters.dead_letters.find(&seen.id).await.unwrap(), Some(seen));
    let record = adapters.inbox.find(&run.key, at(1)).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempts), (RunStatus::Parked, 1));
}

/// Nothing of what the old one says is left.
pub async fn a_record_that_has_expired_stands_in_no_way(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    let mut done = tx_of(run.clone(), Fence::NotDone);
    let skipped = Some("it was there already".to_owned());
    done.completion.end = End::Done { skipped, output: None, fingerprint: None };
    adapters.commit(&done).await;
    let run = begun(&run, at(3600));
    let letter = DeadLetter { last_failed_at: at(3601), ..of_run(&sample, &run) };

    adapters.commit(&giving_up(&run, Fence::Idle { attempts: 0 }, &letter)).await;

    let record = adapters.inbox.find(&run.key, at(3601)).await.unwrap().unwrap();
    assert_eq!((record.status, record.skipped, record.actions), (RunStatus::Parked, None, None));
}

/// As after an answer that was lost.
pub async fn giving_up_sent_twice_is_done_once(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, holder) = (sample.run(), owner());
    adapters.claimed(&claim(&run, holder)).await;
    let letter = of_run(&sample, &run);
    let tx = giving_up(&run, Fence::Held(holder), &letter);

    adapters.commit(&tx).await;
    redrive(adapters, &sample, &letter, &run).await;
    adapters.commit(&tx).await;

    let found = adapters.dead_letters.find(&letter.id).await.unwrap().unwrap();
    assert_eq!((found.status, found.redrives), (LetterStatus::Redriven, 1));
    assert_eq!(adapters.claimed(&claim(&begun(&run, at(5)), owner())).await, FIRST);
}

/// What its transaction cannot hold is there before it.
pub async fn a_huge_letter_is_written_whole(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    let letter = DeadLetter { body: "ü".repeat(1 << 19), ..of_run(&sample, &run) };
    adapters.dead_letters.prepare(&letter).await.unwrap();
    assert_eq!(adapters.dead_letters.find(&letter.id).await.unwrap(), None);

    adapters.commit(&giving_up(&run, Fence::Idle { attempts: 0 }, &letter)).await;

    // Not `assert_eq!`: nobody reads a message of 1 MiB.
    let found = adapters.dead_letters.find(&letter.id).await.unwrap();
    assert!(found == Some(letter), "its body is not the same");
}

fn of_run(sample: &Sample, run: &Run) -> DeadLetter {
    DeadLetter { id: run.key.to_string(), ..letter(sample) }
}

fn giving_up(run: &Run, fence: Fence, letter: &DeadLetter) -> Transaction {
    let mut tx = tx_of(run.clone(), fence);
    tx.completion.finished_at = letter.last_failed_at;
    tx.completion.end = End::GivenUp(Box::new(letter.clone()));
    tx
}

async fn loses_and_writes_no_letter(adapters: &Adapters, sample: &Sample, run: &Run, fence: Fence) {
    let letter = of_run(sample, run);

    adapters.loses(&giving_up(run, fence, &letter), true).await;

    assert_eq!(adapters.dead_letters.find(&letter.id).await.unwrap(), None);
}

async fn redrive(adapters: &Adapters, sample: &Sample, letter: &DeadLetter, run: &Run) {
    let (id, position) = (letter.id.clone(), letter.position());
    let change = LetterChange { id, position, status: LetterStatus::Redriven, edited_as: None };
    let (run, seen) = (run.clone(), Some(RunStatus::Parked));
    let pardon = RunChange { run, seen, fate: Fate::Pardoned, at: at(3) };
    let decision = Transaction { letters: vec![change], runs: vec![pardon], ..sample.tx() };
    adapters.commit(&decision).await;
}
