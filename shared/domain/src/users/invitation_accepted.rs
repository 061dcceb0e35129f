//! `invitation.accepted`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::users::User;

/// Somebody signed up whom another user had invited. In the stream of the user who signed up.
///
/// An event of its own, and no part of `user.signed_up`: each of the two is followed by one e-mail, and either may fail
/// without the other.
///
/// ```json
/// {"user_id":"5be0…","name":"Ann Smith","invited_by":"9c14…"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationAccepted {
    /// Who signed up.
    pub user_id: UserId,
    /// The name then.
    pub name: String,
    /// Who had invited that user.
    pub invited_by: UserId,
}

impl Message for InvitationAccepted {
    const TYPE: &'static str = "invitation.accepted";
}

impl Event for InvitationAccepted {
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
        shipped::reads::<InvitationAccepted>(include_str!(
            "../../../../events/versions/invitation.accepted.v1.json"
        ));
    }
}
