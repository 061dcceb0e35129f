//! A movement of money as it is read.

use std::fmt;

use jiff::Timestamp;
use postroom::{Envelope, List, MessageId, Place, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::AccountId;
use crate::ledger::{AccountEvent, AccountView, TransferLeg};
use crate::money::Money;

/// Money that came into an account, or went out. What is held and released moves no money, and is none.
///
/// Within its account its id is the version that it made, in 20 digits: the order in which they happened, whatever the
/// clocks of those who booked them say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountTransaction {
    /// The event it is made of.
    #[schemars(with = "uuid::Uuid")]
    pub event_id: MessageId,
    /// Whose money moved.
    pub account_id: AccountId,
    /// The version of the account that it made.
    pub version: u64,
    /// Whether it came in or went out.
    pub r#type: TransactionType,
    /// How much: more than nothing.
    pub amount: Money,
    /// What the account held then, what is held for campaigns included.
    pub balance_after: Money,
    /// The account at the other end, if it is one leg of a transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<AccountId>,
    /// What for.
    pub description: String,
    /// When.
    pub at: Timestamp,
}

/// Whether money came in or went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransactionType {
    /// It came in.
    Deposit,
    /// It went out.
    Withdrawal,
}

impl fmt::Display for TransactionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
        })
    }
}

impl AccountTransaction {
    /// What the event that made an account `after` has moved, if it has moved money.
    pub(super) fn of(event: &Envelope<AccountEvent>, after: &AccountView) -> Option<Self> {
        let (r#type, amount, description, transfer) = moved(&event.data)?;
        Some(Self {
            event_id: event.id,
            account_id: after.id,
            version: after.version,
            r#type,
            amount,
            balance_after: after.balance,
            counterparty: transfer.map(|transfer| transfer.counterparty_id),
            description: description.to_owned(),
            at: event.time,
        })
    }

    /// All of one account, the last first.
    pub(super) fn latest(account_id: AccountId) -> List<Self> {
        Self::oldest(account_id).descending()
    }

    /// All of one account, the first first.
    pub(super) fn oldest(account_id: AccountId) -> List<Self> {
        List::within(account_id)
    }

    /// Where the one that made this version is, or would be, among those of its account.
    pub(super) fn position(version: u64) -> String {
        format!("{version:020}")
    }
}

impl Stored for AccountTransaction {
    const COLLECTION: &'static str = "account-transactions";

    fn place(&self) -> Place<Self> {
        Place::within(self.account_id, Self::position(self.version))
    }
}

fn moved(event: &AccountEvent) -> Option<(TransactionType, Money, &str, Option<TransferLeg>)> {
    match event {
        AccountEvent::MoneyDeposited(deposited) => Some((
            TransactionType::Deposit,
            deposited.amount,
            &deposited.description,
            deposited.transfer,
        )),
        AccountEvent::MoneyWithdrawn(withdrawn) => Some((
            TransactionType::Withdrawal,
            withdrawn.amount,
            &withdrawn.description,
            withdrawn.transfer,
        )),
        AccountEvent::AccountOpened(_)
        | AccountEvent::BudgetHeld(_)
        | AccountEvent::BudgetReleased(_)
        | AccountEvent::AccountClosed(_) => None,
    }
}
