//! One notification to the team.

use jiff::Timestamp;
use postroom::{ActorId, Envelope, MessageId, Place, Stored, sortable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::CampaignId;

/// A view, one list a tenant. Its id is `2026-11-21T09:30:00.000000Z#event-id`, so that they sort by time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    /// The event it tells of.
    #[schemars(with = "uuid::Uuid")]
    pub event_id: MessageId,
    /// Its wire name.
    pub event_type: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened, in a sentence.
    pub text: String,
    /// Which campaign it is about.
    pub campaign_id: CampaignId,
    /// Who made it happen; `null` where nobody is known.
    #[schemars(with = "Option<String>")]
    pub actor_id: Option<ActorId>,
}

impl Notification {
    pub(super) fn new<E>(campaign_id: CampaignId, event: &Envelope<E>, text: String) -> Self {
        Self {
            event_id: event.id,
            event_type: event.r#type.clone(),
            at: event.time,
            text,
            campaign_id,
            actor_id: event.actor_id.clone(),
        }
    }
}

impl Stored for Notification {
    const COLLECTION: &'static str = "notifications";

    fn place(&self) -> Place<Self> {
        Place::new(format!("{}#{}", sortable(self.at), self.event_id))
    }
}
