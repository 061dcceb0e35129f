//! How a report stands: `GET /reports/{id}`.

use postroom::{Classify, ReadError, Reader, Refusal, RefusalKind, Refuse, Verdict};

use crate::id::ReportId;
use crate::reports::{Report, ReportView};

/// Why a report is not shown.
#[derive(Debug, thiserror::Error)]
pub enum GetReportError {
    /// The tenant has no such report.
    #[error("there is no report {report_id}")]
    NotFound { report_id: ReportId },
    /// It could not be read; retryable as the store says.
    #[error("cannot show report {report_id}")]
    Read {
        report_id: ReportId,
        #[source]
        source: ReadError,
    },
}

impl Classify for GetReportError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } => Verdict::Permanent,
            Self::Read { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for GetReportError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "report-not-found", kind: RefusalKind::NotFound })
            }
            Self::Read { .. } => None,
        }
    }
}

/// The report as of now.
///
/// # Errors
/// See [`GetReportError`].
pub async fn get_report(
    reader: &Reader,
    report_id: ReportId,
) -> Result<ReportView, GetReportError> {
    let found = reader.get(&Report::at(report_id)).await;
    let found = found.map_err(|source| GetReportError::Read { report_id, source })?;
    found.map(|report| report.value.into()).ok_or(GetReportError::NotFound { report_id })
}
