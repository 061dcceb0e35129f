//! `account.closed`, version 1.

use postroom::{Aggregate, Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::AccountId;
use crate::ledger::Account;

/// An account was closed for good. The last event of its stream.
///
/// ```json
/// {"account_id":"0192…"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountClosed {
    /// Which account.
    pub account_id: AccountId,
}

impl Message for AccountClosed {
    const TYPE: &'static str = "account.closed";
}

impl Event for AccountClosed {
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
        shipped::reads::<AccountClosed>(include_str!(
            "../../../../events/versions/account.closed.v1.json"
        ));
    }
}
