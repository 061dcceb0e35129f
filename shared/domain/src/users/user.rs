//! A user as stored, and as callers see it: the profile.

use jiff::Timestamp;
use postroom::{Place, Stored, StreamId, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contacts::Email;
use crate::id::UserId;
use crate::users::Plan;

/// The name space of users' ids.
const NAME_SPACE: Uuid = Uuid::from_u128(0x2b7d_40c6_93ef_4a51_8f60_c1d9_7e35_a48b);

/// What is stored of a user.
///
/// ```json
/// {"id":"5be0…","email":"ann@example.com","name":"Ann Smith","plan":"free","invited_by":"9c14…","created_at":"2026-11-22T09:30:00Z"}
/// ```
/// `invited_by` may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Made of tenant and e-mail: the user's own item says that the tenant has no other of this address.
    pub id: UserId,
    /// Where the user is written to, in the one form of each address.
    pub email: Email,
    /// 1-200 characters, trimmed.
    pub name: String,
    /// What the user is on: signed up for, upgraded to, or left with when a trial was over.
    pub plan: Plan,
    /// Who invited the user: another user of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_by: Option<UserId>,
    /// When the user signed up.
    pub created_at: Timestamp,
}

impl User {
    /// Where the user of this id lives.
    pub fn at(id: UserId) -> Place<Self> {
        Place::new(id)
    }

    /// The stream of what happened to the user of this id.
    pub fn stream(id: UserId) -> StreamId {
        Self::at(id).stream()
    }
}

impl Stored for User {
    const COLLECTION: &'static str = "users";

    fn place(&self) -> Place<Self> {
        Self::at(self.id)
    }
}

impl UserId {
    /// The id that a user of this address has: the UUID version 5 of the tenant, a line feed and the address. Neither of
    /// them has a line feed.
    pub fn of(tenant: &TenantId, email: &Email) -> Self {
        Uuid::new_v5(&NAME_SPACE, format!("{tenant}\n{email}").as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(tenant: &str, email: &str) -> UserId {
        UserId::of(&tenant.parse().unwrap(), &Email::try_from(email.to_owned()).unwrap())
    }

    #[test]
    fn an_address_has_one_user_in_each_tenant() {
        let ann = id("demo", "ann@example.com");

        // Ids are stored: they stay what they were.
        assert_eq!(ann.to_string(), "b45b4f33-15bd-59b3-b281-fa567422a4ce");
        assert_eq!(id("demo", " ANN@example.com"), ann);
        assert_ne!(id("other", "ann@example.com"), ann);
        assert_ne!(id("demo", "bob@example.com"), ann);
    }
}
