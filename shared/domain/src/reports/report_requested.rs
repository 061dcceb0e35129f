//! `report.requested`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::ReportId;
use crate::reports::{Report, ReportRequest};

/// Somebody wants a report.
///
/// ```json
/// {"report_id":"0192…","kind":"campaign_performance","campaign_ids":["0192…"],"format":"csv"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRequested {
    /// Which report.
    pub report_id: ReportId,
    /// What is asked for.
    #[serde(flatten)]
    pub request: ReportRequest,
}

impl Message for ReportRequested {
    const TYPE: &'static str = "report.requested";
}

impl Event for ReportRequested {
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
        shipped::reads::<ReportRequested>(include_str!(
            "../../../../events/versions/report.requested.v1.json"
        ));
    }
}
