//! `money.withdrawn`, version 1.

use postroom::{Aggregate, Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, CampaignId};
use crate::ledger::{Account, TransferLeg};
use crate::money::Money;

/// Money went out.
///
/// ```json
/// {"account_id":"0192…","amount":{"amount_minor":5000,"currency":"NZD"},"description":"Spent by Summer sale",
///  "campaign_id":"0192…"}
/// ```
/// `transfer` (as of `money.deposited`) and `campaign_id` may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyWithdrawn {
    /// Which account.
    pub account_id: AccountId,
    /// How much: more than nothing.
    pub amount: Money,
    /// What for.
    pub description: String,
    /// The transfer it is one leg of, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferLeg>,
    /// The campaign that spent it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<CampaignId>,
}

impl Message for MoneyWithdrawn {
    const TYPE: &'static str = "money.withdrawn";
}

impl Event for MoneyWithdrawn {
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
        shipped::reads::<MoneyWithdrawn>(include_str!(
            "../../../../events/versions/money.withdrawn.v1.json"
        ));
    }
}
