//! What the two movements of a transfer have in common.

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, TransferId};

/// One of the two movements of a transfer: which one, and the account at its other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferLeg {
    /// The same on both.
    pub transfer_id: TransferId,
    /// Where the money came from, or went to.
    pub counterparty_id: AccountId,
}
