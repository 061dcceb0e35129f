//! Opening an account: `POST /accounts`.

use postroom::{Command, Tx};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::id::{AccountId, OwnerId};
use crate::ledger::{Account, AccountState, LedgerError};
use crate::money::Currency;

/// What a caller sends: `{owner_id, currency}`. Fields we do not know are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "owner_id": "019aa4bf-0c00-7a1b-9c2d-3e4f5a6b7c8d",
    "currency": "NZD",
}]))]
pub struct AccountInput {
    owner_id: OwnerId,
    currency: Currency,
}

/// Opens an account, which is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenAccount {
    /// Whose money it will hold.
    pub owner_id: OwnerId,
    /// The only currency it will hold.
    pub currency: Currency,
}

impl From<AccountInput> for OpenAccount {
    fn from(input: AccountInput) -> Self {
        let AccountInput { owner_id, currency } = input;
        Self { owner_id, currency }
    }
}

impl Command for OpenAccount {
    const NAME: &'static str = "open-account";
    type Output = AccountState;
    type Error = LedgerError;

    async fn handle(&self, tx: &mut Tx) -> Result<AccountState, LedgerError> {
        let account_id = AccountId::from(tx.new_id());
        let opened = Account::open(account_id, self.owner_id, self.currency);
        let failed = |source| LedgerError::Tx { account_id, source };
        tx.new_aggregate::<Account>(account_id).map_err(failed)?;
        tx.emit(opened).map_err(failed)?;
        Ok(Account::load(account_id, tx).await?.into())
    }
}
