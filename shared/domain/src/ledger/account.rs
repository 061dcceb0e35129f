//! The account: what its events have made of it, and how it is shown.

use std::collections::BTreeMap;

use postroom::{Aggregate, Folded, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, CampaignId, OwnerId};
use crate::ledger::{AccountEvent, LedgerError};
use crate::money::{Currency, Money};

/// An account, folded from its stream. It holds one currency.
///
/// Its campaigns' holds are at most as many as the plan lets be live, and never more than its balance together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Which.
    pub(super) id: AccountId,
    /// Whose money it holds.
    pub(super) owner_id: OwnerId,
    /// The only currency it holds.
    pub(super) currency: Currency,
    /// What it holds, in minor units, what is set aside included.
    pub(super) balance_minor: i64,
    /// What is set aside, by campaign.
    pub(super) holds: BTreeMap<CampaignId, i64>,
    /// Whether it is in use.
    pub(super) status: AccountStatus,
}

/// Whether an account is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// It is.
    Open,
    /// Not any more.
    Closed,
}

impl Aggregate for Account {
    const STREAM: &'static str = "accounts";
    const SNAPSHOT: u32 = 1;
    type Event = AccountEvent;

    fn begin(first: &AccountEvent) -> Option<Self> {
        let AccountEvent::AccountOpened(opened) = first else { return None };
        Some(Self {
            id: opened.account_id,
            owner_id: opened.owner_id,
            currency: opened.currency,
            balance_minor: 0,
            holds: BTreeMap::new(),
            status: AccountStatus::Open,
        })
    }

    /// Saturates where what was decided never gets: an account holds at most a quadrillion minor units.
    fn apply(&mut self, next: &AccountEvent) {
        match next {
            // There is one in each stream, its first.
            AccountEvent::AccountOpened(_) => {}
            AccountEvent::MoneyDeposited(deposited) => {
                self.balance_minor =
                    self.balance_minor.saturating_add(deposited.amount.amount_minor);
            }
            AccountEvent::MoneyWithdrawn(withdrawn) => {
                self.balance_minor =
                    self.balance_minor.saturating_sub(withdrawn.amount.amount_minor);
            }
            AccountEvent::BudgetHeld(held) => {
                self.holds.insert(held.campaign_id, held.amount.amount_minor);
            }
            AccountEvent::BudgetReleased(released) => {
                self.holds.remove(&released.campaign_id);
            }
            AccountEvent::AccountClosed(_) => self.status = AccountStatus::Closed,
        }
    }
}

impl Account {
    /// The account with this id, as what is staged has made it.
    pub(super) async fn load(
        account_id: AccountId,
        tx: &mut Tx,
    ) -> Result<Folded<Self>, LedgerError> {
        let found = tx.aggregate::<Self>(account_id).await;
        let found = found.map_err(|source| LedgerError::Tx { account_id, source })?;
        found.ok_or(LedgerError::NotFound { account_id })
    }

    /// What is set aside.
    pub(super) fn held(&self) -> Money {
        self.money(self.holds.values().fold(0, |sum, held| sum.saturating_add(*held)))
    }

    /// What can be withdrawn or set aside.
    pub(super) fn available(&self) -> Money {
        self.money(self.balance_minor.saturating_sub(self.held().amount_minor))
    }

    /// An amount in its currency.
    pub(super) fn money(&self, amount_minor: i64) -> Money {
        Money { amount_minor, currency: self.currency }
    }
}

/// How far an account has come, as what is staged has made it. The commit fails, and its command runs again, if more happens
/// to it by then.
///
/// # Errors
/// [`LedgerError::NotFound`], or it could not be read.
pub(crate) async fn version_of(account_id: AccountId, tx: &mut Tx) -> Result<u64, LedgerError> {
    Ok(Account::load(account_id, tx).await?.version)
}

/// An account as it is right after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountState {
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
    /// How many events have made it so.
    pub version: u64,
}

impl From<Folded<Account>> for AccountState {
    fn from(folded: Folded<Account>) -> Self {
        let Folded { version, state: account } = folded;
        Self {
            id: account.id,
            owner_id: account.owner_id,
            balance: account.money(account.balance_minor),
            held: account.held(),
            status: account.status,
            version,
        }
    }
}
