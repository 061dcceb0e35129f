//! `account.opened`, version 1.

use postroom::{Aggregate, Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, OwnerId};
use crate::ledger::Account;
use crate::money::Currency;

/// An account was opened. The first event of its stream.
///
/// ```json
/// {"account_id":"0192…","owner_id":"0192…","currency":"NZD"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOpened {
    /// Which account.
    pub account_id: AccountId,
    /// Whose money it holds.
    pub owner_id: OwnerId,
    /// The only currency it holds.
    pub currency: Currency,
}

impl Message for AccountOpened {
    const TYPE: &'static str = "account.opened";
}

impl Event for AccountOpened {
    fn stream(&self) -> StreamId {
        Account::stream(self.account_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<AccountOpened>(include_str!(
            "../../../../events/versions/account.opened.v1.json"
        ));
    }
}
