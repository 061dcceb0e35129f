//! `budget.released`, version 1.

use postroom::{Aggregate, Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, CampaignId};
use crate::ledger::Account;
use crate::money::Money;

/// All that was set aside for a campaign is so no longer. What it spent is withdrawn by the event behind this one.
///
/// ```json
/// {"account_id":"0192…","campaign_id":"0192…","amount":{"amount_minor":150000,"currency":"NZD"}}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetReleased {
    /// Which account.
    pub account_id: AccountId,
    /// For which campaign.
    pub campaign_id: CampaignId,
    /// How much: as much as was held.
    pub amount: Money,
}

impl Message for BudgetReleased {
    const TYPE: &'static str = "budget.released";
}

impl Event for BudgetReleased {
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
        shipped::reads::<BudgetReleased>(include_str!(
            "../../../../events/versions/budget.released.v1.json"
        ));
    }
}
