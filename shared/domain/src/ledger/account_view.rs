//! The account as it is read: what a projection makes of its events.

use jiff::Timestamp;
use postroom::{Envelope, Place, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, OwnerId};
use crate::ledger::{AccountEvent, AccountOpened, AccountStatus};
use crate::money::Money;

/// An account as of its last event that was applied. Its history is in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountView {
    /// Sorts by the time of opening.
    pub id: AccountId,
    /// Whose money it holds.
    pub owner_id: OwnerId,
    /// What it holds, what is held for campaigns included.
    pub balance: Money,
    /// What is held for campaigns; the rest can be withdrawn.
    pub held: Money,
    /// Whether it is in use.
    pub status: AccountStatus,
    /// How many events have made it so. A command that was answered a higher one is not in it yet.
    pub version: u64,
    /// How often money came in or went out.
    pub transaction_count: u64,
    /// When it last did, if it ever has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_transaction_at: Option<Timestamp>,
}

impl AccountView {
    /// Where the view of this account is.
    pub(super) fn at(account_id: AccountId) -> Place<Self> {
        Place::new(account_id)
    }

    /// What the first event of an account makes.
    pub(super) fn opened(by: &AccountOpened) -> Self {
        let nothing = Money { amount_minor: 0, currency: by.currency };
        Self {
            id: by.account_id,
            owner_id: by.owner_id,
            balance: nothing,
            held: nothing,
            status: AccountStatus::Open,
            version: 0,
            transaction_count: 0,
            last_transaction_at: None,
        }
    }

    /// The account after an event.
    pub(super) fn after(mut self, event: &Envelope<AccountEvent>) -> Self {
        match &event.data {
            AccountEvent::AccountOpened(_) => {}
            AccountEvent::MoneyDeposited(deposited) => {
                self.move_money(deposited.amount.amount_minor, event.time);
            }
            AccountEvent::MoneyWithdrawn(withdrawn) => {
                self.move_money(-withdrawn.amount.amount_minor, event.time);
            }
            AccountEvent::BudgetHeld(held) => self.hold(held.amount.amount_minor),
            AccountEvent::BudgetReleased(released) => self.hold(-released.amount.amount_minor),
            AccountEvent::AccountClosed(_) => self.status = AccountStatus::Closed,
        }
        self.version = event.stream_version.unwrap_or(self.version);
        self
    }

    fn move_money(&mut self, by_minor: i64, at: Timestamp) {
        self.balance.amount_minor = self.balance.amount_minor.saturating_add(by_minor);
        self.transaction_count += 1;
        self.last_transaction_at = Some(at);
    }

    fn hold(&mut self, by_minor: i64) {
        self.held.amount_minor = self.held.amount_minor.saturating_add(by_minor);
    }
}

impl Stored for AccountView {
    const COLLECTION: &'static str = "account-views";

    fn place(&self) -> Place<Self> {
        Self::at(self.id)
    }
}
