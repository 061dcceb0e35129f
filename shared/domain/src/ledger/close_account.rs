//! Closing an account: `POST /accounts/{id}/close`.

use postroom::{Command, Tx};

use crate::id::AccountId;
use crate::ledger::{Account, AccountState, LedgerError};

/// Closes an empty account for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseAccount {
    /// Which.
    pub account_id: AccountId,
}

impl Command for CloseAccount {
    const NAME: &'static str = "close-account";
    type Output = AccountState;
    type Error = LedgerError;

    async fn handle(&self, tx: &mut Tx) -> Result<AccountState, LedgerError> {
        let account_id = self.account_id;
        let account = Account::load(account_id, tx).await?;

        let closed = account.state.close()?;

        tx.emit(closed).map_err(|source| LedgerError::Tx { account_id, source })?;
        Ok(Account::load(account_id, tx).await?.into())
    }
}
