//! `report.started`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::ReportId;
use crate::reports::Report;

/// A worker has taken the report up; it is written by whoever hears of this.
///
/// ```json
/// {"report_id":"0192…"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportStarted {
    /// Which report.
    pub report_id: ReportId,
}

impl Message for ReportStarted {
    const TYPE: &'static str = "report.started";
}

impl Event for ReportStarted {
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
        shipped::reads::<ReportStarted>(include_str!(
            "../../../../events/versions/report.started.v1.json"
        ));
    }
}
