//! `trial.ending`, version 1.

use jiff::Timestamp;
use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::trials::Trial;

/// A trial ends soon, and its user has to be told. In the stream of the trial.
///
/// ```json
/// {"user_id":"5be0…","ends_at":"2026-12-06T09:30:00Z"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialEnding {
    /// Whose.
    pub user_id: UserId,
    /// When it ends.
    pub ends_at: Timestamp,
}

impl Message for TrialEnding {
    const TYPE: &'static str = "trial.ending";
}

impl Event for TrialEnding {
    fn stream(&self) -> StreamId {
        Trial::stream(self.user_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<TrialEnding>(include_str!(
            "../../../../events/versions/trial.ending.v1.json"
        ));
    }
}
