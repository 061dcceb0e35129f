//! A payment that was settled.

use postroom::{Place, Stored};
use serde::{Deserialize, Serialize};

use crate::id::AccountId;
use crate::money::Money;
use crate::webhooks::ProviderId;

/// What is stored of a payment, from its deposit on. That there is one is why there is no second deposit.
///
/// ```json
/// {"id":"pi_1","account_id":"0192…","amount":{"amount_minor":5000,"currency":"NZD"},"refunded_minor":1500}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// What the provider calls it.
    pub id: ProviderId,
    /// Where it was deposited.
    pub account_id: AccountId,
    /// What was deposited.
    pub amount: Money,
    /// How much of that was withdrawn again, in minor units.
    pub refunded_minor: i64,
}

impl Payment {
    /// Where the payment of this id lives: as `stripe:pi_…`, as another provider's may be called the same.
    pub fn at(id: &ProviderId) -> Place<Self> {
        Place::new(format!("stripe:{id}"))
    }
}

impl Stored for Payment {
    const COLLECTION: &'static str = "payments";

    fn place(&self) -> Place<Self> {
        Self::at(&self.id)
    }
}
