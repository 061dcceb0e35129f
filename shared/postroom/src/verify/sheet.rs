//! The sheet: rows as the journal has them, in memory, until each was compared.

use std::collections::BTreeSet;

use crate::memory::MemoryStore;
use crate::port::{Item, JournalRecord};
use crate::projection::Build;
use crate::runtime::Runtime;
use crate::stored::Key;
use crate::transaction::ItemWrite;
use crate::verdict::Failure;

/// What has been folded and not yet compared.
#[derive(Default)]
pub(super) struct Sheet {
    rows: MemoryStore,
    held: usize,
    /// The rows of the stream that is being folded.
    touched: BTreeSet<Key>,
}

impl Sheet {
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
            self.held += usize::from(self.rows.put(write));
            self.touched.insert(write.key().clone());
        }
        Ok(())
    }

    /// How many rows there are.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// The rows of the stream that is being folded.
    pub(super) fn touched(&self) -> Vec<Item> {
        self.touched.iter().filter_map(|key| self.rows.item(key)).collect()
    }

    /// All rows.
    pub(super) fn all(&self) -> Vec<Item> {
        self.rows.items()
    }

    /// The stream has come to its end: what was found to be complete is needed no more.
    pub(super) fn end_stream(&mut self, complete: &[Key]) {
        self.touched.clear();
        for key in complete {
            self.held -= usize::from(self.rows.forget_item(key));
        }
    }
}
