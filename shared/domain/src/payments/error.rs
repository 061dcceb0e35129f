//! Why a payment or a refund is not booked.

use postroom::{Classify, Refusal, RefusalKind, Refuse, TxError, Verdict};

use crate::ledger::LedgerError;
use crate::money::{Currency, Money};
use crate::webhooks::ProviderId;

/// Why nothing was booked. What is permanent waits as a dead letter for somebody to decide.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The object lacks what is booked by, such as the account in its metadata. Permanent.
    #[error("the object of event {event_id} is not understood at `{path}`: {reason}")]
    Malformed { event_id: ProviderId, path: String, reason: String },
    /// The refund came before its payment, or its payment was not booked. Retryable: webhooks come in any order.
    #[error("payment {payment_id} is not settled, so nothing of it can be given back")]
    NotSettled { payment_id: ProviderId },
    /// More would be given back than was paid. Permanent.
    #[error("payment {payment_id} was of {paid}, and {refunded} of it is said to be given back")]
    RefundTooLarge { payment_id: ProviderId, paid: Money, refunded: Money },
    /// What is given back is of another currency than what was paid. Permanent.
    #[error("payment {payment_id} was in {paid}, and is said to be given back in {refunded}")]
    RefundCurrency { payment_id: ProviderId, paid: Currency, refunded: Currency },
    /// The account does not take it, or does not have it; retryable as the ledger says.
    #[error("cannot settle payment {payment_id}")]
    Ledger {
        payment_id: ProviderId,
        #[source]
        source: Box<LedgerError>,
    },
    /// It could not be read or staged; retryable as the store says.
    #[error("cannot read or write payment {payment_id}")]
    Tx {
        payment_id: ProviderId,
        #[source]
        source: TxError,
    },
}

impl Classify for SettleError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Malformed { .. } | Self::RefundTooLarge { .. } | Self::RefundCurrency { .. } => {
                Verdict::Permanent
            }
            Self::NotSettled { .. } => Verdict::RETRY,
            Self::Ledger { source, .. } => source.verdict(),
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for SettleError {
    fn refusal(&self) -> Option<Refusal> {
        let (code, kind) = match self {
            Self::Malformed { .. } => ("malformed-payment", RefusalKind::Invalid),
            Self::NotSettled { .. } => ("payment-not-settled", RefusalKind::Conflict),
            Self::RefundTooLarge { .. } => ("refund-too-large", RefusalKind::Conflict),
            Self::RefundCurrency { .. } => ("currency-mismatch", RefusalKind::Conflict),
            Self::Ledger { source, .. } => return source.refusal(),
            Self::Tx { source, .. } => return source.refusal(),
        };
        Some(Refusal { code, kind })
    }
}
