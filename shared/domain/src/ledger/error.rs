//! Why the ledger refuses, or fails.

use postroom::{Classify, Refusal, RefusalKind, Refuse, TxError, Verdict};

use crate::id::{AccountId, CampaignId};
use crate::ledger::decide::MAX_BALANCE_MINOR;
use crate::money::{Currency, MAX_AMOUNT_MINOR, Money};

/// Why nothing was booked. One enum for all of the ledger: its commands fail in the same ways.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The tenant has no such account.
    #[error("there is no account {account_id}")]
    NotFound { account_id: AccountId },
    /// It was closed, and takes nothing any more.
    #[error("account {account_id} is closed")]
    Closed { account_id: AccountId },
    /// It holds another currency.
    #[error("account {account_id} holds {holds}, not {given}")]
    CurrencyMismatch { account_id: AccountId, holds: Currency, given: Currency },
    /// It has less than that, what is held for campaigns set aside.
    #[error("account {account_id} has {available} available, not {asked}")]
    InsufficientFunds { account_id: AccountId, available: Money, asked: Money },
    /// It would hold more than an account may.
    #[error("account {account_id} would hold more than {MAX_BALANCE_MINOR} minor units")]
    BalanceLimit { account_id: AccountId },
    /// Only an account with neither balance nor holds is closed.
    #[error("account {account_id} holds {balance}, of which {held} for campaigns")]
    NotEmpty { account_id: AccountId, balance: Money, held: Money },
    /// Nothing, less than nothing, or more than anything moved here may be.
    #[error("an amount is 1-{MAX_AMOUNT_MINOR} minor units, not {amount}")]
    AmountOutOfRange { amount: Money },
    /// What a campaign has spent could not be read; retryable as the store says.
    #[error("cannot settle the budget of campaign {campaign_id}")]
    Campaign {
        campaign_id: CampaignId,
        #[source]
        source: TxError,
    },
    /// It could not be read or staged; retryable as the store says.
    #[error("cannot book on account {account_id}")]
    Tx {
        account_id: AccountId,
        #[source]
        source: TxError,
    },
}

impl Classify for LedgerError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. }
            | Self::Closed { .. }
            | Self::CurrencyMismatch { .. }
            | Self::InsufficientFunds { .. }
            | Self::BalanceLimit { .. }
            | Self::NotEmpty { .. }
            | Self::AmountOutOfRange { .. } => Verdict::Permanent,
            Self::Campaign { source, .. } | Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for LedgerError {
    fn refusal(&self) -> Option<Refusal> {
        let (code, kind) = match self {
            Self::NotFound { .. } => ("account-not-found", RefusalKind::NotFound),
            Self::Closed { .. } => ("account-closed", RefusalKind::Conflict),
            Self::CurrencyMismatch { .. } => ("currency-mismatch", RefusalKind::Conflict),
            Self::InsufficientFunds { .. } => ("insufficient-funds", RefusalKind::Conflict),
            Self::BalanceLimit { .. } => ("balance-limit-reached", RefusalKind::Conflict),
            Self::NotEmpty { .. } => ("account-not-empty", RefusalKind::Conflict),
            Self::AmountOutOfRange { .. } => ("amount-out-of-range", RefusalKind::Invalid),
            Self::Campaign { source, .. } | Self::Tx { source, .. } => return source.refusal(),
        };
        Some(Refusal { code, kind })
    }
}
