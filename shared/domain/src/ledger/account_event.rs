//! All that can happen to an account.

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
