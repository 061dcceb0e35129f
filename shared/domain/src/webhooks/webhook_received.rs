//! `webhook.received`, version 1.

use jiff::Timestamp;
use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::webhooks::{ProviderId, Webhook};

/// The payment provider told us of something. Its tenant is whose endpoint it was told.
///
/// ```json
/// {"provider":"stripe","event_id":"evt_1","kind":"payment_intent.succeeded","created_at":"2026-11-22T09:30:00Z",
///  "object":{"id":"pi_1","amount_received":5000,"currency":"nzd","metadata":{"account_id":"0192…"}}}
/// ```
/// Of its object there is what money is settled by, as it was sent: nothing has been checked. All else, names and addresses
/// among it, is left where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookReceived {
    /// Who told us.
    pub provider: Provider,
    /// What they call their event: it is received once.
    pub event_id: ProviderId,
    /// What has happened, in their words.
    pub kind: String,
    /// When it did, by their clock.
    pub created_at: Timestamp,
    /// What it happened to.
    pub object: Map<String, Value>,
}

/// Who sends webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// <https://stripe.com>
    Stripe,
}

impl Message for WebhookReceived {
    const TYPE: &'static str = "webhook.received";
}

impl Event for WebhookReceived {
    fn stream(&self) -> StreamId {
        Webhook::of(&self.event_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<WebhookReceived>(include_str!(
            "../../../../events/versions/webhook.received.v1.json"
        ));
    }
}
