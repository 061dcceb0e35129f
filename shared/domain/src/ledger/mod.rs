//! The ledger: accounts that are what their events say, transfers between them, and budgets held for campaigns.

mod account;
mod account_event;
mod account_opened;
mod money_deposited;
mod money_withdrawn;
mod budget_held;
mod budget_released;
mod account_closed;
mod transfer_leg;
mod decide;
mod error;
mod movement;
mod open_account;
mod deposit_money;
mod withdraw_money;
mod close_account;
mod transfer_money;
mod on_campaign_published;
mod on_campaign_completed;
mod account_view;
mod account_transaction;
mod currency_summary;
mod account_views;
mod get_account;
mod list_transactions;
mod statement;
mod get_owner_summary;
#[cfg(test)]
mod tests;

pub(crate) use account::version_of;
pub use account::{Account, AccountState, AccountStatus};
pub use account_closed::AccountClosed;
pub use account_event::AccountEvent;
pub use account_opened::AccountOpened;
pub use account_transaction::{AccountTransaction, TransactionType};
pub use account_view::AccountView;
pub use account_views::{AccountViews, AccountViewsError};
pub use budget_held::BudgetHeld;
pub use budget_released::BudgetReleased;
pub use close_account::CloseAccount;
pub use currency_summary::CurrencySummary;
pub use deposit_money::DepositMoney;
pub use error::LedgerError;
pub use get_account::{GetAccountError, get_account};
pub use get_owner_summary::{GetOwnerSummaryError, get_owner_summary};
pub use list_transactions::{TransactionPage, list_transactions};
pub use money_deposited::MoneyDeposited;
pub use money_withdrawn::MoneyWithdrawn;
pub use movement::{Movement, MovementInput};
pub use open_account::{AccountInput, OpenAccount};
pub(crate) use statement::Statement;
pub use transfer_leg::TransferLeg;
pub use transfer_money::{Transfer, TransferInput, TransferMoney};
pub use withdraw_money::WithdrawMoney;

/// Holds a campaign's budget in the account it names while the campaign is live. A campaign that names none is free.
#[derive(Debug, Clone, Copy)]
pub struct HoldBudget;

impl HoldBudget {
    /// The listener's name, for every event it listens to.
    const NAME: &'static str = "hold-budget";
}
