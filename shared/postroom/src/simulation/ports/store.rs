//! The store. What it commits is written down as evidence, with what was wrong about it at that moment.

use crate::BoxFuture;
use crate::id::named;
use crate::live::{LiveItem, LiveShard};
use crate::port::{
    CommitError, DeadLetter, DeadLetters, FailedAs, FailedRun, FailureClass, Inbox, Item, Listing,
    Page, Queue, RunKey, Store, StoreError,
};
use crate::simulation::evidence::told;
use crate::simulation::ports::{Simulated, unavailable};
use crate::simulation::world::{Mishap, WRITE};
use crate::simulation::{Law, Sabotage, Violation};
use crate::stored::Key;
use crate::transaction::{Completion, End, Fence, Guard, ItemWrite, Transaction};

impl Store for Simulated {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(async move {
            let found = self.world.read(self.memory.get(key)).await;
            found.map_err(unavailable("get"))?
        })
    }

    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>> {
        Box::pin(async move {
            let found = self.world.read(self.memory.list(listing)).await;
            found.map_err(unavailable("list"))?
        })
    }

    fn live<'a>(
        &'a self,
        shard: &'a LiveShard,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LiveItem>, StoreError>> {
        Box::pin(async move {
            let found = self.world.read(self.memory.live(shard, after)).await;
            found.map_err(unavailable("live"))?
        })
    }

    fn commit<'a>(&'a self, tx: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>> {
        Box::pin(async move {
            let tampered = self.tampered(tx).await;
            let late = || -> BoxFuture<'static, ()> {
                let (ports, asked, tampered) = (self.clone(), tx.clone(), tampered.clone());
                Box::pin(async move {
                    ports.world.turn(&[]).await;
                    // Nobody is told.
                    let _ = ports.apply(&asked, &tampered).await;
                })
            };
            match self.world.write(WRITE, self.apply(tx, &tampered), late).await {
                Ok(committed) => committed,
                Err(Mishap::Lost) => Err(CommitError::Unknown { source: Mishap::Lost.into() }),
                Err(mishap) => Err(CommitError::Store { source: unavailable("commit")(mishap) }),
            }
        })
    }
}

impl Simulated {
    /// Commits `tampered`, which without sabotage is `asked`, and keeps what was asked as evidence.
    async fn apply(&self, asked: &Transaction, tampered: &Transaction) -> Result<(), CommitError> {
        let broken = self.broken_by(asked);
        if self.ignores_record(asked) && !self.world.lock().evidence.knows(asked) {
            self.memory.forget(&tampered.completion.run.key);
        }
        let committed = match self.sabotage {
            Some(Sabotage::RecordInSecondWrite) => self.in_two_writes(tampered).await,

            Some(Sabotage::AcknowledgeBeforePark) if asked.parked().is_some() => {
                self.park_later(tampered).await
            }

            Some(Sabotage::ParkInTwoWrites) if asked.parked().is_some() => {
                self.park_in_two_writes(tampered).await
            }

            Some(Sabotage::ReactInSecondWrite) if asked.parked().is_some() => {
                self.react_later(tampered).await
            }

            Some(Sabotage::ForgetAnswers) => {
                self.memory.forget_token(tampered.token);
                self.memory.commit(tampered).await
            }

            _ => self.memory.commit(tampered).await,
        };
        match &committed {
            Ok(()) => self.applied(asked, broken),
            Err(error) => self.world.note(|| format!("not committed: {error}")),
        }
        committed
    }

    /// Whether what the record says does not matter to this sabotage.
    fn ignores_record(&self, tx: &Transaction) -> bool {
        let held = matches!(tx.completion.fence, Fence::Held(_));
        self.is(Sabotage::NoInbox) || (held && self.is(Sabotage::UnfencedLease))
    }

    fn applied(&self, asked: &Transaction, broken: Vec<Violation>) {
        let mut state = self.world.lock();
        if state.evidence.commit(asked, broken) {
            if asked.parked().is_some_and(|letter| letter.class == FailureClass::Exhausted) {
                state.counted(&asked.completion.run.key);
            }
            state.note(|| format!("committed {}", told(asked)));
        } else {
            state.note(|| "committed before, under the same token".to_owned());
        }
    }

