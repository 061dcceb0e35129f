//! Operations on a few keys, runs and owners, so that they meet each other.

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::clock::later;
use crate::contract::Adapters;
use crate::contract::differential::letters::{LetterOperation, Letters};
use crate::contract::sample::{Sample, Thing, at, tx_of};
use crate::id::OwnerToken;
use crate::live::LiveShard;
use crate::memory::Random;
use crate::port::{
    Claim, CommitError, FailedAs, FailedRun, Inbox, Journal, LeaseError, Listing, OutboxRow, Page,
    Run, RunKey, StoreError,
};
use crate::stored::{Key, Place};
use crate::transaction::{Fence, Guard, ItemWrite, StreamEnd, Transaction};
use crate::verdict::Classify;

/// Pages of one reading at most.
const PAGES: usize = 50;

/// Draws operations, and remembers what makes the next ones interesting.
pub(super) struct Operations {
    pub(super) random: Random,
    pub(super) sample: Sample,
    pub(super) now: Timestamp,
    pub(super) letters: Letters,
    runs: Vec<Run>,
    /// Who claimed what; each owner is a new one, as that of every attempt is.
    holders: Vec<(OwnerToken, Run)>,
    /// Of the items `0`, `1` and `2` the version, and that of the last event.
    versions: [(u64, u64); 3],
    /// The last transaction, and all messages that were ever put.
    last: Option<Transaction>,
    rows: Vec<OutboxRow>,
}

/// One call of a port.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Commit(Box<Transaction>),
    Get(Key),
    List(Listing),
    Live(LiveShard),
    Stream(usize, u64),
    Chain,
    Find(RunKey, Timestamp),
    /// And whether it is sent again, as after an answer that was lost.
    Claim(Claim, bool),
    Renew(RunKey, OwnerToken, Timestamp),
    Release(RunKey, OwnerToken, Timestamp),
    Fail(FailedRun),
    Runs,
    Due(u8, Timestamp),
    Remove(OutboxRow),
    Letters(LetterOperation),
}

impl Operations {
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut sample = Sample::new();
        sample.correlation_id = "chain-1".parse().unwrap();
        let runs = (0..3).map(|_| {
            let message_id = uuid(&mut random).into();
            Run { key: RunKey::of_handler("move-thing", message_id), message_id, ..sample.run() }
        });
        let runs: Vec<Run> = runs.collect();
        let holders = runs.iter().map(|run| (uuid(&mut random).into(), run.clone())).collect();

