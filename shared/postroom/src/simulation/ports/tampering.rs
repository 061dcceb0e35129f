//! How a system with a mistake would write: other than it was asked, or not as one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use crate::id::{MessageId, named};
use crate::port::{
    CommitError, DeadLetter, DeadLetters, Destination, FailedAs, FailedRun, FailureClass, Inbox,
    Item, OutboxRow, Queue, RunKey, Store, Topic,
};
use crate::projection::Position;
use crate::simulation::Sabotage;
use crate::simulation::ports::Simulated;
use crate::simulation::world::WRITE;
use crate::stored::{Key, Partition, Stored, join, split};
use crate::transaction::{Completion, End, Fence, Guard, ItemWrite, LetterChange, Transaction};
use crate::tx::streams::SNAPSHOTS;
use crate::worker::GIVEN_UP;

/// What only sabotage needs to know.
#[derive(Debug, Default)]
pub(super) struct Tampering {
    /// The last number given to an event of a stream.
    pub(super) numbers: BTreeMap<String, u64>,
    /// By service: the end of the slots that are taken.
    pub(super) slots: BTreeMap<String, Timestamp>,
    /// Dead letters that are still to be written, and by which invocation.
    pub(super) unwritten: Vec<(u64, DeadLetter)>,
    /// Messages that nobody sends, by handler and id.
    overlooked: BTreeSet<(Destination, MessageId)>,
    /// Runs that have lost a race.
    lost: BTreeSet<RunKey>,
    /// By transaction, whether its run had lost a race when it was first sent.
    reruns: BTreeMap<Uuid, bool>,
}

impl Tampering {
    /// Keeps that a transaction was not committed, where a condition failed.
    pub(super) fn lost_race(&mut self, tx: &Transaction, error: &CommitError) {
        if let CommitError::Condition { .. } = error {
            self.lost.insert(tx.completion.run.key.clone());
        }
    }

    /// Whether a transaction is staged anew, after another of its run has lost a race.
    fn is_rerun(&mut self, tx: &Transaction) -> bool {
        let lost = self.lost.contains(&tx.completion.run.key);
        // Whatever is sent again is the same.
        *self.reruns.entry(tx.token.uuid()).or_insert(lost)
    }

    pub(super) fn overlook(&mut self, row: &OutboxRow) {
        self.overlooked.insert((row.to.clone(), row.message_id));
    }

    pub(super) fn overlooks(&self, row: &OutboxRow) -> bool {
        self.overlooked.contains(&(row.to.clone(), row.message_id))
    }
}

