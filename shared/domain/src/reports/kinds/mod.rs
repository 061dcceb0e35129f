//! What reports are of, a file each: its columns, and where its rows come from.

mod campaign_performance;
mod account_statement;
mod import_summary;

use postroom::port::ObjectError;
use postroom::{Clock, ReadError, Reader};

use crate::ledger::GetAccountError;
use crate::reports::limits::MAX_ROWS;
use crate::reports::table::{NotWritten, Table};
use crate::reports::{Report, ReportKind};

/// Why the rows of a report were not written.
#[derive(Debug)]
pub(super) enum NotMade {
    /// What was asked for cannot be made. For its owner.
    Wrong(String),
    /// They could not be read.
    Read(ReadError),
    /// Neither could the account.
    Account(GetAccountError),
    /// They could not be put.
    Object(ObjectError),
}

/// The columns of a kind, in their order.
pub(super) fn columns(kind: ReportKind) -> &'static [&'static str] {
    match kind {
        ReportKind::CampaignPerformance => campaign_performance::COLUMNS,
        ReportKind::AccountStatement => account_statement::COLUMNS,
        ReportKind::ImportSummary => import_summary::COLUMNS,
    }
}

/// Writes the rows of a report.
pub(super) async fn write(
    report: &Report,
    reader: &Reader,
    clock: &dyn Clock,
    table: &mut Table<'_>,
) -> Result<(), NotMade> {
    match report.request.kind {
        ReportKind::CampaignPerformance => {
            campaign_performance::write(&report.request, reader, table).await
        }
        ReportKind::AccountStatement => {
            account_statement::write(report, reader, clock, table).await
        }
        ReportKind::ImportSummary => import_summary::write(&report.request, reader, table).await,
    }
}

impl From<ReadError> for NotMade {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<NotWritten> for NotMade {
    fn from(not_written: NotWritten) -> Self {
        match not_written {
            NotWritten::TooMany => Self::Wrong(format!(
                "there are more than {MAX_ROWS} rows to look at: ask for less of them, or for a shorter time"
            )),
            NotWritten::Object(error) => Self::Object(error),
        }
    }
}
