//! A round: all of the journal is walked once, and each row compared that its events make.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;

use crate::clock::between;
use crate::port::{Item, JournalPart, Page, StoreError};
use crate::projection::Build;
use crate::runtime::Runtime;
use crate::stored::Key;
use crate::verify::VerifyError;
use crate::verify::difference::Differences;
use crate::verify::sheet::{Mark, Sheet};
use crate::worker::{WakeUp, is_read_by};

/// How many rows are asked for at the same time.
const AT_ONCE: usize = 16;
/// How often a stream is folded further, at most, whose rows have moved on meanwhile.
const CHASES: u32 = 5;
/// An event that has not been applied for so long is not on its way.
const ON_ITS_WAY: Duration = Duration::from_mins(1);

/// One comparison of all of it.
pub(super) struct Round<'a> {
    runtime: &'a Runtime,
    build: Build<'a>,
    began_at: Timestamp,
    sheet: Sheet<'a>,
    found: Found,
}

/// What a round has come to.
#[derive(Default)]
pub(super) struct Found {
    pub(super) counts: Counts,
    pub(super) differences: Differences,
    /// Rows that were written more often than the events that were folded have written them.
    pub(super) ahead: BTreeMap<Key, Ahead>,
    /// Rows of which nothing is known before they are held to the end of a round.
    pub(super) came_back: HashSet<Mark>,
    /// Whether there were too many rows to hold before all streams had come by.
    pub(super) cut_short: bool,
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) streams: u64,
    pub(super) events: u64,
    pub(super) rows: u64,
}

pub(super) struct Ahead {
    pub(super) made: Item,
    pub(super) found: Item,
}

/// How a row stands to the one that is stored.
enum Compared {
    /// It was compared, and will not change by any event that has been applied.
    Complete,
    /// It is stored as it may be later, or as it will be.
    Ahead(Item),
    /// It has lost a change, or is no row at all.
    Wrong,
}

impl<'a> Round<'a> {
    pub(super) fn on(sheet: Sheet<'a>, runtime: &'a Runtime, build: Build<'a>) -> Self {
        let began_at = runtime.now();
        Self { runtime, build, began_at, sheet, found: Found::default() }
    }

    pub(super) async fn run(mut self) -> Result<Found, VerifyError> {
        let mut after = None;
        loop {
            let page = self.runtime.ports().journal.all(JournalPart::WHOLE, after.as_deref());
            let page = page.await.map_err(|source| self.unread(source))?;
            for event in &page.items {
                // Each stream has one first event, so none has to be remembered.
                let told = WakeUp::of_event(&event.envelope).filter(|told| told.version == 1);
                let Some(told) = told.filter(|told| is_read_by(self.build.projection, told)) else {
                    continue;
                };
                match self.stream(&told).await {
                    Err(VerifyError::TooManyRows { .. }) if !self.found.differences.is_empty() => {
                        self.found.cut_short = true;
                        return Ok(self.ended());
                    }
                    done => done?,
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        self.end().await
    }

    /// Folds a stream as far as it was applied, and compares its rows. Where some have moved on it is folded further.
    async fn stream(&mut self, told: &WakeUp) -> Result<(), VerifyError> {
        self.found.counts.streams += 1;
        let (mut folded, mut complete) = (0, Vec::new());
        for _ in 0..CHASES {
            let applied = self.runtime.applied(self.build, told).await;
            let name = self.build.projection.name();
            let applied = applied.map_err(|source| VerifyError::Build { name, source })?;
            if applied <= folded && folded > 0 {
                break;
            }
            folded = self.fold(told, folded, applied).await?;
            complete.clear();
            let touched = self.sheet.touched();
            let rows = touched.len();
            for (row, compared) in self.compare(touched).await? {
                if matches!(compared, Compared::Complete) {
                    complete.push(row.key);
                }
            }
            if complete.len() == rows {
                break;
            }
        }
        for key in self.sheet.end_stream(complete) {
            self.found.differences.forget(&key.to_string());
        }
        Ok(())
    }

    /// Folds what comes behind version `folded`, up to version `applied`, and answers how far there were events.
    async fn fold(
        &mut self,
        told: &WakeUp,
        mut folded: u64,
        applied: u64,
    ) -> Result<u64, VerifyError> {
        let key = told.stream.key(&told.tenant_id);
        self.found.differences.forget(&key);
        loop {
            let page = self.runtime.ports().journal.stream(&told.tenant_id, &told.stream, folded);
            let Page { items, next } = page.await.map_err(|source| self.unread(source))?;
            for event in &items {
                if event.version() > applied {
                    if self.is_overdue(event.envelope.time) {
                        self.found.differences.of_stream(&key, event.version(), applied);
                    }
                    return Ok(folded);
                }
                let done = self.sheet.apply(self.runtime, self.build, event).await;
                done.map_err(|failure| {
                    let (stream, version) = (key.clone(), event.version());
                    VerifyError::Fold { stream, version, failure }
                })?;
                folded = event.version();
                self.found.counts.events += 1;
            }
            if let Some(limit) = self.sheet.exceeded() {
                let name = self.build.projection.name();
                return Err(VerifyError::TooManyRows { name, limit });
            }
            if next.is_none() {
                return Ok(folded);
            }
        }
    }

    /// Compares rows with those that are stored, and keeps what differs for certain.
    async fn compare(&mut self, rows: Vec<Item>) -> Result<Vec<(Item, Compared)>, VerifyError> {
        let store = &self.runtime.ports().store;
        let stored = stream::iter(rows).map(|row| async {
            let found = store.get(&row.key).await;
            (row, found)
        });
        let stored: Vec<_> = stored.buffered(AT_ONCE).collect().await;
        let mut compared = Vec::with_capacity(stored.len());
        for (row, found) in stored {
            let how = match found {
                Err(StoreError::Corrupt { reason, .. }) => {
                    self.found.differences.of_unreadable(&row.key, &row, reason);
                    Compared::Wrong
                }
                Err(source) => return Err(self.unread(source)),
                Ok(Some(found)) if found.version > row.version => {
                    self.found.differences.forget(&row.key.to_string());
                    Compared::Ahead(found)
                }
                Ok(found) => {
                    self.found.differences.of_row(&row.key, Some(&row), found.as_ref());
                    let is_complete = found.is_some_and(|found| found.version == row.version);
                    if is_complete { Compared::Complete } else { Compared::Wrong }
                }
            };
            compared.push((row, how));
        }
        Ok(compared)
    }

    /// All streams have come by: what is not complete by now has moved on, or is wrong.
    async fn end(mut self) -> Result<Found, VerifyError> {
        for (made, compared) in self.compare(self.sheet.left()).await? {
            if let Compared::Ahead(found) = compared
                && found.data != made.data
            {
                self.found.ahead.insert(made.key.clone(), Ahead { made, found });
            }
        }
        Ok(self.ended())
    }

    fn ended(mut self) -> Found {
        self.found.counts.rows = u64::try_from(self.sheet.made()).unwrap_or(u64::MAX);
        self.found.came_back = self.sheet.came_back();
        self.found
    }

    fn is_overdue(&self, at: Timestamp) -> bool {
        between(at, self.began_at) > ON_ITS_WAY
    }

    fn unread(&self, source: StoreError) -> VerifyError {
        VerifyError::Store { name: self.build.projection.name(), source }
    }
}
