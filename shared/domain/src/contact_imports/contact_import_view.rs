//! An import as callers see it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contact_imports::{ContactImport, Counts, ImportStatus};
use crate::id::ContactImportId;

/// An import and what has come of its rows: `imported`, `duplicates` and `rejected` are `processed`, which is `total` when it
/// is completed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ContactImport")]
pub struct ContactImportView {
    /// Sorts by the time of creation.
    pub id: ContactImportId,
    /// What its owner calls the file.
    pub file_name: String,
    /// How large the file is.
    pub size_bytes: u64,
    /// How far it has come.
    pub status: ImportStatus,
    /// How many rows there are; 0 until the file was read.
    pub total: u64,
    /// How many of them were looked at.
    pub processed: u64,
    /// What came of those.
    #[serde(flatten)]
    pub counts: Counts,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its rows began to be imported; absent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was over; absent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ContactImportView {
    /// An import and what its counters have counted.
    pub(super) fn of(import: ContactImport, counted: impl IntoIterator<Item = Counts>) -> Self {
        let counts = counted.into_iter().fold(Counts::default(), |sum, counts| sum + counts);
        Self {
            id: import.id,
            file_name: import.file_name,
            size_bytes: import.size_bytes,
            status: import.status,
            total: import.file.map_or(0, |file| file.rows),
            processed: counts.processed(),
            counts,
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
            reason: import.reason,
        }
    }
}
