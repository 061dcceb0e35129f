//! Depositing: `POST /accounts/{id}/deposits`.

use postroom::{Command, Tx};

use crate::id::AccountId;
use crate::ledger::{Account, AccountState, LedgerError, Movement};

/// Brings money into an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositMoney {
    /// Which account.
    pub account_id: AccountId,
    /// How much, and what for.
    pub movement: Movement,
}

impl Command for DepositMoney {
    const NAME: &'static str = "deposit-money";
    type Output = AccountState;
    type Error = LedgerError;

    async fn handle(&self, tx: &mut Tx) -> Result<AccountState, LedgerError> {
        let account_id = self.account_id;
        let account = Account::load(account_id, tx).await?;

        let deposited = account.state.deposit(&self.movement, None)?;

        tx.emit(deposited).map_err(|source| LedgerError::Tx { account_id, source })?;
        Ok(Account::load(account_id, tx).await?.into())
    }
}