    /// What a transaction would break if it were committed now: it has to have no effect in that case.
    fn broken_by(&self, tx: &Transaction) -> Vec<Violation> {
        let name = || format!("{} committed", tx.completion.run.key);
        let changed = tx.items.iter().filter_map(|write| match write {
            ItemWrite::Check { key, guard } | ItemWrite::Save { key, guard, .. } => {
                let found = self.memory.item(key);
                let now = found.map_or(Guard::Absent, |item| Guard::Version(item.version));
                let found = format!("{} after {key} went from {guard:?} to {now:?}", name());
                (now != *guard).then_some(Violation { law: Law::Unchanged, found })
            }
            ItemWrite::PutView { .. } => None,
        });
        let mut broken: Vec<Violation> = changed.collect();
        if let Fence::Held(owner) = tx.completion.fence
            && self.memory.owner(&tx.completion.run.key) != Some(owner)
        {
            let found = format!("{} under a lease that is not its own any more", name());
            broken.push(Violation { law: Law::Fenced, found });
        }
        broken
    }

    /// The transaction as a system with a mistake would write it.
    async fn tampered(&self, tx: &Transaction) -> Transaction {
        let mut tx = tx.clone();
        match self.sabotage {
            Some(Sabotage::SendBeforeCommit) => {
                for row in &tx.outbox {
                    // What was not sent now is sent after the commit, or by the relay.
                    let _ = self.send(&row.handler, std::slice::from_ref(row)).await;
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
        tx
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

    /// First the letter, and then, as a write of its own, what is to follow from it.
    async fn react_later(&self, tx: &Transaction) -> Result<(), CommitError> {
        let (items, events, outbox) = (Vec::new(), Vec::new(), Vec::new());
        self.memory.commit(&Transaction { items, events, outbox, ..tx.clone() }).await?;
        let first = self.world.lock().evidence.commit(tx, Vec::new());
        self.world.note(|| "wrote the letter alone".to_owned());
        self.world.turn(WRITE).await;
        if first {
            let reactions = beside(tx);
            self.memory.commit(&reactions).await?;
            self.memory.forget(&reactions.completion.run.key);
        }
        Ok(())
    }

    async fn remember_failure(&self, tx: &Transaction) -> Result<(), CommitError> {
        let Completion { run, fence, finished_at, .. } = &tx.completion;
        let owner = match fence {
            Fence::Held(owner) => Some(*owner),
            Fence::NotDone | Fence::Idle { .. } => None,
        };
        let (run, reason) = (run.clone(), tx.parked().map(DeadLetter::reason).unwrap_or_default());
        let failed = FailedRun { run, owner, at: *finished_at, outcome: FailedAs::ForGood, reason };
        let remembered = self.memory.fail(&failed).await;
        remembered.map(drop).map_err(|_| CommitError::Condition { record: true })
    }

    async fn in_two_writes(&self, tx: &Transaction) -> Result<(), CommitError> {
        let business = beside(tx);
        self.memory.commit(&business).await?;
        self.memory.forget(&business.completion.run.key);
        self.world.lock().evidence.commit(tx, Vec::new());
        self.world.note(|| "committed all but the record".to_owned());
        self.world.turn(WRITE).await;
        let record = Transaction {
            items: Vec::new(),
            ends: Vec::new(),
            events: Vec::new(),
            outbox: Vec::new(),
            letters: Vec::new(),
            runs: Vec::new(),
            ..tx.clone()
        };
        self.memory.commit(&record).await
    }
}

/// All that a transaction writes but the end of its run, as a transaction of its own.
fn beside(tx: &Transaction) -> Transaction {
    let mut beside = tx.clone();
    beside.token = named([tx.token.uuid().as_bytes().as_slice()]).into();
    beside.completion.run.key = RunKey::from_stored(format!("sabotage#{}", tx.token));
    beside.completion.fence = Fence::NotDone;
    beside.completion.end = End::Done { skipped: None, output: None, fingerprint: None };
    beside
}
