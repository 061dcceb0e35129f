//! `trial.expired`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::trials::Trial;
use crate::users::Plan;

/// A trial ended, and nobody had upgraded: what it allowed is taken back. In the stream of the trial.
///
/// ```json
/// {"user_id":"5be0…","plan":"free"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialExpired {
    /// Whose.
    pub user_id: UserId,
    /// The plan that the user is on from now.
    pub plan: Plan,
}

impl Message for TrialExpired {
    const TYPE: &'static str = "trial.expired";
}

impl Event for TrialExpired {
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
        shipped::reads::<TrialExpired>(include_str!(
            "../../../../events/versions/trial.expired.v1.json"
        ));
    }
}
