//! Reports: what there is about many things, written to a file that its owner downloads.
//!
//! A report is asked for and waits. The work of [`jobs::GenerateReports`] takes it up and then writes it, row by row from
//! pages of what is stored, to one object that nobody meets before it is whole. Written again, by a worker whose
//! predecessor died, it is the same object.

pub mod limits;

mod request;
mod report;
mod report_file;
mod report_view;
mod report_requested;
mod report_started;
mod report_completed;
mod report_failed;
mod create_report;
mod get_report;
mod list_reports;
mod table;
mod kinds;

pub mod jobs;

pub use create_report::{CreateReport, ReportInput};
pub use get_report::{GetReportError, get_report};
pub use list_reports::list_reports;
pub use report::{Report, ReportStatus};
pub use report_completed::ReportCompleted;
pub use report_failed::ReportFailed;
pub use report_file::{PREFIX, ReportFile};
pub use report_requested::ReportRequested;
pub use report_started::ReportStarted;
pub use report_view::ReportView;
pub use request::{ReportFormat, ReportKind, ReportRequest};
