//! `money.deposited`, version 1.

use postroom::{Aggregate, Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::AccountId;
use crate::ledger::{Account, TransferLeg};
use crate::money::Money;

/// Money came in.
///
/// ```json
/// {"account_id":"0192…","amount":{"amount_minor":5000,"currency":"NZD"},"description":"Top-up",
///  "transfer":{"transfer_id":"0192…","counterparty_id":"0192…"}}
/// ```
/// `transfer` may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyDeposited {
    /// Which account.
    pub account_id: AccountId,
    /// How much: more than nothing.
    pub amount: Money,
    /// What for, in the words of who ordered it.
    pub description: String,
    /// The transfer it is one leg of, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferLeg>,
}

impl Message for MoneyDeposited {
    const TYPE: &'static str = "money.deposited";
}

impl Event for MoneyDeposited {
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
        shipped::reads::<MoneyDeposited>(include_str!(
            "../../../../events/versions/money.deposited.v1.json"
        ));
    }
}
