//! `trial.timeout`, version 1.

use std::fmt;

use jiff::Timestamp;
use postroom::{Message, Task};
use serde::{Deserialize, Serialize};

use crate::id::UserId;

/// The time of a step of a trial has come. Enqueued when the trial begins, and taken back when it ends before.
///
/// ```json
/// {"user_id":"5be0…","step":"reminder","due":"2026-12-03T09:30:00Z"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialTimeout {
    /// Whose trial.
    pub user_id: UserId,
    /// What it is time for.
    pub step: TrialStep,
    /// When; it tells the trial from any other that the user may have had.
    pub due: Timestamp,
}

/// What there is a time-out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialStep {
    /// The user is told that the trial ends soon.
    Reminder,
    /// The trial ends.
    Expiry,
}

impl TrialStep {
    /// Both, in the order of their times.
    pub(super) const ALL: [Self; 2] = [Self::Reminder, Self::Expiry];
}

impl Message for TrialTimeout {
    const TYPE: &'static str = "trial.timeout";
}

impl Task for TrialTimeout {
    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    /// A step of a trial times out once. By the key it is found again, and taken back.
    fn key(&self) -> Option<String> {
        Some(format!("{}#{}#{}", self.user_id, self.step, self.due))
    }
}

impl fmt::Display for TrialStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reminder => "reminder",
            Self::Expiry => "expiry",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<TrialTimeout>(include_str!(
            "../../../../events/versions/trial.timeout.v1.json"
        ));
    }
}
