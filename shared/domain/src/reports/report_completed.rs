//! `report.completed`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::ReportId;
use crate::reports::Report;

/// The report is written, and can be downloaded.
///
/// ```json
/// {"report_id":"0192…","rows":48}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportCompleted {
    /// Which report.
    pub report_id: ReportId,
    /// How many rows it has.
    pub rows: u64,
}

impl Message for ReportCompleted {
    const TYPE: &'static str = "report.completed";
}

impl Event for ReportCompleted {
    fn stream(&self) -> StreamId {
        Report::stream(self.report_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<ReportCompleted>(include_str!(
            "../../../../events/versions/report.completed.v1.json"
        ));
    }
}
