//! What a store of dead letters promises.

use serde_json::Value;
use uuid::Uuid;

use crate::contract::Adapters;
use crate::contract::sample::{Sample, at};
use crate::port::{DeadLetter, FailureClass, LETTER_SHARDS, LetterHead, LetterStatus};
use crate::transaction::{LetterChange, Transaction};

/// With everything that was known of the message.
pub async fn a_parked_letter_is_found(adapters: &Adapters) {
    let letter = letter(&Sample::new());

    adapters.dead_letters.park(&letter).await.unwrap();

    assert_eq!(adapters.dead_letters.find(&letter.id).await.unwrap(), Some(letter));
}

/// A body that told nothing is kept as it was received.
pub async fn an_unreadable_message_is_kept_too(adapters: &Adapters) {
    let letter = DeadLetter {
        body: "no JSON \u{1F4EE}".to_owned(),
        handler: None,
        envelope: None,
        ..letter(&Sample::new())
    };

    adapters.dead_letters.park(&letter).await.unwrap();

    assert_eq!(adapters.dead_letters.find(&letter.id).await.unwrap(), Some(letter));
}

/// As long as a queue takes messages, in characters of every width, and empty.
pub async fn a_huge_body_is_kept_whole(adapters: &Adapters) {
    for unit in ["\u{1F4EE}", "ü", "x", ""] {
        let body = unit.repeat((1 << 20) / unit.len().max(1));
        let letter = DeadLetter { body, ..letter(&Sample::new()) };

        adapters.dead_letters.park(&letter).await.unwrap();

        let found = adapters.dead_letters.find(&letter.id).await.unwrap();
        // Not `assert_eq!`: nobody reads a message of 2 MiB.
        assert!(found == Some(letter), "a body of `{unit}` is not the same");
    }
}

/// The later one.
pub async fn parking_twice_keeps_one(adapters: &Adapters) {
    let first = letter(&Sample::new());
    let class = FailureClass::Exhausted;
    let second = DeadLetter { attempts: 5, class, last_failed_at: at(9), ..first.clone() };

    adapters.dead_letters.park(&first).await.unwrap();
    adapters.dead_letters.park(&second).await.unwrap();

    assert_eq!(adapters.dead_letters.find(&first.id).await.unwrap(), Some(second));
}

/// Where nothing was parked, nothing is found.
pub async fn a_letter_that_never_was_is_absent(adapters: &Adapters) {
    assert_eq!(adapters.dead_letters.find("nobody#nothing").await.unwrap(), None);
}

/// What the earlier delivery knew is gone with it.
pub async fn a_letter_that_is_parked_again_is_the_later_one_alone(adapters: &Adapters) {
    let first = letter(&Sample::new());
    adapters.dead_letters.park(&first).await.unwrap();
    let again = DeadLetter { envelope: None, handler: None, last_failed_at: at(9), ..first };

    assert!(adapters.dead_letters.park(&again).await.unwrap());

    assert_eq!(open(adapters, again.shard()).await, [again.head()]);
    assert_eq!(adapters.dead_letters.find(&again.id).await.unwrap(), Some(again));
}

/// Whatever was decided: a late delivery of the same message opens nothing again.
pub async fn what_was_decided_about_is_not_parked_again(adapters: &Adapters) {
    for status in [LetterStatus::Redriven, LetterStatus::Discarded] {
        let sample = Sample::new();
        let first = letter(&sample);
        adapters.dead_letters.park(&first).await.unwrap();
        decide(adapters, &sample, &first, status).await;
        let decided = adapters.dead_letters.find(&first.id).await.unwrap();
        let late = DeadLetter { last_failed_at: at(9), ..first };

        assert!(!adapters.dead_letters.park(&late).await.unwrap());

        assert_eq!(adapters.dead_letters.find(&late.id).await.unwrap(), decided);
        assert_eq!(open(adapters, late.shard()).await, []);
    }
}

/// Those of a shard, from before a position.
pub async fn open_letters_come_the_last_failed_first(adapters: &Adapters) {
    let letters = of_one_shard(3);
    for letter in [&letters[1], &letters[0], &letters[2]] {
        adapters.dead_letters.park(letter).await.unwrap();
    }
    let shard = letters[0].shard();

    let all = open(adapters, shard).await;
    let before = letters[2].position();
    let older = adapters.dead_letters.open(shard, Some(&before)).await.unwrap();

    assert_eq!(all, [letters[2].head(), letters[1].head(), letters[0].head()]);
    assert_eq!(older.items, [letters[1].head(), letters[0].head()]);
    assert_eq!(open(adapters, (shard + 1) % LETTER_SHARDS).await, []);
}

