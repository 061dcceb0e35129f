//! Withdrawing: `POST /accounts/{id}/withdrawals`.

use postroom::{Command, Tx};

use crate::id::AccountId;
use crate::ledger::{Account, AccountState, LedgerError, Movement};

/// Takes money out of an account, of what is not held for campaigns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawMoney {
    /// Which account.
    pub account_id: AccountId,
    /// How much, and what for.
    pub movement: Movement,
}

impl Command for WithdrawMoney {
    const NAME: &'static str = "withdraw-money";
    type Output = AccountState;
    type Error = LedgerError;

    async fn handle(&self, tx: &mut Tx) -> Result<AccountState, LedgerError> {
        let account_id = self.account_id;
        let account = Account::load(account_id, tx).await?;

        let withdrawn = account.state.withdraw(&self.movement, None)?;

        tx.emit(withdrawn).map_err(|source| LedgerError::Tx { account_id, source })?;
        Ok(Account::load(account_id, tx).await?.into())
    }
}
