//! One thing that happened, as it is stored and as callers see it.

use jiff::Timestamp;
use postroom::{ActorId, CorrelationId, Envelope, MessageId, Place, Stored, sortable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happened to what, when, and by whom: the envelope of an event, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityItem {
    /// The event.
    #[schemars(with = "uuid::Uuid")]
    pub event_id: MessageId,
    /// Its wire name.
    pub event_type: String,
    /// The thing that it happened to: `campaigns/0192…`.
    pub subject: String,
    /// Its place among all that happened to that thing, from 1 without gaps.
    pub version: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Who made it happen; `null` where nobody is known.
    #[schemars(with = "Option<String>")]
    pub actor_id: Option<ActorId>,
    /// The chain it belongs to.
    #[schemars(with = "String")]
    pub correlation_id: CorrelationId,
}

/// The item in the list of its tenant. Its id is `2026-11-21T09:30:00.000000Z#event-id`, so that they sort by time.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct OfTenant(pub(super) ActivityItem);

/// The same item, under the same id, in the list of its subject.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct OfSubject(pub(super) ActivityItem);

impl ActivityItem {
    pub(super) fn of<E>(event: &Envelope<E>) -> Self {
        Self {
            event_id: event.id,
            event_type: event.r#type.clone(),
            subject: event.subject.clone(),
            version: event.stream_version.unwrap_or_default(),
            at: event.time,
            actor_id: event.actor_id.clone(),
            correlation_id: event.correlation_id.clone(),
        }
    }

    /// Where it stands in any list.
    pub(super) fn position(&self) -> String {
        format!("{}#{}", sortable(self.at), self.event_id)
    }
}

impl Stored for OfTenant {
    const COLLECTION: &'static str = "activity";

    fn place(&self) -> Place<Self> {
        Place::new(self.0.position())
    }
}

impl Stored for OfSubject {
    const COLLECTION: &'static str = "subject-activity";

    fn place(&self) -> Place<Self> {
        Place::within(&self.0.subject, self.0.position())
    }
}

impl From<OfTenant> for ActivityItem {
    fn from(OfTenant(item): OfTenant) -> Self {
        item
    }
}

impl From<OfSubject> for ActivityItem {
    fn from(OfSubject(item): OfSubject) -> Self {
        item
    }
}
