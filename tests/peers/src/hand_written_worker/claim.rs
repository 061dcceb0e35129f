//! Taking the lease of a run: one conditional write.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::{SignedDuration, Timestamp};

use crate::Worker;
use crate::message::CampaignPublished;

/// How long a claim holds: a little more than the function may run.
const LEASE: SignedDuration = SignedDuration::from_secs(33);
/// How long a run is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

const FREE: &str = "attribute_not_exists(#key) OR #status = :waiting OR \
    (#status = :running AND lease_until <= :started_at)";
const TAKE: &str = "SET #status = :running, #owner = :owner, lease_until = :lease_until, \
    handler = :handler, message_id = :message_id, tenant_id = :tenant_id, actor_id = :actor_id, \
    correlation_id = :correlation_id, chain = :chain, started_at = :started_at, \
    #time = :time, expires_at = :expires_at";

/// What came of a claim.
pub(crate) enum Claim {
    Granted { attempts: u32 },
    Taken,
}

impl Claim {
    pub(crate) fn is_granted(&self) -> bool {
        matches!(self, Self::Granted { .. })
    }

    pub(crate) fn attempt(&self) -> Option<u32> {
        match self {
            Self::Granted { attempts } => Some(attempts + 1),
            Self::Taken => None,
        }
    }
}

impl Worker {
    pub(crate) async fn claim(
        &self,
        event: &CampaignPublished,
        owner: &str,
    ) -> anyhow::Result<Claim> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let now = Timestamp::now();
        let (started_at, key) = (sortable(now), run_key(event));
        let claim = self
            .dynamodb
            .update_item()
            .table_name(&self.inbox)
            .key("key", text(&key))
            .condition_expression(FREE)
            .update_expression(TAKE)
            .expression_attribute_names("#key", "key")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#time", "time")
            .expression_attribute_values(":waiting", text("waiting"))
            .expression_attribute_values(":running", text("running"))
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":lease_until", text(&sortable(now + LEASE)))
            .expression_attribute_values(":handler", text("sync-statistics"))
            .expression_attribute_values(":message_id", text(&event.id))
            .expression_attribute_values(":tenant_id", text(&event.tenant_id))
            .expression_attribute_values(
                ":actor_id",
                text(event.actor_id.as_deref().unwrap_or_default()),
            )
            .expression_attribute_values(":correlation_id", text(&event.correlation_id))
            .expression_attribute_values(":chain", text(&chain(event)))
            .expression_attribute_values(":time", text(&format!("{started_at}#{key}")))
            .expression_attribute_values(":started_at", AttributeValue::S(started_at))
            .expression_attribute_values(
                ":expires_at",
                AttributeValue::N((now + REMEMBERED).as_second().to_string()),
            )
            .return_values(ReturnValue::AllOld)
            .send()
            .await;
        match claim {
            Ok(answer) => {
                // Of a record that was there before.
                let attempts = answer.attributes.as_ref().and_then(|before| before.get("attempts"));
                let attempts = attempts.and_then(|attempts| attempts.as_n().ok());
                let attempts = attempts.map_or(Ok(0), |attempts| attempts.parse())?;
                Ok(Claim::Granted { attempts })
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(Claim::Taken),
                _ => Err(error.into()),
            },
        }
    }
}

/// The dedup key of this handler for an event.
pub(crate) fn run_key(event: &CampaignPublished) -> String {
    format!("sync-statistics#{}", event.id)
}

pub(crate) fn chain(event: &CampaignPublished) -> String {
    format!("{}#{}", event.tenant_id, event.correlation_id)
}

/// Times whose order as text is their order in time.
pub(crate) fn sortable(at: Timestamp) -> String {
    format!("{at:.6}")
}
