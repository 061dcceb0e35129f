//! Committing: every condition is checked before anything is written.

use std::collections::BTreeSet;

use crate::memory::state::{Entry, State};
use crate::port::{CommitError, DeadLetter, Item, LetterStatus, OutboxRow, RunStatus, StoreError};
use crate::stored::Key;
use crate::transaction::{
    Completion, End, Fate, Fence, Guard, ItemWrite, LetterChange, RunChange, Transaction,
};

impl State {
    /// Writes all of a transaction, or nothing.
    pub(super) fn commit(&mut self, tx: &Transaction) -> Result<(), CommitError> {
        if has_two_on_one_item(tx) {
            return Err(refused("the transaction has two actions on one item"));
        }
        if let Some(earlier) = self.committed.get(&tx.token().uuid()) {
            let other = refused("the client token was used for another transaction");
            return if earlier == tx { Ok(()) } else { Err(other) };
        }
        let record = !self.may_complete(tx.completion());
        if record || !self.may_write(tx) {
            return Err(CommitError::Condition { record });
        }
        for write in tx.items() {
            self.write(write);
        }
        for event in tx.events() {
            self.events.insert((event.stream_key(), event.version()), event.clone());
        }
        #[cfg(feature = "simulation")]
        {
            self.appends += tx.events().len();
        }
        for row in tx.outbox() {
            self.outbox.insert((row.shard(), row.position()), row.clone());
        }
        for key in tx.cancelled() {
            self.outbox.remove(&(key.shard, key.position.clone()));
        }
        for change in tx.letters() {
            self.decide(change);
        }
        for change in tx.runs() {
            self.decide_run(change);
        }
        self.end(tx);
        self.committed.insert(tx.token().uuid(), tx.clone());
        Ok(())
    }

    fn may_write(&self, tx: &Transaction) -> bool {
        let items = tx.items().iter().all(|write| match write {
            ItemWrite::Check { key, guard } | ItemWrite::Save { key, guard, .. } => {
                self.guard_of(key) == *guard
            }
            ItemWrite::PutView { .. } => true,
        });
        let taken = |event: &_| self.events.contains_key(event);
        let mut appended = tx.events().iter().map(|event| (event.stream_key(), event.version()));
        let mut ends = tx.ends().iter().map(|end| (end.key.clone(), end.next_version()));
        let letters = tx.letters().iter().all(|change| self.may_decide(change));
        let runs = tx.runs().iter().all(|change| self.may_decide_run(change));
        let parked = tx.parked().is_none_or(|letter| self.may_park(letter));
        let grown = appended.any(|event| taken(&event)) || ends.any(|next| taken(&next));
        items && letters && runs && parked && !grown
    }

    fn may_complete(&self, completion: &Completion) -> bool {
        let entry = self.inbox.get(&completion.run.key);
        match completion.fence {
            Fence::Held(owner) => entry.is_some_and(|entry| entry.held_by(owner)),
            Fence::NotDone | Fence::NotParked => entry.is_none_or(|Entry { record, .. }| {
                let again = completion.fence == Fence::NotParked;
                record.run.expires_at <= completion.finished_at
                    || record.status == RunStatus::Waiting
                    || (again && record.status == RunStatus::Done)
            }),
            Fence::Idle { attempts } => {
                match self.live(&completion.run.key, completion.finished_at) {
                    Some(Entry { record, .. }) => {
                        record.is_idle(completion.finished_at) && record.attempts == attempts
                    }
                    None => attempts == 0,
                }
            }
        }
    }

    fn may_park(&self, letter: &DeadLetter) -> bool {
        let redrives = self.dead_letters.get(&letter.id).map_or(0, |earlier| earlier.redrives);
        redrives == letter.redrives
    }

    fn may_decide(&self, change: &LetterChange) -> bool {
        self.dead_letters.get(&change.id).is_some_and(|letter| {
            letter.status == LetterStatus::Open && letter.position() == change.position
        })
    }

    fn may_decide_run(&self, change: &RunChange) -> bool {
        let found = self.live(&change.run.key, change.at).map(|entry| &entry.record);
        let held = found.is_some_and(|record| record.is_held(change.at));
        found.map(|record| record.status) == change.seen && !held
    }

