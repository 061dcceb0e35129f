//! Why the shop does not do something.

use postroom::simulation::OutsideError;
use postroom::{
    Blame, Blames, Classify, ReadError, Refusal, RefusalKind, Refuse, TxError, Verdict,
};

/// Why the shop does not do something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShopError {
    #[error("order {order} exists")]
    Exists { order: String },
    #[error("there is no order {order}")]
    Missing { order: String },
    #[error("order {order} is not open any more")]
    NotOpen { order: String },
    #[error("{limit} orders are open")]
    Full { limit: usize },
    #[error("nothing is left")]
    SoldOut,
    #[error("nothing is reserved yet")]
    NoParcel,
    /// What cannot be repeated may have happened.
    #[error("whether the label was printed is for a person to find out")]
    PerhapsPrinted,
    #[error(transparent)]
    Outside(#[from] OutsideError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Tx(#[from] TxError),
}

impl Classify for ShopError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Exists { .. }
            | Self::Missing { .. }
            | Self::NotOpen { .. }
            | Self::Full { .. }
            | Self::SoldOut
            | Self::NoParcel
            | Self::PerhapsPrinted => Verdict::Permanent,
            Self::Outside(source) => source.verdict(),
            Self::Read(source) => source.verdict(),
            Self::Tx(source) => source.verdict(),
        }
    }
}

impl Blames for ShopError {
    fn blame(&self) -> Blame {
        match self {
            Self::Outside(OutsideError::Refused { .. }) => Blame::Message,
            Self::Outside(
                OutsideError::Busy { .. }
                | OutsideError::Down { .. }
                | OutsideError::Unknown { .. },
            ) => Blame::Provider,
            Self::Exists { .. }
            | Self::Missing { .. }
            | Self::NotOpen { .. }
            | Self::Full { .. }
            | Self::SoldOut
            | Self::NoParcel
            | Self::PerhapsPrinted
            | Self::Read(_)
            | Self::Tx(_) => Blame::NotAsked,
        }
    }
}

impl Refuse for ShopError {
    fn refusal(&self) -> Option<Refusal> {
        let refused = |code, kind| Some(Refusal { code, kind });
        match self {
            Self::Exists { .. } => refused("order-exists", RefusalKind::Conflict),
            Self::Missing { .. } => refused("no-such-order", RefusalKind::NotFound),
            Self::NotOpen { .. } => refused("order-not-open", RefusalKind::Conflict),
            Self::Full { .. } => refused("too-many-orders", RefusalKind::Conflict),
            Self::SoldOut => refused("sold-out", RefusalKind::Conflict),
            Self::NoParcel
            | Self::PerhapsPrinted
            | Self::Outside(_)
            | Self::Read(_)
            | Self::Tx(_) => None,
        }
    }
}
