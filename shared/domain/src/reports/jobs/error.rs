//! Why a report was not made, and may be later.

use postroom::port::ObjectError;
use postroom::{Classify, InvalidObjectName, ReadError, TxError, Verdict};

use crate::id::ReportId;
use crate::ledger::GetAccountError;

/// Why a report was not made. What is wrong with what was asked for is none of these: the report fails, and that is done.
#[derive(Debug, thiserror::Error)]
pub enum GenerateReportsError {
    /// The report, or what it is of, could not be read; retryable as the store says.
    #[error("cannot read what is in report {report_id}")]
    Read {
        report_id: ReportId,
        #[source]
        source: ReadError,
    },
    /// Its account could not be read as it was when the report was asked for; retryable as its view says.
    #[error("cannot read the account of report {report_id}")]
    Account {
        report_id: ReportId,
        #[source]
        source: GetAccountError,
    },
    /// There is no place for its file. Permanent: a mistake of ours.
    #[error("the file of report {report_id} has no name")]
    Name {
        report_id: ReportId,
        #[source]
        source: InvalidObjectName,
    },
    /// Its file could not be written; retryable as where it belongs says.
    #[error("cannot write the file of report {report_id}")]
    Object {
        report_id: ReportId,
        #[source]
        source: ObjectError,
    },
    /// What came of it could not be staged; retryable as the store says.
    #[error("cannot record what came of report {report_id}")]
    Tx {
        report_id: ReportId,
        #[source]
        source: TxError,
    },
}

impl Classify for GenerateReportsError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Name { .. } => Verdict::Permanent,
            Self::Read { source, .. } => source.verdict(),
            Self::Account { source, .. } => source.verdict(),
            Self::Object { source, .. } => source.verdict(),
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}
