//! A report was asked for: a worker takes it up.

use postroom::port::DeadLetter;
use postroom::{Envelope, Listener, Outcome, Tx, TxError};

use super::{GenerateReports, OUR_FAULT, fail};
use crate::reports::{Report, ReportRequested, ReportStarted, ReportStatus};

impl Listener<ReportRequested> for GenerateReports {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(&self, event: &Envelope<ReportRequested>, tx: &mut Tx) -> Result<Outcome, TxError> {
        let report_id = event.data.report_id;
        let found = tx.load(&Report::at(report_id)).await?;
        let Some(report) = found.filter(|report| report.status == ReportStatus::Waiting) else {
            return Ok(Outcome::Skipped { reason: "no report waits for it" });
        };
        tx.save(&report.started(tx.now()))?;
        tx.emit(ReportStarted { report_id })?;
        Ok(Outcome::DONE)
    }

    async fn on_give_up(
        &self,
        event: &Envelope<ReportRequested>,
        _letter: &DeadLetter,
        tx: &mut Tx,
    ) -> Result<(), TxError> {
        fail(event.data.report_id, OUR_FAULT, tx).await
    }
}