impl Simulated {
    /// A transaction as a kit with a mistake would ask for it.
    pub(super) fn forgetful<'a>(&self, tx: &'a Transaction) -> Cow<'a, Transaction> {
        let forgets = [Sabotage::ForgetReaction, Sabotage::ForgetListener];
        let mut tampering = self.tampering();
        if !forgets.into_iter().any(|one| self.is(one)) || !tampering.is_rerun(tx) {
            return Cow::Borrowed(tx);
        }
        let mut tx = tx.clone();
        match self.sabotage {
            Some(Sabotage::ForgetReaction) => {
                let forgotten = tx.events.last().map(|event| event.envelope.id);
                let of_event = |row: &OutboxRow| Some(row.message_id) == forgotten;
                if let Some(place) = tx.outbox.iter().rposition(of_event) {
                    tampering.overlook(&tx.outbox.remove(place));
                }
            }
            Some(Sabotage::ForgetListener) => {
                if let Some(event) = tx.events.last_mut() {
                    event.in_request.pop();
                }
            }
            _ => {}
        }
        Cow::Owned(tx)
    }

    /// The transaction as a system with a mistake would write it.
    pub(super) async fn tampered<'a>(&self, tx: &'a Transaction) -> Cow<'a, Transaction> {
        if self.sabotage.is_none() {
            return Cow::Borrowed(tx);
        }
        let mut tx = tx.clone();
        match self.sabotage {
            Some(Sabotage::SendBeforeCommit) => {
                for row in &tx.outbox {
                    // What was not sent now is sent after the commit, or by the relay.
                    let row = std::slice::from_ref(row);
                    match &row[0].to {
                        Destination::Queue(handler) => drop(self.send(handler, row).await),
                        Destination::Topic => drop(self.publish(row).await),
                    }
                }
            }
            Some(Sabotage::NoOutbox) => {
                let now = self.world.lock().now;
                tx.outbox.retain(|row| row.due > now);
            }
            Some(Sabotage::NoVersionCondition) => {
                for write in &mut tx.items {
                    if let ItemWrite::Check { key, guard } | ItemWrite::Save { key, guard, .. } =
                        write
                    {
                        let found = self.memory.item(key);
                        *guard = found.map_or(Guard::Absent, |item| Guard::Version(item.version));
                    }
                }
            }
            Some(Sabotage::ViewWithoutVersion) if tx.items.iter().any(is_position) => {
                tx.items = tx.items.into_iter().filter_map(unguarded).collect();
            }
            Some(Sabotage::SwapBeforeWalked) => tx.items.iter_mut().for_each(swap),
            Some(Sabotage::NumberBeforeCommit) => {
                let mut tampering = self.tampering();
                for event in &mut tx.events {
                    let number = tampering.numbers.entry(event.stream_key()).or_default();
                    *number += 1;
                    event.envelope.stream_version = Some(*number);
                }
            }
            Some(Sabotage::NoInbox | Sabotage::UnfencedLease) => {
                tx.completion.fence = Fence::NotDone;
            }
            _ => {}
        }
        Cow::Owned(tx)
    }

    /// Whether what the record says does not matter to this sabotage.
    pub(super) fn ignores_record(&self, tx: &Transaction) -> bool {
        let held = matches!(tx.completion.fence, Fence::Held(_));
        self.is(Sabotage::NoInbox) || (held && self.is(Sabotage::UnfencedLease))
    }

    /// Commits a transaction: as one, unless sabotage does otherwise.
    pub(super) async fn write(&self, tx: &Transaction) -> Result<(), CommitError> {
        let (all, apart) = (|| tx.clone(), || empty(beside(tx)));
        match self.sabotage {
            Some(Sabotage::RecordInSecondWrite) => {
                self.in_two_writes(tx, &beside(tx), &empty(all())).await
            }
            Some(Sabotage::ItemsInSecondWrite) if !tx.items.is_empty() => {
                let items = Transaction { items: tx.items.clone(), ..apart() };
                self.in_two_writes(tx, &Transaction { items: Vec::new(), ..all() }, &items).await
            }
            Some(Sabotage::EventsInSecondWrite) if !tx.events.is_empty() => {
                let events = Transaction { events: tx.events.clone(), ..apart() };
                self.in_two_writes(tx, &Transaction { events: Vec::new(), ..all() }, &events).await
            }
            Some(Sabotage::EventsInFirstWrite) if !tx.events.is_empty() => {
                self.commit_part(&Transaction { events: tx.events.clone(), ..apart() }).await?;
                self.world.turn(WRITE).await;
                self.commit_part(&Transaction { events: Vec::new(), ..all() }).await
            }
            Some(Sabotage::AppendOver) => self.memory.commit_over(tx),
            Some(Sabotage::SnapshotInFirstWrite) if tx.items.iter().any(is_snapshot) => {
                let (snapshots, items) = tx.items.iter().cloned().partition(is_snapshot);
                self.commit_part(&Transaction { items: snapshots, ..apart() }).await?;
                self.world.turn(WRITE).await;
                self.commit_part(&Transaction { items, ..all() }).await
            }
            Some(Sabotage::ViewInFirstWrite) if tx.items.iter().any(is_position) => {
                let (positions, views) = tx.items.iter().cloned().partition(is_position);
                self.commit_part(&Transaction { items: views, ..apart() }).await?;
                self.world.turn(WRITE).await;
                self.commit_part(&Transaction { items: positions, ..all() }).await
            }
            Some(Sabotage::DecideInTwoWrites) if !tx.letters.is_empty() => {
                let letters = Transaction { letters: tx.letters.clone(), ..apart() };
                let first = Transaction { letters: Vec::new(), ..all() };
                self.in_two_writes(tx, &first, &letters).await
            }
            Some(Sabotage::AuditInSecondWrite) if !tx.letters.is_empty() => {
                let audit = Transaction { items: tx.items.clone(), ..apart() };
                self.in_two_writes(tx, &Transaction { items: Vec::new(), ..all() }, &audit).await
            }
            Some(Sabotage::EditInTwoWrites) if tx.letters.iter().any(is_edit) => {
                let outbox = Transaction { outbox: tx.outbox.clone(), ..apart() };
                self.in_two_writes(tx, &Transaction { outbox: Vec::new(), ..all() }, &outbox).await
            }
            Some(Sabotage::ReactInSecondWrite) if tx.parked().is_some() => {
                self.in_two_writes(tx, &empty(all()), &beside(tx)).await
            }
            Some(Sabotage::AcknowledgeBeforePark) if tx.parked().is_some() => {
                self.park_later(tx).await
            }
            Some(Sabotage::CollectBeforePark) if tx.parked().is_some_and(is_collected) => {
                self.park_later(tx).await
            }
            Some(Sabotage::ParkInTwoWrites) if tx.parked().is_some() => {
                self.park_in_two_writes(tx).await
            }
            Some(Sabotage::PermanentIsRetried) if tx.parked().is_some_and(is_permanent) => {
                let committed = self.memory.commit(tx).await;
                self.memory.forget(&tx.completion.run.key);
                committed
            }
            Some(Sabotage::ForgetAnswers) => {
                self.memory.forget_token(tx.token);
                self.memory.commit(tx).await
            }
            _ => self.memory.commit(tx).await,
        }
    }

    /// Commits what was asked in two parts; it counts as done with the first.
    async fn in_two_writes(
        &self,
        asked: &Transaction,
        first: &Transaction,
        second: &Transaction,
    ) -> Result<(), CommitError> {
        self.commit_part(first).await?;
        let new = self.world.lock().evidence.commit(asked, Vec::new());
        self.world.note(|| "committed the first of two parts".to_owned());
        self.world.turn(WRITE).await;
        // Who sends it again, because the answer was lost, mends nothing.
        if new { self.commit_part(second).await } else { Ok(()) }
    }

    /// A snapshot as one reads it who does not ask whether its last event is in the journal.
    pub(super) fn believed(&self, snapshot: &mut Item) {
        let tenant = split('#', snapshot.key.partition.as_str()).swap_remove(0);
        let stream = join('#', &[&tenant, &snapshot.key.id]);
        let version = snapshot.data["version"].as_u64().unwrap_or(0);
        if let Some(last) = self.memory.event(stream, version) {
            snapshot.data["event_id"] = last.envelope.id.to_string().into();
        }
    }

    async fn commit_part(&self, part: &Transaction) -> Result<(), CommitError> {
        self.memory.commit(part).await?;
        let key = &part.completion.run.key;
        if key.as_str().starts_with(PART) {
            self.memory.forget(key);
        }
        Ok(())
    }

    /// Remembers that a run was given up, and leaves its letter for when its message is gone.
    async fn park_later(&self, tx: &Transaction) -> Result<(), CommitError> {
        self.remember_failure(tx).await?;
        let actor = self.world.lock().running.actor;
        self.tampering().unwritten.extend(tx.parked().map(|letter| (actor, letter.clone())));
        Ok(())
    }

    /// First the letter, and then, whatever was decided about that since, that its run was given up.
    async fn park_in_two_writes(&self, tx: &Transaction) -> Result<(), CommitError> {
        if let Some(letter) = tx.parked() {
            let _ = DeadLetters::park(&self.memory, letter).await;
        }
        self.world.note(|| "wrote the letter alone".to_owned());
        self.world.turn(WRITE).await;
        self.remember_failure(tx).await
    }

    async fn remember_failure(&self, tx: &Transaction) -> Result<(), CommitError> {
        let Completion { run, fence, finished_at, .. } = &tx.completion;
        let owner = match fence {
            Fence::Held(owner) => Some(*owner),
            Fence::NotDone | Fence::NotParked | Fence::Idle { .. } => None,
        };
        let (run, reason) = (run.clone(), tx.parked().map(DeadLetter::reason).unwrap_or_default());
        let failed = FailedRun { run, owner, at: *finished_at, outcome: FailedAs::ForGood, reason };
        let remembered = self.memory.fail(&failed).await;
        remembered.map(drop).map_err(|_| CommitError::Condition { record: true })
    }
}