        let now = at(0);
        let (versions, last, rows) = ([(0, 0); 3], None, Vec::new());
        let letters = Letters::default();
        Self { random, sample, now, letters, runs, holders, versions, last, rows }
    }

    pub(super) fn draw(&mut self) -> Operation {
        self.now = later(self.now, Duration::from_secs(self.random.below(40)));
        let key = self.run().key;
        let item = self.item();
        match self.random.below(24) {
            0..=4 => Operation::Commit(Box::new(self.transaction())),
            19 | 20 => Operation::Commit(Box::new(self.decision())),
            21..=23 => Operation::Letters(self.letter_operation()),
            5 => Operation::Get(self.key(item)),
            6 => Operation::List(self.listing()),
            7 => Operation::Live(LiveShard::of(&self.sample.tenant, "things")),
            8 => Operation::Stream(item, self.random.below(3)),
            9 => Operation::Chain,
            10 => Operation::Find(key, self.now),
            11 | 12 => Operation::Claim(self.claim(), self.random.below(4) == 0),
            13 => {
                let (owner, run) = self.holder();
                Operation::Renew(run.key, owner, later(self.now, Duration::from_mins(1)))
            }
            14 => Operation::Fail(self.failure()),
            15 => {
                let (owner, run) = self.holder();
                Operation::Release(run.key, owner, self.now)
            }
            16 => Operation::Runs,
            17 => Operation::Due(self.shard(), self.now),
            _ => match self.rows.last() {
                Some(row) => Operation::Remove(row.clone()),
                None => Operation::Chain,
            },
        }
    }

    /// Takes up what a commit has changed.
    pub(super) fn learn(&mut self, operation: &Operation, answer: &str) {
        let tx = match operation {
            Operation::Commit(tx) => tx,
            Operation::Letters(LetterOperation::Park(letter)) if answer == "true" => {
                return self.remember(letter);
            }
            _ => return,
        };
        self.rows.extend(tx.outbox.iter().cloned());
        if answer == "Ok(())" && self.last.as_ref() != Some(tx) {
            for item in 0..3 {
                let key = self.key(item);
                let writes = tx.items.iter().filter(|write| match write {
                    ItemWrite::Save { key: of, .. } | ItemWrite::PutView { key: of, .. } => {
                        *of == key
                    }
                    ItemWrite::Check { .. } => false,
                });
                self.versions[item].0 += writes.count() as u64;
                let stream = Place::<Thing>::new(item).stream();
                let events =
                    tx.events.iter().filter(|event| event.envelope.subject == stream.as_str());
                self.versions[item].1 += events.count() as u64;
            }
        }
        if answer == "Ok(())" && self.last.as_ref() != Some(tx) {
            self.learn_letters(tx);
        }
        self.last = Some(tx.as_ref().clone());
    }

    /// What the adapters answer, as text that is equal where the answers are.
    pub(super) async fn ask(&self, operation: &Operation, adapters: &Adapters) -> String {
        let Adapters { store, journal, inbox, outbox, .. } = adapters;
        let tenant = &self.sample.tenant;
        let chain = &self.sample.correlation_id;
        match operation {
            Operation::Commit(tx) => match store.commit(tx).await {
                Err(CommitError::Condition { record }) => format!("lost, record: {record}"),
                Err(CommitError::Store { source }) => {
                    format!("not written: {:?}", source.verdict())
                }
                committed => format!("{committed:?}"),
            },
            Operation::Get(key) => text(store.get(key).await),
            Operation::List(listing) => {
                all(async |after| {
                    let listing =
                        Listing { after: after.or(listing.after.clone()), ..listing.clone() };
                    store.list(&listing).await
                })
                .await
            }
            Operation::Live(shard) => {
                all(async |after| store.live(shard, after.as_deref()).await).await
            }
            Operation::Stream(item, after) => {
                let stream = Place::<Thing>::new(item).stream();
                text(journal.stream(tenant, &stream, *after).await.map(|page| page.items))
            }
            Operation::Chain => {
                all(async |after| Journal::chain(&**journal, tenant, chain, after.as_deref()).await)
                    .await
            }
            Operation::Find(key, now) => text(inbox.find(key, *now).await),
            Operation::Claim(claim, again) => {
                let claimed = text(inbox.claim(claim).await);
                if *again {
                    format!("{claimed}, {}", text(inbox.claim(claim).await))
                } else {
                    claimed
                }
            }
            Operation::Renew(key, owner, until) => lease(inbox.renew(key, *owner, *until).await),
            Operation::Release(key, owner, at) => lease(inbox.release(key, *owner, *at).await),
            Operation::Fail(failed) => lease(inbox.fail(failed).await),
            Operation::Runs => {
                all(async |after| Inbox::chain(&**inbox, tenant, chain, after.as_deref()).await)
                    .await
            }
            Operation::Due(shard, by) => {
                all(async |after| outbox.due(*shard, *by, after.as_deref()).await).await
            }
            Operation::Letters(about) => self.ask_letters(about, adapters).await,
            Operation::Remove(row) => text(outbox.remove(std::slice::from_ref(row)).await),
        }
    }

    fn transaction(&mut self) -> Transaction {
        if let Some(last) = self.last.clone().filter(|_| self.random.below(6) == 0) {
            // As after an answer that was lost.
            return last;
        }
        let (run, fence) = if self.random.below(2) == 0 {
            (self.run(), Fence::NotDone)
        } else {
            let (owner, run) = self.holder();
            (run, Fence::Held(owner))
        };
        let mut tx = Transaction { token: uuid(&mut self.random).into(), ..tx_of(run, fence) };
        tx.completion.finished_at = self.now;
        for item in 0..3 {
            if let Some(write) = self.write(item) {
                tx.items.push(write);
            }
            match self.random.below(8) {
                0 | 1 => {
                    let version = self.versions[item].1 + 1 - self.off_by_one();
                    let mut event = self.sample.event(&item.to_string(), version.max(1));
                    event.envelope.id = uuid(&mut self.random).into();
                    tx.events.push(event);
                }
                2 => {
                    let version = self.versions[item].1.saturating_sub(self.off_by_one());
                    let key = Place::<Thing>::new(item).stream().key(&self.sample.tenant);
                    tx.ends.push(StreamEnd { key, version });
                }
                _ => {}
            }
        }
        for _ in 0..self.random.below(3) {
            let due = later(self.now, Duration::from_secs(self.random.below(60)));
            let mut row = self.sample.row(due, 0);
            let mut id = *uuid(&mut self.random).as_bytes();
            id[15] = self.shard();
            row.message_id = Uuid::from_bytes(id).into();
            tx.outbox.push(row);
        }
        if self.random.below(4) == 0 { self.give_up(tx) } else { tx }
    }

    fn write(&mut self, item: usize) -> Option<ItemWrite> {
        let key = self.key(item);
        let version = self.versions[item].0.saturating_sub(self.off_by_one());
        let guard = if version == 0 { Guard::Absent } else { Guard::Version(version) };
        let live = LiveShard::of(&self.sample.tenant, "things");
        let live = (self.random.below(2) == 0).then_some(live);
        let data = json!({ "n": self.random.below(1000) });
        let head = self.random.below(5);
        Some(match self.random.below(6) {
            0 | 1 => ItemWrite::Save { key, guard, head, live, data },
            2 => ItemWrite::Check { key, guard },
            3 => ItemWrite::PutView { key, data },
            _ => return None,
        })
    }

    fn claim(&mut self) -> Claim {
        let (owner, run) = (uuid(&mut self.random).into(), self.run());
        self.holders.push((owner, run.clone()));
        let until = later(self.now, Duration::from_secs(1 + self.random.below(90)));
        Claim { run, owner, until }
    }

    fn failure(&mut self) -> FailedRun {
        let (run, owner) = if self.random.below(2) == 0 {
            (self.run(), None)
        } else {
            let (owner, run) = self.holder();
            (run, Some(owner))
        };
        let outcomes = [FailedAs::Attempt, FailedAs::NotCounted, FailedAs::ForGood];
        let (at, outcome) = (self.now, self.random.any_of(&outcomes));
        FailedRun { run, owner, at, outcome, reason: "it rained".to_owned() }
    }

    fn listing(&mut self) -> Listing {
        let after = self.item().to_string();
        Listing {
            partition: self.key(0).partition,
            descending: self.random.below(2) == 0,
            limit: self.random.any_of(&[1, 2, 3, 100]),
            after: (self.random.below(3) == 0).then_some(after),
        }
    }

    /// Mostly nothing, now and then 1: a version that is not right.
    fn off_by_one(&mut self) -> u64 {
        u64::from(self.random.below(6) == 0)
    }

    /// One of the runs, begun now.
    pub(super) fn run(&mut self) -> Run {
        let run = self.runs[usize::try_from(self.random.below(3)).unwrap()].clone();
        self.begun_now(run)
    }

    /// The one with this key.
    pub(super) fn run_of(&self, key: &str) -> Run {
        let run = self.runs.iter().find(|run| run.key.as_str() == key).unwrap();
        self.begun_now(run.clone())
    }

    fn begun_now(&self, run: Run) -> Run {
        Run { started_at: self.now, expires_at: later(self.now, Duration::from_mins(20)), ..run }
    }

    /// One of the last to claim something, who may have lost it meanwhile or never got it.
    fn holder(&mut self) -> (OwnerToken, Run) {
        let back = 1 + usize::try_from(self.random.below(3)).unwrap();
        self.holders[self.holders.len() - back].clone()
    }

    fn item(&mut self) -> usize {
        self.random.any_of(&[0, 1, 2])
    }

    fn key(&self, item: usize) -> Key {
        self.sample.key(&item.to_string())
    }

    fn shard(&mut self) -> u8 {
        self.random.any_of(&[0, 1])
    }
}

pub(super) fn uuid(random: &mut Random) -> Uuid {
    Uuid::from_u64_pair(random.below(u64::MAX), random.below(u64::MAX))
}

pub(super) fn text<T: Debug>(answer: Result<T, StoreError>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("{:?}", error.verdict()),
    }
}

fn lease<T: Debug>(answer: Result<T, LeaseError>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(LeaseError::LeaseLost) => "lease lost".to_owned(),
        Err(error) => format!("{:?}", error.verdict()),
    }
}

/// Everything of all pages: where a page ends is the adapter's own business.
pub(super) async fn all<T: Debug>(
    page: impl AsyncFn(Option<String>) -> Result<Page<T>, StoreError>,
) -> String {
    let (mut items, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        match page(after).await {
            Ok(page) => {
                items.extend(page.items);
                after = page.next;
            }
            Err(error) => return format!("{:?}", error.verdict()),
        }
        if after.is_none() {
            break;
        }
    }
    format!("{items:?}")
}
