//! The sheet: rows as the journal has them, in memory, until each was compared.

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use crate::memory::MemoryStore;
use crate::port::{Item, JournalRecord};
use crate::projection::Build;
use crate::runtime::Runtime;
use crate::stored::Key;
use crate::transaction::ItemWrite;
use crate::verdict::Failure;

/// A key where there may be millions: of two that have one mark, one is held longer than it had to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Mark(u64);

impl Mark {
    pub(super) fn of(key: &(impl Hash + ?Sized)) -> Self {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What has been folded and not yet compared.
///
/// A row that is stored with as many writes as were folded is let go: what comes later does not change it. Unless it is
/// shared, and has lost a write. Then a stream that comes later writes to it all the same, and begins with nothing: nothing
/// is known of it in this round, and in the next it is held to the end.
pub(super) struct Sheet<'a> {
    rows: MemoryStore,
    held: usize,
    most: usize,
    /// The rows of the stream that is being folded.
    touched: BTreeSet<Key>,
    /// What came back in an earlier round.
    shared: &'a HashSet<Mark>,
    /// Of these, what was compared as complete and was not written since.
    complete: BTreeSet<Key>,
    let_go: HashSet<Mark>,
    came_back: HashSet<Mark>,
}

impl<'a> Sheet<'a> {
    /// An empty one, on which these rows are held to the end, and of all no more than so many.
    pub(super) fn holding(shared: &'a HashSet<Mark>, most: usize) -> Self {
        Self {
            rows: MemoryStore::default(),
            held: 0,
            most,
            touched: BTreeSet::new(),
            shared,
            complete: BTreeSet::new(),
            let_go: HashSet::new(),
            came_back: HashSet::new(),
        }
    }

    /// Applies an event to the sheet as it would be to the build.
    pub(super) async fn apply(
        &mut self,
        runtime: &Runtime,
        build: Build<'_>,
        event: &JournalRecord,
    ) -> Result<(), Failure> {
        let writes = runtime.fold(build, &event.envelope, &self.rows).await?;
        // What was only read, it does not make.
        for write in writes.iter().filter(|write| !matches!(write, ItemWrite::Check { .. })) {
            let (key, mark) = (write.key(), Mark::of(write.key()));
            if self.rows.put(write) {
                self.held += 1;
                if self.let_go.contains(&mark) {
                    self.came_back.insert(mark);
                }
            }
            self.complete.remove(key);
            self.touched.insert(key.clone());
        }
        Ok(())
    }

    /// The most rows that may be held, where there are more.
    pub(super) fn exceeded(&self) -> Option<usize> {
        (self.held > self.most).then_some(self.most)
    }

    /// How many rows there have been.
    pub(super) fn made(&self) -> usize {
        self.let_go.len() + self.held
    }

    /// The rows of the stream that is being folded, of which something can be known.
    pub(super) fn touched(&self) -> Vec<Item> {
        let known = self.touched.iter().filter(|key| !self.is_back(key));
        known.filter_map(|key| self.rows.item(key)).collect()
    }

    /// All rows that have to be compared when all streams have come by.
    pub(super) fn left(&self) -> Vec<Item> {
        let mut rows = self.rows.items();
        rows.retain(|row| !self.complete.contains(&row.key));
        rows
    }

    /// The stream has come to its end: what was found to be complete is let go. Answers what had been before.
    pub(super) fn end_stream(&mut self, complete: Vec<Key>) -> Vec<Key> {
        for key in complete {
            if self.shared.contains(&Mark::of(&key)) {
                self.complete.insert(key);
            } else {
                self.let_go.insert(Mark::of(&key));
                self.forget(&key);
            }
        }
        let touched = std::mem::take(&mut self.touched);
        let back: Vec<_> = touched.into_iter().filter(|key| self.is_back(key)).collect();
        for key in &back {
            self.forget(key);
        }
        back
    }

    /// What has to be held to the end when all of it is folded again.
    pub(super) fn came_back(self) -> HashSet<Mark> {
        self.came_back
    }

    fn is_back(&self, key: &Key) -> bool {
        self.came_back.contains(&Mark::of(key))
    }

    fn forget(&mut self, key: &Key) {
        self.held -= usize::from(self.rows.forget_item(key));
    }
}
