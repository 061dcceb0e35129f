//! The store. What it commits is written down as evidence, with what was wrong about it at that moment.

use crate::BoxFuture;
use crate::live::{LiveItem, LiveShard};
use crate::port::{CommitError, FailureClass, Item, Listing, Page, Store, StoreError};
use crate::simulation::evidence::told;
use crate::simulation::ports::tampering::is_of_snapshot;
use crate::simulation::ports::{Simulated, unavailable};
use crate::simulation::world::{Mishap, WRITE};
use crate::simulation::{Law, Sabotage, Violation};
use crate::stored::Key;
use crate::transaction::{Fence, Guard, ItemWrite, Transaction};

impl Store for Simulated {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(async move {
            let found = self.world.read(self.memory.get(key)).await;
            let mut found = found.map_err(unavailable("get"))??;
            if let Some(snapshot) = found.as_mut().filter(|found| is_of_snapshot(&found.key))
                && self.is(Sabotage::SnapshotInFirstWrite)
            {
                self.believed(snapshot);
            }
            Ok(found)
        })
    }

    fn get_many<'a>(
        &'a self,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Item>>, StoreError>> {
        Box::pin(async move {
            let found = self.world.read(self.memory.get_many(keys)).await;
            found.map_err(unavailable("get many"))?
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
            let asked = self.forgetful(tx);
            let tampered = self.tampered(&asked).await;
            let late = || -> BoxFuture<'static, ()> {
                let (ports, asked, tampered) =
                    (self.clone(), asked.clone().into_owned(), tampered.clone().into_owned());
                Box::pin(async move {
                    ports.world.turn(&[]).await;
                    // Nobody is told.
                    let _ = ports.apply(&asked, &tampered).await;
                })
            };
            match self.world.write(WRITE, self.apply(&asked, &tampered), late).await {
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
        let committed = self.write(tampered).await;
        match &committed {
            Ok(()) => self.applied(asked, broken),
            Err(error) => {
                self.tampering().lost_race(asked, error);
                self.world.note(|| format!("not committed: {error}"));
            }
        }
        committed
    }

    fn applied(&self, asked: &Transaction, broken: Vec<Violation>) {
        let mut state = self.world.lock();
        if state.evidence.commit(asked, broken) {
            if asked.parked().is_some_and(|letter| letter.class == FailureClass::Exhausted) {
                state.counted(&asked.completion.run.key);
            }
            asked.events.iter().for_each(|event| state.wake(event));
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
                let found = || format!("{} after {key} went from {guard:?} to {now:?}", name());
                (now != *guard).then(|| Violation { law: Law::Unchanged, found: found() })
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
}
