//! A contact as it is stored, and as callers see it.

use jiff::Timestamp;
use postroom::{Place, Stored, StreamId, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contacts::Email;
use crate::id::ContactId;

/// The name space of contacts' ids.
const NAME_SPACE: Uuid = Uuid::from_u128(0x6f0c_9e1a_57b4_4d0e_9b3d_2a8c_41f6_05d7);

/// What is stored of a contact.
///
/// ```json
/// {"id":"4c1f…","email":"ann@example.com","name":"Ann Smith","phone":"+64 21 123 456","created_at":"2026-11-22T09:30:00Z"}
/// ```
/// `phone` may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// Made of tenant and e-mail: a contact is its e-mail, and its own item says that there is no other.
    pub id: ContactId,
    /// Where it is written to, in the one form of each address.
    pub email: Email,
    /// 1-200 characters, trimmed.
    pub name: String,
    /// 1-40 characters, trimmed and otherwise as they came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
}

impl Contact {
    /// Where the contact of this id lives.
    pub fn at(id: ContactId) -> Place<Self> {
        Place::new(id)
    }

    /// The stream of what happened to the contact of this id.
    pub fn stream(id: ContactId) -> StreamId {
        Self::at(id).stream()
    }
}

impl Stored for Contact {
    const COLLECTION: &'static str = "contacts";

    fn place(&self) -> Place<Self> {
        Self::at(self.id)
    }
}

impl ContactId {
    /// The id that a contact of this address has: the UUID version 5 of the tenant, a line feed and the address. Neither of
    /// them has a line feed.
    pub fn of(tenant: &TenantId, email: &Email) -> Self {
        Uuid::new_v5(&NAME_SPACE, format!("{tenant}\n{email}").as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(tenant: &str, email: &str) -> ContactId {
        ContactId::of(&tenant.parse().unwrap(), &Email::try_from(email.to_owned()).unwrap())
    }

    #[test]
    fn an_address_has_one_id_in_each_tenant() {
        let ann = id("demo", "ann@example.com");

        // Ids are stored: they stay what they were.
        assert_eq!(ann.to_string(), "3ed2f7e1-789f-5eaf-91eb-eee5ab0049ed");
        assert_eq!(id("demo", " ANN@example.com"), ann);
        assert_ne!(id("other", "ann@example.com"), ann);
        assert_ne!(id("demo", "bob@example.com"), ann);
    }
}
