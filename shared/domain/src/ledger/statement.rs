//! The transactions of an account up to a version, in the order in which they happened: what a statement is made of.

use std::time::Duration;

use jiff::Timestamp;
use postroom::{List, ReadModel, Reader};

use crate::id::AccountId;
use crate::ledger::get_account::{model, shown};
use crate::ledger::{AccountTransaction, GetAccountError};

/// An account's transactions as its view shows them, up to a version.
#[derive(Debug)]
pub(crate) struct Statement {
    model: ReadModel,
    account_id: AccountId,
    version: u64,
}

impl Statement {
    /// How far the clocks of those who book may be apart: transactions are in the order of their versions, and in that of
    /// their times as far as this.
    const CLOCKS: Duration = Duration::from_hours(1);

    /// Of an account whose view has come to this version, which the account has to have.
    ///
    /// # Errors
    /// See [`GetAccountError`].
    pub(crate) async fn open(
        reader: &Reader,
        account_id: AccountId,
        version: u64,
    ) -> Result<Self, GetAccountError> {
        let model = model(reader, account_id).await?;
        shown(&model, account_id, version).await?;
        Ok(Self { model, account_id, version })
    }

    /// A version behind which everything is that happened at this time or later. Looked for by halves: an account may have
    /// had any number of transactions by then.
    ///
    /// # Errors
    /// [`GetAccountError::Read`]
    pub(crate) async fn before(&self, at: Timestamp) -> Result<u64, GetAccountError> {
        let earlier = at.saturating_sub(Self::CLOCKS).unwrap_or(Timestamp::MIN);
        let (mut before, mut end) = (0, self.version);
        while before < end {
            let middle = before + (end - before) / 2;
            match self.read(middle, 1).await?.first() {
                Some(next) if next.at < earlier => before = next.version,
                Some(_) | None => end = middle,
            }
        }
        Ok(before)
    }

    /// Whether nothing behind a transaction of this time can have happened before that.
    pub(crate) fn is_past(last: Timestamp, at: Timestamp) -> bool {
        at.saturating_add(Self::CLOCKS).is_ok_and(|later| last >= later)
    }

    /// What comes behind this version: a page, empty behind the last.
    ///
    /// # Errors
    /// [`GetAccountError::Read`]
    pub(crate) async fn page(
        &self,
        after: u64,
    ) -> Result<Vec<AccountTransaction>, GetAccountError> {
        self.read(after, List::<AccountTransaction>::MAX).await
    }

    async fn read(
        &self,
        after: u64,
        most: usize,
    ) -> Result<Vec<AccountTransaction>, GetAccountError> {
        let account_id = self.account_id;
        let list = AccountTransaction::oldest(account_id).limit(most);
        let page = self.model.list(list.after(Some(AccountTransaction::position(after)))).await;
        let page = page.map_err(|source| GetAccountError::Read { account_id, source })?;
        let items = page.items.into_iter().map(|transaction| transaction.value);
        Ok(items.filter(|transaction| transaction.version <= self.version).collect())
    }
}
