//! An import of contacts as it is stored, and how its status changes.

use std::fmt;

use jiff::Timestamp;
use postroom::{ETag, ObjectKey, Place, Stored, StreamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contact_imports::counter::{ALL_COUNTERS, ImportCounter};
use crate::contact_imports::csv::Columns;
use crate::id::ContactImportId;

/// What is stored of an import. What has come of its rows is counted beside it, by [`ImportCounter`]s.
///
/// ```json
/// {"id":"0192…","file_name":"people.csv","size_bytes":1024,"status":"running","created_at":"2026-11-22T09:30:00Z",
///  "started_at":"2026-11-22T09:31:00Z",
///  "file":{"key":"imports/demo/0192….req-1.csv","etag":"9b2c…","columns":{"email":0,"name":1,"count":2},"rows":48,"chunks":2},
///  "counters_done":1}
/// ```
/// `started_at`, `finished_at`, `reason` and `file` may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactImport {
    /// Sorts by the time of creation.
    pub id: ContactImportId,
    /// What its owner calls the file: 1-200 characters, trimmed.
    pub file_name: String,
    /// How large the file is.
    pub size_bytes: u64,
    /// How far it has come.
    pub status: ImportStatus,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its file had been read once and the first rows were sent off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Why it failed, for its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is imported; once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<ImportFile>,
    /// Which of its counters have counted all their chunks: a bit for each, the lowest for number 0.
    #[serde(default)]
    pub counters_done: u32,
}

/// The one content of the one object that an import reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFile {
    /// Where it lies.
    pub key: ObjectKey,
    /// What it holds. Whoever puts something else there stops the import.
    pub etag: ETag,
    /// Which column holds what.
    pub columns: Columns,
    /// How many rows there are.
    pub rows: u64,
    /// In how many chunks.
    pub chunks: u32,
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// For its file, or for that to be read.
    Waiting,
    /// Its rows are being imported.
    Running,
    /// Each of its rows was imported, was there before, or was rejected.
    Completed,
    /// It cannot be imported, or not any further.
    Failed,
    /// Somebody has stopped it.
    Cancelled,
}

impl ImportStatus {
    /// Whether nothing will become of it any more.
    pub fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::Running => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }
}

impl fmt::Display for ImportStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        })
    }
}

impl ContactImport {
    /// Where the import of this id lives.
    pub fn at(id: ContactImportId) -> Place<Self> {
        Place::new(id)
    }

    /// The stream of what happened to the import of this id.
    pub fn stream(id: ContactImportId) -> StreamId {
        Self::at(id).stream()
    }

    /// What it reads, as long as it is running.
    pub(super) fn running_file(&self) -> Option<&ImportFile> {
        self.file.as_ref().filter(|_| self.status == ImportStatus::Running)
    }

    /// Its file is known. Without rows it is complete at once.
    pub(super) fn started(self, file: ImportFile, at: Timestamp) -> Self {
        let counters_done = ImportCounter::without_chunks(file.chunks);
        let started =
            Self { status: ImportStatus::Running, started_at: Some(at), counters_done, ..self };
        Self { file: Some(file), ..started }.completed_if_done(at)
    }

    /// One of its counters has counted all its chunks.
    pub(super) fn counted(self, counter: u32, at: Timestamp) -> Self {
        let counters_done = self.counters_done | 1 << counter;
        Self { counters_done, ..self }.completed_if_done(at)
    }

    /// It goes no further, and its owner is told why.
    pub(super) fn failed(self, reason: String, at: Timestamp) -> Self {
        if self.status.is_over() {
            return self;
        }
        Self { reason: Some(reason), ..self }.over(ImportStatus::Failed, at)
    }

    /// Its owner wants no more of it.
    pub(super) fn cancelled(self, at: Timestamp) -> Self {
        self.over(ImportStatus::Cancelled, at)
    }

    fn completed_if_done(self, at: Timestamp) -> Self {
        if self.counters_done == ALL_COUNTERS {
            self.over(ImportStatus::Completed, at)
        } else {
            self
        }
    }

    /// What is over stays as it is.
    fn over(self, status: ImportStatus, at: Timestamp) -> Self {
        if self.status.is_over() {
            return self;
        }
        Self { status, finished_at: Some(at), ..self }
    }
}

impl Stored for ContactImport {
    const COLLECTION: &'static str = "contact-imports";

    fn place(&self) -> Place<Self> {
        Self::at(self.id)
    }
}
