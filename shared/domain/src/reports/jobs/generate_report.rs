//! A report is written.

use std::time::Duration;

use postroom::port::DeadLetter;
use postroom::{Effects, Envelope, Job, ObjectWriter, OnUnknown, Outcome, Tx, TxError};

use super::{GenerateReports, GenerateReportsError, OUR_FAULT, fail};
use crate::id::ReportId;
use crate::reports::kinds::{self, NotMade};
use crate::reports::table::Table;
use crate::reports::{Report, ReportCompleted, ReportFile, ReportStarted, ReportStatus};

/// What came of it: so many rows, or why not.
#[derive(Debug, Clone)]
pub struct Generated(Result<u64, String>);

impl Job<ReportStarted> for GenerateReports {
    const NAME: &'static str = Self::NAME;
    /// The same object is written once more, and nobody meets it before it is whole.
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    /// For as many rows, or imports, as there may be.
    const TIME_NEEDED: Duration = Duration::from_secs(40);
    type Done = Generated;
    type Error = GenerateReportsError;

    async fn perform(
        &self,
        message: &Envelope<ReportStarted>,
        effects: &Effects,
    ) -> Result<Outcome<Generated>, GenerateReportsError> {
        let report_id = message.data.report_id;
        let found = effects.reader().get(&Report::at(report_id)).await;
        let found = found.map_err(|source| GenerateReportsError::Read { report_id, source })?;
        let Some(report) = found.filter(|found| found.value.status == ReportStatus::Running) else {
            return Ok(Outcome::Skipped { reason: "the report is over" });
        };
        let report = report.value;
        let key = ReportFile::from(&report).key(&message.tenant_id);
        let key = key.map_err(|source| GenerateReportsError::Name { report_id, source })?;
        let format = report.request.format;
        let object = ObjectWriter::new(&*self.objects, &key, format.content_type());
        let mut table = Table::new(object, format, kinds::columns(report.request.kind));
        match kinds::write(&report, effects.reader(), &*self.clock, &mut table).await {
            Ok(()) => {
                let rows = table.finish().await;
                let rows =
                    rows.map_err(|source| GenerateReportsError::Object { report_id, source });
                Ok(Outcome::Done(Generated(Ok(rows?))))
            }
            Err(not_made) => {
                table.abort().await;
                let reason = not_made.reason(report_id)?;
                Ok(Outcome::Done(Generated(Err(reason))))
            }
        }
    }

    async fn record(
        &self,
        message: &Envelope<ReportStarted>,
        Generated(generated): &Generated,
        tx: &mut Tx,
    ) -> Result<(), GenerateReportsError> {
        let report_id = message.data.report_id;
        let recorded = match generated {
            Ok(rows) => complete(report_id, *rows, tx).await,
            Err(reason) => fail(report_id, reason, tx).await,
        };
        recorded.map_err(|source| GenerateReportsError::Tx { report_id, source })
    }

    async fn on_give_up(
        &self,
        message: &Envelope<ReportStarted>,
        _letter: &DeadLetter,
        tx: &mut Tx,
    ) -> Result<(), GenerateReportsError> {
        let report_id = message.data.report_id;
        let failed = fail(report_id, OUR_FAULT, tx).await;
        failed.map_err(|source| GenerateReportsError::Tx { report_id, source })
    }
}

impl NotMade {
    /// Why not, for the owner.
    ///
    /// # Errors
    /// It is none of the owner's business, and may pass.
    fn reason(self, report_id: ReportId) -> Result<String, GenerateReportsError> {
        match self {
            Self::Wrong(reason) => Ok(reason),
            Self::Read(source) => Err(GenerateReportsError::Read { report_id, source }),
            Self::Account(source) => Err(GenerateReportsError::Account { report_id, source }),
            Self::Object(source) => Err(GenerateReportsError::Object { report_id, source }),
        }
    }
}

async fn complete(report_id: ReportId, rows: u64, tx: &mut Tx) -> Result<(), TxError> {
    let Some(report) = tx.load(&Report::at(report_id)).await? else { return Ok(()) };
    if report.status.is_over() {
        return Ok(());
    }
    tx.save(&report.completed(rows, tx.now()))?;
    tx.emit(ReportCompleted { report_id, rows })?;
    Ok(())
}
