//! Operations on a few keys, runs and owners, so that they meet each other.

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::later;
use crate::contract::Adapters;
use crate::contract::differential::gates::{GateOperation, Gates};
use crate::contract::differential::letters::{LetterOperation, Letters};
use crate::contract::sample::{Sample, Thing, at};
use crate::id::OwnerToken;
use crate::live::LiveShard;
use crate::memory::Random;
use crate::port::{
    Claim, CommitError, FailedAs, FailedRun, Inbox, Journal, LeaseError, Listing, OutboxRow, Page,
    Run, RunKey, StoreError,
};
use crate::stored::{Key, Place};
use crate::transaction::{ItemWrite, Transaction};
use crate::verdict::Classify;

/// Pages of one reading at most.
const PAGES: usize = 50;

/// Draws operations, and remembers what makes the next ones interesting.
pub(super) struct Operations {
    pub(super) random: Random,
    pub(super) sample: Sample,
    pub(super) now: Timestamp,
    pub(super) letters: Letters,
    pub(super) gates: Gates,
    runs: Vec<Run>,
    /// Who claimed what; each owner is a new one, as that of every attempt is.
    holders: Vec<(OwnerToken, Run)>,
    /// Of the items `0`, `1` and `2` the version, and that of the last event.
    pub(super) versions: [(u64, u64); 3],
    /// The last transaction, and all messages that were ever put.
    pub(super) last: Option<Transaction>,
    rows: Vec<OutboxRow>,
}

/// One call of a port.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Commit(Box<Transaction>),
    Get(Key),
    GetMany(Vec<Key>),
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
    Gates(GateOperation),
}

impl Operations {
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut sample = Sample::new();
        sample.correlation_id = "chain-1".parse().unwrap();
        let keys = [
            |id, _: &Sample| RunKey::of_handler("move-thing", id),
            |id, _: &Sample| RunKey::of_handler("count-thing", id),
            |id, _: &Sample| RunKey::of_handler("count-thing", id).in_scope(Some(id.uuid().into())),
            |id, _: &Sample| RunKey::of_refusal(id),
            |_, sample: &Sample| RunKey::of_idempotency(&sample.tenant, &"a#b%~".parse().unwrap()),
        ];
        let runs = keys.map(|key| {
            let message_id = uuid(&mut random).into();
            Run { key: key(message_id, &sample), message_id, ..sample.run() }
        });
        let runs = runs.to_vec();
        let holders = runs.iter().map(|run| (uuid(&mut random).into(), run.clone())).collect();

        let now = at(0);
        let (versions, last, rows) = ([(0, 0); 3], None, Vec::new());
        let (letters, gates) = (Letters::default(), Gates::default());
        Self { random, sample, now, letters, gates, runs, holders, versions, last, rows }
    }

    pub(super) fn draw(&mut self) -> Operation {
        self.now = later(self.now, Duration::from_secs(self.random.below(40)));
        let key = self.run().key;
        let item = self.item();
        match self.random.below(27) {
            0..=4 => Operation::Commit(Box::new(self.transaction())),
            19 | 20 => Operation::Commit(Box::new(self.decision())),
            21..=23 => Operation::Letters(self.letter_operation()),
            24..=26 => Operation::Gates(self.gate_operation()),
            5 if self.random.below(2) == 0 => Operation::Get(self.key(item)),
            5 => Operation::GetMany((0..=item).map(|item| self.key(item)).collect()),
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
            Operation::Gates(about) => return self.learn_gate(about, answer),
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
            Operation::GetMany(keys) => text(store.get_many(keys).await),
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
            Operation::Gates(about) => self.ask_gate(about, adapters).await,
            Operation::Remove(row) => text(outbox.remove(std::slice::from_ref(row)).await),
        }
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
            prefix: self.random.any_of(&["", "", "0", "1", "10"]).to_owned(),
            descending: self.random.below(2) == 0,
            limit: self.random.any_of(&[1, 2, 3, 100]),
            after: (self.random.below(3) == 0).then_some(after),
        }
    }

    /// Mostly nothing, now and then 1: a version that is not right.
    pub(super) fn off_by_one(&mut self) -> u64 {
        u64::from(self.random.below(6) == 0)
    }

    /// One of the runs, begun now.
    pub(super) fn run(&mut self) -> Run {
        let any = self.random.below(self.runs.len() as u64);
        let run = self.runs[usize::try_from(any).unwrap()].clone();
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
    pub(super) fn holder(&mut self) -> (OwnerToken, Run) {
        let back = 1 + usize::try_from(self.random.below(3)).unwrap();
        self.holders[self.holders.len() - back].clone()
    }

    fn item(&mut self) -> usize {
        self.random.any_of(&[0, 1, 2])
    }

    pub(super) fn key(&self, item: usize) -> Key {
        self.sample.key(&item.to_string())
    }

    pub(super) fn shard(&mut self) -> u8 {
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
