//! A report as callers see it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::ReportId;
use crate::reports::limits::KEPT;
use crate::reports::{Report, ReportFile, ReportRequest, ReportStatus};

/// A report: what was asked for, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Report")]
pub struct ReportView {
    /// Sorts by the time it was asked for.
    pub id: ReportId,
    /// What was asked for.
    #[serde(flatten)]
    pub request: ReportRequest,
    /// How far it has come.
    pub status: ReportStatus,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it began to be made; absent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was over; absent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Until when its file is kept; absent until it is completed. Ask for another then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<Timestamp>,
    /// How many rows it has, a header not counted; absent until it is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<Report> for ReportView {
    fn from(report: Report) -> Self {
        let completed_at = report.finished_at.filter(|_| report.status == ReportStatus::Completed);
        Self {
            id: report.id,
            request: report.request,
            status: report.status,
            created_at: report.created_at,
            started_at: report.started_at,
            finished_at: report.finished_at,
            kept_until: completed_at.and_then(|at| at.checked_add(KEPT).ok()),
            rows: report.rows,
            reason: report.reason,
        }
    }
}

impl ReportView {
    /// Its file, while there is one.
    pub fn file(&self, now: Timestamp) -> Option<ReportFile> {
        self.kept_until.filter(|until| now < *until)?;
        Some(ReportFile::of(self.id, self.request.kind, self.request.format))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn there_is_a_file_from_its_completion_on_for_a_week() {
        let second = Duration::from_secs(1);
        let report: Report = serde_json::from_value(json!({
            "id": "019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c21",
            "kind": "import_summary",
            "format": "csv",
            "status": "running",
            "created_at": "2026-11-22T09:30:00Z",
        }))
        .unwrap();
        let done_at: Timestamp = "2026-11-22T09:31:00Z".parse().unwrap();
        let until = done_at + KEPT;

        let running = ReportView::from(report.clone());
        let failed = ReportView::from(report.clone().failed("why".to_owned(), done_at));
        let completed = ReportView::from(report.completed(3, done_at));

        assert_eq!((running.file(done_at), failed.file(done_at)), (None, None));
        assert!(completed.file(done_at).is_some() && completed.file(until - second).is_some());
        assert_eq!((completed.kept_until, completed.file(until)), (Some(until), None));
    }
}
