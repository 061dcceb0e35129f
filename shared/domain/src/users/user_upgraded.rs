//! `user.upgraded`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::users::{Plan, User};

/// A user took another plan. In the stream of the user.
///
/// ```json
/// {"user_id":"5be0…","from":"trial","plan":"pro"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserUpgraded {
    /// Which user.
    pub user_id: UserId,
    /// The plan until now.
    pub from: Plan,
    /// The plan from now on.
    pub plan: Plan,
}

impl Message for UserUpgraded {
    const TYPE: &'static str = "user.upgraded";
}

impl Event for UserUpgraded {
    fn stream(&self) -> StreamId {
        User::stream(self.user_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<UserUpgraded>(include_str!(
            "../../../../events/versions/user.upgraded.v1.json"
        ));
    }
}
