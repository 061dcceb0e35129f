//! One line of a timeline, as it is stored and as callers see it.

use jiff::Timestamp;
use postroom::{ActorId, CorrelationId, Envelope, List, MessageId, Place, Stored, sortable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::CampaignId;

/// A view within its campaign. Its id there is `2026-11-21T09:30:00.000000Z#event-id`, so that entries sort by time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Whose timeline.
    pub campaign_id: CampaignId,
    /// What callers see of it.
    #[serde(flatten)]
    pub item: TimelineItem,
}

/// What happened, for people: `{event_id, event_type, at, text, actor_id, correlation_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineItem {
    /// The event.
    #[schemars(with = "uuid::Uuid")]
    pub event_id: MessageId,
    /// Its wire name.
    pub event_type: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened, in a sentence.
    pub text: String,
    /// Who made it happen; `null` where nobody is known.
    #[schemars(with = "Option<String>")]
    pub actor_id: Option<ActorId>,
    /// The chain it belongs to.
    #[schemars(with = "String")]
    pub correlation_id: CorrelationId,
}

impl TimelineEntry {
    pub(super) fn new<E>(campaign_id: CampaignId, event: &Envelope<E>, text: String) -> Self {
        let item = TimelineItem {
            event_id: event.id,
            event_type: event.r#type.clone(),
            at: event.time,
            text,
            actor_id: event.actor_id.clone(),
            correlation_id: event.correlation_id.clone(),
        };
        Self { campaign_id, item }
    }

    /// All of one campaign.
    pub(super) fn of(campaign_id: CampaignId) -> List<Self> {
        List::within(campaign_id)
    }
}

impl Stored for TimelineEntry {
    const COLLECTION: &'static str = "timeline";

    fn place(&self) -> Place<Self> {
        let id = format!("{}#{}", sortable(self.item.at), self.item.event_id);
        Place::within(self.campaign_id, id)
    }
}
