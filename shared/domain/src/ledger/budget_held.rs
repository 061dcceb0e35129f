//! `budget.held`, version 1.

use postroom::{Aggregate, Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, CampaignId};
use crate::ledger::Account;
use crate::money::Money;

/// A part of the balance was set aside for a campaign.
///
/// ```json
/// {"account_id":"0192…","campaign_id":"0192…","amount":{"amount_minor":150000,"currency":"NZD"}}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetHeld {
    /// Which account.
    pub account_id: AccountId,
    /// For which campaign.
    pub campaign_id: CampaignId,
    /// How much: more than nothing.
    pub amount: Money,
}

impl Message for BudgetHeld {
    const TYPE: &'static str = "budget.held";
}

impl Event for BudgetHeld {
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
        shipped::reads::<BudgetHeld>(include_str!(
            "../../../../events/versions/budget.held.v1.json"
        ));
    }
}
