//! What webhooks are about, as far as money follows from it.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::id::AccountId;
use crate::input;
use crate::money::{Currency, Money};
use crate::payments::SettleError;
use crate::webhooks::{ProviderId, WebhookReceived};

/// A payment that succeeded: Stripe's `PaymentIntent`.
#[derive(Debug, Deserialize)]
pub(super) struct PaymentIntent {
    pub(super) id: ProviderId,
    /// In minor units.
    amount_received: i64,
    #[serde(deserialize_with = "currency")]
    currency: Currency,
    #[serde(deserialize_with = "input::object")]
    metadata: Metadata,
}

/// What whoever asked for the payment wrote on it.
#[derive(Debug, Deserialize)]
struct Metadata {
    account_id: AccountId,
}

/// A payment of which something was given back: Stripe's `Charge`.
#[derive(Debug, Deserialize)]
pub(super) struct Charge {
    pub(super) payment_intent: ProviderId,
    /// All that was given back so far, in minor units.
    amount_refunded: i64,
    #[serde(deserialize_with = "currency")]
    currency: Currency,
}

impl PaymentIntent {
    pub(super) fn account_id(&self) -> AccountId {
        self.metadata.account_id
    }

    pub(super) fn received(&self) -> Money {
        Money { amount_minor: self.amount_received, currency: self.currency }
    }
}

impl Charge {
    pub(super) fn refunded(&self) -> Money {
        Money { amount_minor: self.amount_refunded, currency: self.currency }
    }
}

/// Reads what a webhook is about.
pub(super) fn read<T: DeserializeOwned>(webhook: &WebhookReceived) -> Result<T, SettleError> {
    let object = Value::Object(webhook.object.clone());
    serde_path_to_error::deserialize(object).map_err(|error| SettleError::Malformed {
        event_id: webhook.event_id.clone(),
        path: error.path().to_string(),
        reason: error.into_inner().to_string(),
    })
}

/// A currency as Stripe writes it: in small letters.
fn currency<'de, D: Deserializer<'de>>(from: D) -> Result<Currency, D::Error> {
    let code = String::deserialize(from)?;
    Currency::try_from(code.to_ascii_uppercase()).map_err(D::Error::custom)
}
