//! `contact.added`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::contacts::{Contact, Email};
use crate::id::ContactId;

/// A contact is there. The first event of its stream, by hand or by an import: its cause says which.
///
/// ```json
/// {"contact_id":"4c1f…","email":"ann@example.com","name":"Ann Smith","phone":"+64 21 123 456"}
/// ```
/// `phone` may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactAdded {
    /// Which contact.
    pub contact_id: ContactId,
    /// Its address.
    pub email: Email,
    /// Its name then.
    pub name: String,
    /// Its phone number then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl Message for ContactAdded {
    const TYPE: &'static str = "contact.added";
}

impl Event for ContactAdded {
    fn stream(&self) -> StreamId {
        Contact::stream(self.contact_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<ContactAdded>(include_str!(
            "../../../../events/versions/contact.added.v1.json"
        ));
    }
}
