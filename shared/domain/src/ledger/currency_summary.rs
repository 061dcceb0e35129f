//! What an owner's accounts of one currency come to.

use postroom::{List, Place, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::OwnerId;
use crate::ledger::{AccountStatus, AccountView};
use crate::money::{Currency, Money};

/// The sum of an owner's accounts of one currency, moved by each of their events in the transaction that moves the account's
/// own view. Whoever has seen an account at a version finds that version in the sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CurrencySummary {
    /// Whose accounts.
    pub owner_id: OwnerId,
    /// How many of them are open.
    pub open_accounts: u64,
    /// What they hold together, what is held for campaigns included.
    pub balance: Money,
    /// What is held for campaigns; the rest can be withdrawn.
    pub held: Money,
}

impl CurrencySummary {
    /// Where that of this owner and currency is.
    pub(super) fn at(owner_id: OwnerId, currency: Currency) -> Place<Self> {
        Place::within(owner_id, currency)
    }

    /// All of one owner, by currency.
    pub(super) fn of(owner_id: OwnerId) -> List<Self> {
        List::within(owner_id)
    }

    /// That of an owner who has no account of this currency yet.
    pub(super) fn none(owner_id: OwnerId, currency: Currency) -> Self {
        let nothing = Money { amount_minor: 0, currency };
        Self { owner_id, open_accounts: 0, balance: nothing, held: nothing }
    }

    /// The sum when one of its accounts is no longer as it was `before`, if it was at all, but as it is `after`; `None`: it
    /// is beyond counting.
    pub(super) fn moved(self, before: Option<&AccountView>, after: &AccountView) -> Option<Self> {
        let old = before.map_or((0, 0, 0), parts);
        let new = parts(after);
        let open_accounts = self.open_accounts.checked_add(new.0)?.checked_sub(old.0)?;
        Some(Self {
            open_accounts,
            balance: moved(self.balance, old.1, new.1)?,
            held: moved(self.held, old.2, new.2)?,
            ..self
        })
    }
}

impl Stored for CurrencySummary {
    const COLLECTION: &'static str = "owner-summaries";

    fn place(&self) -> Place<Self> {
        Self::at(self.owner_id, self.balance.currency)
    }
}

/// What an account adds: as an open account, to the balance, to what is held.
fn parts(account: &AccountView) -> (u64, i64, i64) {
    let open = u64::from(account.status == AccountStatus::Open);
    (open, account.balance.amount_minor, account.held.amount_minor)
}

fn moved(sum: Money, old: i64, new: i64) -> Option<Money> {
    // Each is an account's, and far from the end of an `i64`; their sum over many accounts need not be.
    let amount_minor = sum.amount_minor.checked_add(new.checked_sub(old)?)?;
    Some(Money { amount_minor, ..sum })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ledger::AccountOpened;

    fn account(balance_minor: i64) -> AccountView {
        let currency = Currency::try_from("NZD".to_owned()).unwrap();
        let (account_id, owner_id) = (Uuid::from_u128(1).into(), Uuid::from_u128(9).into());
        let mut account = AccountView::opened(&AccountOpened { account_id, owner_id, currency });
        account.balance.amount_minor = balance_minor;
        account
    }

    #[test]
    fn what_is_beyond_counting_is_no_sum() {
        let (before, after) = (account(0), account(1));
        let sum = CurrencySummary::none(after.owner_id, after.balance.currency);
        let holding = |amount_minor| {
            let sum = sum.clone().moved(None, &before).unwrap();
            CurrencySummary { balance: Money { amount_minor, ..sum.balance }, ..sum }
        };

        let last = holding(i64::MAX - 1).moved(Some(&before), &after).unwrap();
        let one_over = holding(i64::MAX).moved(Some(&before), &after);

        assert_eq!((last.open_accounts, last.balance.amount_minor), (1, i64::MAX));
        assert_eq!(one_over, None);
    }
}
