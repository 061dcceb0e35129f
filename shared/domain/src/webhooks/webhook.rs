//! A webhook: it was received, and nothing else can happen to it.

use postroom::{Aggregate, StreamId};
use serde::{Deserialize, Serialize};

use crate::webhooks::{ProviderId, WebhookReceived};

postroom::events! {
    /// What can happen to a webhook.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum WebhookEvent {
        /// It was received.
        WebhookReceived,
    }
}

/// A webhook that was received. It is its one event: what is delivered again finds that it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {}

impl Aggregate for Webhook {
    const STREAM: &'static str = "webhooks";
    const SNAPSHOT: u32 = 1;
    type Event = WebhookEvent;

    fn begin(first: &WebhookEvent) -> Option<Self> {
        match first {
            WebhookEvent::WebhookReceived(_) => Some(Self {}),
        }
    }

    fn apply(&mut self, next: &WebhookEvent) {
        match next {
            // There is one in each stream, its first.
            WebhookEvent::WebhookReceived(_) => {}
        }
    }
}

impl Webhook {
    /// By which it is known: `stripe:evt_…`, as another provider's events may be called the same.
    pub(super) fn id(event_id: &ProviderId) -> String {
        format!("stripe:{event_id}")
    }

    /// Its stream.
    pub fn of(event_id: &ProviderId) -> StreamId {
        Self::stream(Self::id(event_id))
    }
}