/// What the runs of parts are called that have none of their own.
const PART: &str = "sabotage#";

fn is_collected(letter: &DeadLetter) -> bool {
    letter.causes.first().is_some_and(|cause| cause == GIVEN_UP)
}

fn is_edit(change: &LetterChange) -> bool {
    change.edited_as.is_some()
}

fn is_permanent(letter: &DeadLetter) -> bool {
    letter.class == FailureClass::Permanent
}

/// The same write whatever is there.
fn unguarded(write: ItemWrite) -> Option<ItemWrite> {
    match write {
        ItemWrite::Check { .. } => None,
        ItemWrite::Save { key, data, .. } => Some(ItemWrite::PutView { key, data }),
        ItemWrite::PutView { .. } => Some(write),
    }
}

/// Has the build read that is being made.
fn swap(write: &mut ItemWrite) {
    let ItemWrite::Save { key, data, .. } = write else { return };
    if key.partition == Partition::of_operators("projections", None)
        && let Some(building) = data.as_object_mut().and_then(|builds| builds.remove("building"))
    {
        data["live"] = building["generation"].clone();
    }
}

fn is_position(write: &ItemWrite) -> bool {
    is_in(Position::COLLECTION, write.key())
}

/// Whether a key is of a collection, in whichever build.
fn is_in(collection: &str, key: &Key) -> bool {
    let parts = split('#', key.partition.as_str());
    parts.get(1).is_some_and(|found| found.split('@').next() == Some(collection))
}

fn is_snapshot(write: &ItemWrite) -> bool {
    matches!(write, ItemWrite::PutView { key, .. } if is_of_snapshot(key))
}

/// Whether a key is one under which the kit keeps snapshots.
pub(super) fn is_of_snapshot(key: &Key) -> bool {
    is_in(SNAPSHOTS, key)
}

/// All that a transaction writes but the end of its run, as a transaction of its own.
fn beside(tx: &Transaction) -> Transaction {
    let mut beside = tx.clone();
    beside.token = named([tx.token.uuid().as_bytes().as_slice()]).into();
    beside.completion.run.key = RunKey::from_stored(format!("{PART}{}", tx.token));
    beside.completion.fence = Fence::NotDone;
    beside.completion.end = End::Done { skipped: None, output: None, fingerprint: None };
    beside
}

/// A transaction that writes nothing but the end of its run.
fn empty(tx: Transaction) -> Transaction {
    Transaction {
        items: Vec::new(),
        ends: Vec::new(),
        events: Vec::new(),
        outbox: Vec::new(),
        cancelled: Vec::new(),
        letters: Vec::new(),
        runs: Vec::new(),
        ..tx
    }
}
