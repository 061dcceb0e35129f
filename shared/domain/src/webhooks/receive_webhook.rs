//! Receiving a webhook: `POST /webhooks/stripe`.

use garde::Validate;
use jiff::Timestamp;
use postroom::{Classify, Command, Refusal, Refuse, Tx, TxError, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::input::{self, InvalidInput};
use crate::webhooks::{Provider, ProviderId, Webhook, WebhookReceived};

/// What of an object money is settled by, and is kept; of its metadata it is [`ACCOUNT`] alone.
const KEPT: [&str; 5] = ["id", "amount_received", "amount_refunded", "currency", "payment_intent"];
const METADATA: &str = "metadata";
const ACCOUNT: &str = "account_id";
const MAX_KIND_CHARS: usize = 100;

/// An event as Stripe sends it. Fields that are not needed are ignored.
#[derive(Debug, Clone, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
#[schemars(extend("examples" = [{
    "id": "evt_3MtwBwLkdIwHu7ix0fnh9a1d",
    "type": "payment_intent.succeeded",
    "created": 1_763_717_400,
    "data": { "object": {
        "id": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "amount_received": 500_000,
        "currency": "nzd",
        "metadata": { "account_id": "019aa4c0-1f00-7d2a-9b6e-0c4a8e7f1d22" },
    } },
}]))]
pub struct StripeEvent {
    id: ProviderId,
    /// What has happened, such as `payment_intent.succeeded`.
    #[schemars(length(min = 1, max = MAX_KIND_CHARS), regex(pattern = r"^[A-Za-z0-9._-]+$"))]
    #[garde(custom(|kind: &str, _context: &()| is_a_kind(kind)))]
    r#type: String,
    /// When it did, in seconds since 1970.
    #[schemars(range(min = 0, max = 253_402_207_200_i64))]
    #[garde(custom(|at: &i64, _context: &()| is_a_time(*at)))]
    created: i64,
    #[serde(deserialize_with = "input::object")]
    data: StripeData,
}

/// What an event is about.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct StripeData {
    /// As it is now.
    object: Map<String, Value>,
}

/// Writes down that a webhook came, unless it came before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiveWebhook(WebhookReceived);

/// What became of a webhook: of either its sender need not send it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookReceipt {
    /// Which event.
    pub event_id: ProviderId,
    /// Whether it is new.
    pub status: ReceiptStatus,
}

/// Whether a webhook is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// It is written down, and worked on from now on.
    Received,
    /// It was before, and nothing happens by it again.
    Duplicate,
}

/// Why a webhook was not written down.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveWebhookError {
    /// It could not be read or staged; retryable as the store says.
    #[error("cannot write down event {event_id}")]
    Tx {
        event_id: ProviderId,
        #[source]
        source: TxError,
    },
}

impl Classify for ReceiveWebhookError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for ReceiveWebhookError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Tx { source, .. } => source.refusal(),
        }
    }
}

impl TryFrom<StripeEvent> for ReceiveWebhook {
    type Error = InvalidInput;

    fn try_from(event: StripeEvent) -> Result<Self, InvalidInput> {
        event.validate()?;
        let StripeEvent { id, r#type: kind, created, data } = event;
        Ok(Self(WebhookReceived {
            provider: Provider::Stripe,
            event_id: id,
            kind,
            // It was validated.
            created_at: Timestamp::from_second(created).unwrap_or_default(),
            object: kept(data.object),
        }))
    }
}

impl Command for ReceiveWebhook {
    const NAME: &'static str = "receive-webhook";
    type Output = WebhookReceipt;
    type Error = ReceiveWebhookError;

    async fn handle(&self, tx: &mut Tx) -> Result<WebhookReceipt, ReceiveWebhookError> {
        let event_id = self.0.event_id.clone();
        let failed = |source| ReceiveWebhookError::Tx { event_id: event_id.clone(), source };
        let known = tx.aggregate::<Webhook>(Webhook::id(&event_id)).await.map_err(failed)?;
        let status = if known.is_some() {
            ReceiptStatus::Duplicate
        } else {
            tx.emit(self.0.clone()).map_err(failed)?;
            ReceiptStatus::Received
        };
        Ok(WebhookReceipt { event_id, status })
    }
}

/// What there is of [`KEPT`] and of the account in its metadata, unread.
fn kept(mut object: Map<String, Value>) -> Map<String, Value> {
    let named = KEPT.into_iter().filter_map(|name| object.remove_entry(name));
    let mut kept: Map<String, Value> = named.collect();
    if let Some(Value::Object(mut metadata)) = object.remove(METADATA) {
        let account = metadata.remove_entry(ACCOUNT).into_iter().collect();
        kept.insert(METADATA.to_owned(), Value::Object(account));
    }
    kept
}

fn is_a_kind(kind: &str) -> garde::Result {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if (1..=MAX_KIND_CHARS).contains(&kind.len()) && kind.bytes().all(known) {
        Ok(())
    } else {
        Err(garde::Error::new(format!("has to be 1-{MAX_KIND_CHARS} of A-Za-z0-9._-")))
    }
}

fn is_a_time(second: i64) -> garde::Result {
    if second >= 0 && Timestamp::from_second(second).is_ok() {
        Ok(())
    } else {
        Err(garde::Error::new("has to be seconds since 1970"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(object: &Value) -> Value {
        json!({ "id": "evt_1", "type": "payment_intent.succeeded", "created": 1_763_717_400,
            "data": { "object": object } })
    }

    fn read(event: Value) -> Result<WebhookReceived, InvalidInput> {
        let event: StripeEvent = serde_json::from_value(event).unwrap();
        Ok(ReceiveWebhook::try_from(event)?.0)
    }

    #[test]
    fn of_an_object_nothing_is_kept_but_what_money_is_settled_by() {
        let object = json!({
            "id": "pi_1", "object": "payment_intent", "amount_received": 5000, "currency": "nzd",
            "receipt_email": "ann@example.com", "description": "Ann's top-up",
            "metadata": { "account_id": "0192", "name": "Ann Smith" },
            "charges": { "data": [{ "billing_details": { "name": "Ann Smith" } }] },
        });

        let received = read(event(&object)).unwrap();

        let expected = json!({ "id": "pi_1", "amount_received": 5000, "currency": "nzd",
            "metadata": { "account_id": "0192" } });
        assert_eq!(Value::Object(received.object), expected);
    }

    #[test]
    fn what_is_kept_is_kept_as_it_was_sent_however_wrong() {
        let object = json!({ "amount_refunded": 1.5, "payment_intent": null, "metadata": "none" });

        let received = read(event(&object)).unwrap();

        let expected = json!({ "amount_refunded": 1.5, "payment_intent": null });
        assert_eq!(Value::Object(received.object), expected);
    }

    #[test]
    fn every_rule_that_an_event_breaks_is_named() {
        let with = |kind: &str, created: i64| {
            let mut event = event(&json!({}));
            (event["type"], event["created"]) = (json!(kind), json!(created));
            let invalid = read(event).err();
            invalid.map(|invalid| invalid.violations.into_iter().map(|one| one.path).collect())
        };
        let both: Option<Vec<String>> = Some(vec!["/created".to_owned(), "/type".to_owned()]);

        assert_eq!(with("a", 0), None);
        assert_eq!(with(&"a".repeat(100), 253_402_207_200), None);
        assert_eq!(with("", -1), both);
        assert_eq!(with(&"a".repeat(101), 253_402_207_201), both);
        assert_eq!(with("a b", i64::MAX), both);
    }
}