/// Following `next` visits every letter once.
pub async fn a_full_shard_comes_in_pages(adapters: &Adapters) {
    let letters = of_one_shard(130);
    for letter in &letters {
        adapters.dead_letters.park(letter).await.unwrap();
    }

    let found = open(adapters, letters[0].shard()).await;

    let newest_first: Vec<_> = letters.iter().rev().map(DeadLetter::head).collect();
    assert_eq!(found, newest_first);
}

/// It is found by its id, and no longer listed.
pub async fn what_was_decided_about_is_not_open(adapters: &Adapters) {
    let sample = Sample::new();
    let letter = letter(&sample);
    adapters.dead_letters.park(&letter).await.unwrap();

    redrive(adapters, &sample, &letter).await;

    assert_eq!(open(adapters, letter.shard()).await, []);
    let found = adapters.dead_letters.find(&letter.id).await.unwrap().unwrap();
    assert_eq!(found.status, LetterStatus::Redriven);
}

/// Its own, whatever was decided about them; those without an envelope are in none.
pub async fn a_chain_holds_its_letters_by_time(adapters: &Adapters) {
    let (sample, other) = (Sample::new(), Sample::new());
    let first = letter(&sample);
    let second = DeadLetter { last_failed_at: at(9), ..letter(&sample) };
    let nobodys = DeadLetter { envelope: None, ..letter(&sample) };
    for letter in [&second, &first, &nobodys, &letter(&other)] {
        adapters.dead_letters.park(letter).await.unwrap();
    }
    redrive(adapters, &sample, &first).await;

    let (tenant, chain) = (&sample.tenant, &sample.correlation_id);
    let found = adapters.dead_letters.chain(tenant, chain, None).await.unwrap();
    let after = first.position();
    let later = adapters.dead_letters.chain(tenant, chain, Some(&after)).await.unwrap();

    let redriven = DeadLetter { status: LetterStatus::Redriven, redrives: 1, ..first };
    assert_eq!(found.items, [redriven.head(), second.head()]);
    assert_eq!(later.items, [second.head()]);
}

async fn redrive(adapters: &Adapters, sample: &Sample, letter: &DeadLetter) {
    decide(adapters, sample, letter, LetterStatus::Redriven).await;
}

async fn decide(adapters: &Adapters, sample: &Sample, letter: &DeadLetter, status: LetterStatus) {
    let (id, position) = (letter.id.clone(), letter.position());
    let change = LetterChange { id, position, status, edited_as: None };
    adapters.commit(&Transaction { letters: vec![change], ..sample.tx() }).await;
}

/// Every open letter of a shard.
async fn open(adapters: &Adapters, shard: u8) -> Vec<LetterHead> {
    let (mut letters, mut before) = (Vec::new(), None);
    for _ in 0..100 {
        let page = adapters.dead_letters.open(shard, before.as_deref()).await.unwrap();
        letters.extend(page.items);
        before = page.next;
        if before.is_none() {
            return letters;
        }
    }
    panic!("a shard without end")
}

/// Letters of one shard, each failed a second after the one before it.
fn of_one_shard(count: u64) -> Vec<DeadLetter> {
    let sample = Sample::new();
    let mut letters = Vec::new();
    for second in 0..count {
        let of_shard = |letter: &DeadLetter| letter.shard() == 0;
        let mut candidates = (0..1000).map(|_| letter(&sample));
        let letter = candidates.find(of_shard).unwrap();
        letters.push(DeadLetter { last_failed_at: at(second), ..letter });
    }
    letters
}

pub(super) fn letter(sample: &Sample) -> DeadLetter {
    let run = sample.run();
    let mut envelope = sample.event("a", 1).envelope.with(Value::Null);
    envelope.id = run.message_id;
    DeadLetter {
        id: run.key.to_string(),
        queue: "move-thing".to_owned(),
        handler: Some(run.handler),
        body: r#"{"specversion":"1.0"}"#.to_owned(),
        envelope: Some(envelope),
        causes: vec!["it rained".to_owned(), "heavily: \u{1F327}".to_owned()],
        fingerprint: Uuid::now_v7().into(),
        class: FailureClass::Permanent,
        attempts: 1,
        first_failed_at: at(1),
        last_failed_at: at(2),
        code_version: "1.2.3".to_owned(),
        status: LetterStatus::Open,
        redrives: 0,
        edited_as: None,
    }
}
