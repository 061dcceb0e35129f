//! `report.failed`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::ReportId;
use crate::reports::Report;

/// The report is not made.
///
/// ```json
/// {"report_id":"0192…","reason":"there is no campaign 0192…"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportFailed {
    /// Which report.
    pub report_id: ReportId,
    /// Why not, for its owner.
    pub reason: String,
}

impl Message for ReportFailed {
    const TYPE: &'static str = "report.failed";
}

impl Event for ReportFailed {
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
        shipped::reads::<ReportFailed>(include_str!(
            "../../../../events/versions/report.failed.v1.json"
        ));
    }
}