    fn guard_of(&self, key: &Key) -> Guard {
        self.items.get(key).map_or(Guard::Absent, |item| Guard::Version(item.version))
    }

    pub(super) fn write(&mut self, write: &ItemWrite) {
        let (key, head, live, data) = match write {
            ItemWrite::Check { .. } => return,
            ItemWrite::Save { key, head, live, data, .. } => (key, Some(*head), live.clone(), data),
            ItemWrite::PutView { key, data } => (key, None, None, data),
        };
        let version = self.guard_of(key).next_version();
        let head = head.or(self.items.get(key).map(|item| item.head)).unwrap_or(0);
        let item = Item { key: key.clone(), version, head, live, data: data.clone() };
        self.items.insert(key.clone(), item);
    }

    fn decide(&mut self, change: &LetterChange) {
        if let Some(letter) = self.dead_letters.get_mut(&change.id) {
            letter.status = change.status;
            letter.redrives += u32::from(change.status == LetterStatus::Redriven);
            letter.edited_as = change.edited_as;
        }
    }

    fn decide_run(&mut self, change: &RunChange) {
        let RunChange { run, seen, fate, at } = change;
        if seen.is_none() {
            let mut fresh = Entry::new(run.clone());
            fresh.record.finished_at = Some(*at);
            self.inbox.insert(run.key.clone(), fresh);
        }
        let Some(entry) = self.inbox.get_mut(&run.key) else { return };
        match fate {
            Fate::Pardoned => entry.begin_anew(),
            Fate::Parked { reason, instead } => {
                entry.park(reason.clone(), *instead);
                entry.record.run.expires_at = run.expires_at;
            }
            Fate::Kept => entry.record.run.expires_at = run.expires_at,
        }
    }

    fn end(&mut self, tx: &Transaction) {
        let completion = tx.completion();
        let key = &completion.run.key;
        let mut record = Entry::new(completion.run.clone()).record;
        record.finished_at = Some(completion.finished_at);
        record.token = Some(tx.token());
        match &completion.end {
            End::Done { skipped, output, fingerprint } => {
                let earlier = self.live(key, completion.finished_at);
                record.attempts = earlier.map_or(0, |entry| entry.record.attempts);
                record.first_failed_at = earlier.and_then(|entry| entry.record.first_failed_at);
                record.status = RunStatus::Done;
                record.skipped.clone_from(skipped);
                record.output.clone_from(output);
                record.fingerprint.clone_from(fingerprint);
                record.actions = Some(completion.actions);
            }
            End::GivenUp(letter) => {
                record.attempts = letter.attempts;
                record.first_failed_at = Some(letter.first_failed_at);
                record.status = RunStatus::Parked;
                record.reason = Some(letter.reason());
                self.park(letter);
            }
        }
        self.inbox
            .insert(key.clone(), Entry { record, owner: None, unknown: false, instead: None });
    }
}

/// DynamoDB takes no such transaction, whatever the two are.
fn has_two_on_one_item(tx: &Transaction) -> bool {
    let items = tx.items().iter().map(ItemWrite::key);
    let events = tx.events().iter().map(|event| (event.stream_key(), event.version()));
    let events = events.chain(tx.ends().iter().map(|end| (end.key.clone(), end.next_version())));
    let rows = tx.outbox().iter().map(OutboxRow::key).chain(tx.cancelled().iter().cloned());
    let letters = tx.letters().iter().map(|change| &change.id);
    let letters = letters.chain(tx.parked().map(|letter| &letter.id));
    let done = std::iter::once(&tx.completion().run.key);
    let runs = tx.runs().iter().map(|change| &change.run.key).chain(done);
    repeats(items) || repeats(events) || repeats(rows) || repeats(letters) || repeats(runs)
}

fn repeats<K: Ord>(mut keys: impl Iterator<Item = K>) -> bool {
    let mut seen = BTreeSet::new();
    !keys.all(|key| seen.insert(key))
}

fn refused(reason: &str) -> CommitError {
    CommitError::Store {
        source: StoreError::Refused { operation: "commit", source: reason.into() },
    }
}
