//! Identifiers of the business, each its own type.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Reads the hyphenated form only, so that a thing has one address.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse::<uuid::fmt::Hyphenated>().map(|id| Self(id.into_uuid()))
            }
        }
    )*};
}

ids! {
    /// A campaign: a UUID version 7, so that ids sort by the time of creation.
    CampaignId;
    /// An account of the ledger: a UUID version 7, as above.
    AccountId;
    /// Whose money an account holds; the caller's own id of them.
    OwnerId;
    /// A contact: made of its tenant and its e-mail address, so that each address has one.
    ContactId;
    /// A transfer between two accounts, which both of its movements name.
    TransferId;
    /// An import of contacts: a UUID version 7, as a campaign's.
    ContactImportId;
    /// A report: a UUID version 7, as a campaign's.
    ReportId;
    /// A user: made of its tenant and its e-mail address, as a contact is.
    UserId;
}
