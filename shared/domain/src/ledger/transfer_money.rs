//! Transferring money: `POST /transfers`.

use garde::Validate;
use postroom::{Command, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, TransferId};
use crate::input::{self, InvalidInput, LINE, MAX_LINE_CHARS, Violation, is_a_line};
use crate::ledger::{
    Account, AccountState, LedgerError, MoneyDeposited, MoneyWithdrawn, Movement, TransferLeg,
};
use crate::money::Amount;

/// What a caller sends: `{from_account_id, to_account_id, amount, description}`. Fields we do not know are ignored.
#[derive(Debug, Clone, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
#[schemars(extend("examples" = [{
    "from_account_id": "019aa4c0-1f00-7d2a-9b6e-0c4a8e7f1d22",
    "to_account_id": "019aa4c0-9a10-7e3b-8c5d-1a2b3c4d5e6f",
    "amount": { "amount_minor": 500_000, "currency": "NZD" },
    "description": "Share of the summer sale",
}]))]
pub struct TransferInput {
    from_account_id: AccountId,
    to_account_id: AccountId,
    #[garde(dive)]
    #[serde(deserialize_with = "input::object")]
    amount: Amount,
    #[schemars(length(max = MAX_LINE_CHARS), regex(pattern = LINE))]
    #[garde(custom(|text: &str, _context: &()| is_a_line(text)))]
    description: String,
}

/// Moves money from one account to another: both move in one transaction, or neither does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferMoney {
    /// Where it comes from.
    pub from: AccountId,
    /// Where it goes, which is another account.
    pub to: AccountId,
    /// How much, and what for.
    pub movement: Movement,
}

/// A transfer that was made, and the accounts as it left them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transfer {
    /// Which: both movements name it.
    pub id: TransferId,
    /// Where the money came from.
    pub from: AccountState,
    /// Where it went.
    pub to: AccountState,
}

impl TryFrom<TransferInput> for TransferMoney {
    type Error = InvalidInput;

    fn try_from(input: TransferInput) -> Result<Self, InvalidInput> {
        input.validate()?;
        let TransferInput { from_account_id: from, to_account_id: to, amount, description } = input;
        if from == to {
            let (path, message) =
                ("/to_account_id".to_owned(), "has to be another account".to_owned());
            return Err(InvalidInput { violations: vec![Violation { path, message }] });
        }
        Ok(Self { from, to, movement: Movement::of(amount, &description) })
    }
}

impl Command for TransferMoney {
    const NAME: &'static str = "transfer-money";
    type Output = Transfer;
    type Error = LedgerError;

    async fn handle(&self, tx: &mut Tx) -> Result<Transfer, LedgerError> {
        let Self { from, to, movement } = self;
        let id = TransferId::from(tx.new_id());
        let source = Account::load(*from, tx).await?.state;
        let target = Account::load(*to, tx).await?.state;

        let (withdrawn, deposited) = transfer(id, &source, &target, movement)?;

        tx.emit(withdrawn).map_err(|source| LedgerError::Tx { account_id: *from, source })?;
        tx.emit(deposited).map_err(|source| LedgerError::Tx { account_id: *to, source })?;
        let (from, to) = (Account::load(*from, tx).await?, Account::load(*to, tx).await?);
        Ok(Transfer { id, from: from.into(), to: to.into() })
    }
}

/// Both movements of a transfer, or the first refusal.
pub(super) fn transfer(
    id: TransferId,
    source: &Account,
    target: &Account,
    movement: &Movement,
) -> Result<(MoneyWithdrawn, MoneyDeposited), LedgerError> {
    let leg = |counterparty_id| TransferLeg { transfer_id: id, counterparty_id };
    let withdrawn = source.withdraw(movement, Some(leg(target.id)))?;
    let deposited = target.deposit(movement, Some(leg(source.id)))?;
    Ok((withdrawn, deposited))
}
