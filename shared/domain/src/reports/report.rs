//! A report as it is stored, and how its status changes.

use jiff::Timestamp;
use postroom::{Place, Stored, StreamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::ReportId;
use crate::reports::ReportRequest;

/// What is stored of a report. Its rows are in its [file](crate::reports::ReportFile).
///
/// ```json
/// {"id":"0192…","kind":"account_statement","account_id":"0192…","format":"csv","account_version":17,
///  "status":"completed","created_at":"2026-11-22T09:30:00Z","started_at":"2026-11-22T09:30:01Z",
///  "finished_at":"2026-11-22T09:30:02Z","rows":16}
/// ```
/// What is asked for stands in it as it was asked for; `account_version`, `started_at`, `finished_at`, `rows` and `reason`
/// may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Sorts by the time it was asked for.
    pub id: ReportId,
    /// What is asked for.
    #[serde(flatten)]
    pub request: ReportRequest,
    /// Of a statement: the version that its account had when it was asked for. All up to it is in it, and nothing later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_version: Option<u64>,
    /// How far it has come.
    pub status: ReportStatus,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was taken up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// How many rows it has, the header not counted; once it is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Why it failed, for its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How far a report has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportStatus {
    /// For a worker.
    Waiting,
    /// It is being written.
    Running,
    /// Its file is there.
    Completed,
    /// It is not made, and says why.
    Failed,
}

impl ReportStatus {
    /// Whether nothing will become of it any more.
    pub fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::Running => false,
            Self::Completed | Self::Failed => true,
        }
    }
}

impl Report {
    /// Where the report of this id lives.
    pub fn at(id: ReportId) -> Place<Self> {
        Place::new(id)
    }

    /// The stream of what happened to the report of this id.
    pub fn stream(id: ReportId) -> StreamId {
        Self::at(id).stream()
    }

    pub(super) fn started(self, at: Timestamp) -> Self {
        Self { status: ReportStatus::Running, started_at: Some(at), ..self }
    }

    pub(super) fn completed(self, rows: u64, at: Timestamp) -> Self {
        Self { status: ReportStatus::Completed, finished_at: Some(at), rows: Some(rows), ..self }
    }

    pub(super) fn failed(self, reason: String, at: Timestamp) -> Self {
        let status = ReportStatus::Failed;
        Self { status, finished_at: Some(at), reason: Some(reason), ..self }
    }
}

impl Stored for Report {
    const COLLECTION: &'static str = "reports";

    fn place(&self) -> Place<Self> {
        Self::at(self.id)
    }
}
