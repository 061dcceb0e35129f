//! All that can happen to an account.

use crate::id::AccountId;
use crate::ledger::{
    AccountClosed, AccountOpened, BudgetHeld, BudgetReleased, MoneyDeposited, MoneyWithdrawn,
};

postroom::events! {
    /// What can happen to an account.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum AccountEvent {
        /// It was opened.
        AccountOpened,
        /// Money came in.
        MoneyDeposited,
        /// Money went out.
        MoneyWithdrawn,
        /// Money was set aside.
        BudgetHeld,
        /// Money is set aside no longer.
        BudgetReleased,
        /// It was closed.
        AccountClosed,
    }
}

impl AccountEvent {
    /// Which account it happened to.
    pub fn account_id(&self) -> AccountId {
        match self {
            Self::AccountOpened(event) => event.account_id,
            Self::MoneyDeposited(event) => event.account_id,
            Self::MoneyWithdrawn(event) => event.account_id,
            Self::BudgetHeld(event) => event.account_id,
            Self::BudgetReleased(event) => event.account_id,
            Self::AccountClosed(event) => event.account_id,
        }
    }
}
