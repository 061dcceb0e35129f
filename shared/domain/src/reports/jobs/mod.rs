//! The work of a report: it is taken up, and then written.

mod error;
mod start_report;
mod generate_report;

use std::fmt;
use std::sync::Arc;

use postroom::port::Objects;
use postroom::{Clock, Tx, TxError};

use crate::id::ReportId;
use crate::reports::{Report, ReportFailed};

pub use error::GenerateReportsError;
pub use generate_report::Generated;

/// What the owner of a report is told when we have given up on it.
const OUR_FAULT: &str = "it could not be made, by a fault of ours; ask for another";

/// Makes reports: a listener takes one up, and a job writes it. Between the two it is seen to be running, and neither needs
/// to do both what belongs into a transaction and what takes long.
#[derive(Clone)]
pub struct GenerateReports {
    objects: Arc<dyn Objects>,
    clock: Arc<dyn Clock>,
}

impl GenerateReports {
    /// The name of both, and of their queue.
    pub const NAME: &'static str = "generate-reports";

    /// Writing files here, and waiting by this clock.
    pub fn new(objects: Arc<dyn Objects>, clock: Arc<dyn Clock>) -> Self {
        Self { objects, clock }
    }
}

/// Fails a report that is not over.
async fn fail(report_id: ReportId, reason: &str, tx: &mut Tx) -> Result<(), TxError> {
    let Some(report) = tx.load(&Report::at(report_id)).await? else { return Ok(()) };
    if report.status.is_over() {
        return Ok(());
    }
    tx.save(&report.failed(reason.to_owned(), tx.now()))?;
    tx.emit(ReportFailed { report_id, reason: reason.to_owned() })?;
    Ok(())
}

impl fmt::Debug for GenerateReports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenerateReports").finish_non_exhaustive()
    }
}
