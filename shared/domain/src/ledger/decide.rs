//! What may happen to an account: pure decisions, from what it is to the event, or a refusal.

use crate::id::{AccountId, CampaignId, OwnerId};
use crate::ledger::account::AccountStatus;
use crate::ledger::{
    Account, AccountClosed, AccountOpened, BudgetHeld, BudgetReleased, LedgerError, MoneyDeposited,
    MoneyWithdrawn, Movement, TransferLeg,
};
use crate::money::{Currency, MAX_AMOUNT_MINOR, Money};

/// The most that an account holds, in minor units: a quadrillion. JSON readers keep it exactly, and sums are far from the
/// end of an `i64`.
pub(super) const MAX_BALANCE_MINOR: i64 = 1_000_000_000_000_000;

impl Account {
    /// A new account, which is empty.
    pub(super) fn open(
        account_id: AccountId,
        owner_id: OwnerId,
        currency: Currency,
    ) -> AccountOpened {
        AccountOpened { account_id, owner_id, currency }
    }

    /// Money comes in.
    pub(super) fn deposit(
        &self,
        movement: &Movement,
        transfer: Option<TransferLeg>,
    ) -> Result<MoneyDeposited, LedgerError> {
        let Movement { amount, description } = movement;
        self.takes(*amount)?;
        let balance = self.balance_minor.checked_add(amount.amount_minor);
        if balance.is_none_or(|balance| balance > MAX_BALANCE_MINOR) {
            return Err(LedgerError::BalanceLimit { account_id: self.id });
        }
        let (account_id, description) = (self.id, description.clone());
        Ok(MoneyDeposited { account_id, amount: *amount, description, transfer })
    }

    /// Money goes out, of what is not set aside.
    pub(super) fn withdraw(
        &self,
        movement: &Movement,
        transfer: Option<TransferLeg>,
    ) -> Result<MoneyWithdrawn, LedgerError> {
        let Movement { amount, description } = movement;
        self.takes(*amount)?;
        self.has_available(*amount)?;
        let (account_id, description) = (self.id, description.clone());
        Ok(MoneyWithdrawn { account_id, amount: *amount, description, transfer, campaign_id: None })
    }

    /// Money is set aside for a campaign.
    pub(super) fn hold(
        &self,
        campaign_id: CampaignId,
        budget: Money,
    ) -> Result<BudgetHeld, LedgerError> {
        self.takes(budget)?;
        self.has_available(budget)?;
        Ok(BudgetHeld { account_id: self.id, campaign_id, amount: budget })
    }

    /// What was set aside for a campaign is free, and what it spent of that goes out; `None`: nothing was set aside.
    ///
    /// It spends in the currency of its budget, and only a budget of the account's own is set aside. More than was set
    /// aside is not taken: that is all the campaign was allowed to spend.
    pub(super) fn settle(
        &self,
        campaign_id: CampaignId,
        campaign: &str,
        spend_minor: i64,
    ) -> Option<(BudgetReleased, Option<MoneyWithdrawn>)> {
        let held = *self.holds.get(&campaign_id)?;
        let (account_id, amount) = (self.id, self.money(held));
        let due = spend_minor.clamp(0, held);
        let withdrawn = (due > 0).then(|| MoneyWithdrawn {
            account_id,
            amount: self.money(due),
            description: format!("Spent by {campaign}"),
            transfer: None,
            campaign_id: Some(campaign_id),
        });
        Some((BudgetReleased { account_id, campaign_id, amount }, withdrawn))
    }

    /// It is closed for good.
    pub(super) fn close(&self) -> Result<AccountClosed, LedgerError> {
        self.is_open()?;
        let (account_id, balance, held) = (self.id, self.money(self.balance_minor), self.held());
        if (balance.amount_minor, held.amount_minor) == (0, 0) {
            Ok(AccountClosed { account_id })
        } else {
            Err(LedgerError::NotEmpty { account_id, balance, held })
        }
    }

    fn is_open(&self) -> Result<(), LedgerError> {
        match self.status {
            AccountStatus::Open => Ok(()),
            AccountStatus::Closed => Err(LedgerError::Closed { account_id: self.id }),
        }
    }

    /// Whether this is an amount that can be booked here at all.
    fn takes(&self, amount: Money) -> Result<(), LedgerError> {
        self.is_open()?;
        if !(1..=MAX_AMOUNT_MINOR).contains(&amount.amount_minor) {
            return Err(LedgerError::AmountOutOfRange { amount });
        }
        if amount.currency == self.currency {
            return Ok(());
        }
        let (account_id, holds, given) = (self.id, self.currency, amount.currency);
        Err(LedgerError::CurrencyMismatch { account_id, holds, given })
    }

    fn has_available(&self, asked: Money) -> Result<(), LedgerError> {
        let (account_id, available) = (self.id, self.available());
        if asked.amount_minor <= available.amount_minor {
            Ok(())
        } else {
            Err(LedgerError::InsufficientFunds { account_id, available, asked })
        }
    }
}
