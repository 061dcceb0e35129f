//! What has come of an import's rows: counted in many items, so that its chunks do not all write one.

use std::ops::Add;

use postroom::{List, Place, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::ContactImportId;

/// Over how many counters the chunks of an import are spread at most.
const COUNTERS: u32 = 32;
/// All counters of an import, a bit for each.
pub(super) const ALL_COUNTERS: u32 = u32::MAX;
const _: () = assert!(COUNTERS == u32::BITS);

/// How many rows came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Became contacts.
    pub imported: u64,
    /// Are of contacts that were there before, from this file or not.
    pub duplicates: u64,
    /// Are wrong, each with its reason.
    pub rejected: u64,
}

/// What has come of some of an import's chunks, of every 32nd of a large one:
/// `{"import_id":"0192…","number":3,"chunks":2,"imported":40,"duplicates":6,"rejected":2}`, within its import.
///
/// A chunk counts itself in the transaction that imports it, once. The counter that has all its chunks is marked in the
/// import, in that transaction too; so the import is written once for each counter and not for each chunk, and whoever sets
/// the last mark knows that all is done, without having looked at the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounter {
    /// Whose.
    pub import_id: ContactImportId,
    /// Which of them, from 0.
    pub number: u32,
    /// How many chunks it has counted.
    pub chunks: u32,
    /// What came of their rows.
    #[serde(flatten)]
    pub counts: Counts,
}

impl Counts {
    /// All rows that were looked at.
    pub fn processed(&self) -> u64 {
        self.imported + self.duplicates + self.rejected
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            imported: self.imported + other.imported,
            duplicates: self.duplicates + other.duplicates,
            rejected: self.rejected + other.rejected,
        }
    }
}

impl ImportCounter {
    /// Over how many counters so many chunks are spread: over as many as each of those counts, up to [`COUNTERS`].
    ///
    /// The chunks of a small file are all there at once. With one counter for each they would meet at the import, which each
    /// of them then marks, and with one for all they would meet at that.
    pub(super) fn of_import(chunks: u32) -> u32 {
        let root = chunks.isqrt();
        (root + u32::from(root * root < chunks)).clamp(1, COUNTERS)
    }

    /// Which counter a chunk of so many is counted by.
    pub(super) fn of_chunk(ordinal: u32, chunks: u32) -> u32 {
        ordinal % Self::of_import(chunks)
    }

    /// The counters that no chunk of so many is counted by, a bit for each.
    pub(super) fn without_chunks(chunks: u32) -> u32 {
        (0..COUNTERS).filter(|number| Self::expected(*number, chunks) == 0).map(|n| 1 << n).sum()
    }

    /// How many of so many chunks are counted by one counter.
    fn expected(number: u32, chunks: u32) -> u32 {
        let counters = Self::of_import(chunks);
        if number >= counters {
            return 0;
        }
        chunks / counters + u32::from(number < chunks % counters)
    }

    /// Before its first chunk.
    pub(super) fn new(import_id: ContactImportId, number: u32) -> Self {
        Self { import_id, number, chunks: 0, counts: Counts::default() }
    }

    /// With one chunk more.
    pub(super) fn with(self, counts: Counts) -> Self {
        Self { chunks: self.chunks + 1, counts: self.counts + counts, ..self }
    }

    /// Whether it has counted all its chunks, of so many that the import has.
    pub(super) fn is_done(&self, chunks: u32) -> bool {
        self.chunks == Self::expected(self.number, chunks)
    }

    /// Where one lives.
    pub(super) fn at(import_id: ContactImportId, number: u32) -> Place<Self> {
        Place::within(import_id, format!("{number:02}"))
    }

    /// All of an import: one page.
    pub(super) fn all(import_id: ContactImportId) -> List<Self> {
        List::within(import_id)
    }
}

impl Stored for ImportCounter {
    const COLLECTION: &'static str = "contact-import-counters";

    fn place(&self) -> Place<Self> {
        Self::at(self.import_id, self.number)
    }
}
