//! Rows of read models: what a sweep finds of builds that are over, and removes.

use crate::BoxFuture;
use crate::port::{BuildRows, Page, StoreError};
use crate::projection::Position;
use crate::simulation::ports::{Simulated, unavailable};
use crate::simulation::world::WRITE;
use crate::simulation::{Law, Sabotage, Violation};
use crate::stored::{Key, Stored};

/// What each projection makes, by its name.
pub(in crate::simulation) type Makes = Vec<(&'static str, &'static [&'static str])>;

/// The rows of all builds. Whatever is removed is held against what is read and made at that moment.
#[derive(Debug, Clone)]
pub(in crate::simulation) struct SimulatedRows {
    pub(in crate::simulation) ports: Simulated,
    pub(in crate::simulation) makes: Makes,
}

impl BuildRows for SimulatedRows {
    fn keys<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<Page<Key>, StoreError>> {
        Box::pin(async move {
            let found = self.ports.world.read(self.ports.memory.keys(after)).await;
            found.map_err(unavailable("list rows"))?
        })
    }

    fn remove<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let late = || -> BoxFuture<'static, ()> {
                let (rows, keys) = (self.clone(), keys.to_vec());
                Box::pin(async move {
                    rows.ports.world.turn(&[]).await;
                    let _ = rows.take(&keys).await;
                })
            };
            let removed = self.ports.world.write(WRITE, self.take(keys), late).await;
            removed.map_err(unavailable("remove rows"))?
        })
    }
}

impl SimulatedRows {
    /// What is there of builds that are over.
    pub(in crate::simulation) fn left(&self) -> Vec<String> {
        let items = self.ports.memory.items().into_iter();
        let left = items.filter(|item| self.is_over(&item.key) == Some(true));
        left.map(|item| format!("{} is left of a build that is over", item.key)).collect()
    }

    async fn take(&self, asked: &[Key]) -> Result<(), StoreError> {
        let keys = self.tampered(asked);
        {
            let mut state = self.ports.world.lock();
            let used = keys.iter().filter(|key| self.is_over(key) != Some(true));
            let broken = used.map(|key| {
                let found = format!("{key} was removed, and its build is not over");
                Violation { law: Law::Swept, found }
            });
            state.evidence.violations.extend(broken);
            state.evidence.removed.extend(keys.iter().cloned());
            state.figures.rows_removed += keys.len() as u64;
            state.note(|| format!("removed {} rows", keys.len()));
        }
        self.ports.memory.remove(&keys).await
    }

    fn tampered(&self, asked: &[Key]) -> Vec<Key> {
        let mut keys = asked.to_vec();
        if self.ports.is(Sabotage::ForgetRows) {
            keys.pop();
        }
        if self.ports.is(Sabotage::SweepWhatIsRead) && !keys.is_empty() {
            let rows = self.ports.memory.items().into_iter().map(|item| item.key);
            keys.extend(rows.filter(|key| self.is_over(key) == Some(false)));
        }
        keys
    }

    /// Whether the build is over that a row is of; `None`: it is no row of a read model.
    fn is_over(&self, key: &Key) -> Option<bool> {
        let (collection, generation, parent) = key.partition.of_build()?;
        let makes = |(name, makes): &&(&'static str, &'static [&'static str])| {
            let is_position = collection == Position::COLLECTION;
            (is_position && parent.as_deref() == Some(*name)) || makes.contains(&&*collection)
        };
        let (projection, _) = self.makes.iter().find(makes)?;
        Some(self.ports.builds(projection).unwrap_or_default().is_over(generation))
    }
}
