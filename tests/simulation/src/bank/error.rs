//! Why the bank does not do something.

use postroom::{Classify, Refusal, RefusalKind, Refuse, TxError, Verdict};

/// Why the bank does not do something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BankError {
    #[error("there are too few coins in the purse")]
    TooFew,
    #[error(transparent)]
    Tx(#[from] TxError),
}

impl Classify for BankError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::TooFew => Verdict::Permanent,
            Self::Tx(source) => source.verdict(),
        }
    }
}

impl Refuse for BankError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::TooFew => Some(Refusal { code: "too-few-coins", kind: RefusalKind::Conflict }),
            Self::Tx(_) => None,
        }
    }
}
