//! In-request reactions: what was emitted is handed to its listeners, breadth first, before the commit.

use std::any::Any;
use std::sync::Arc;

use tracing::{Instrument, info_span};

use crate::envelope::Envelope;
use crate::id::MessageId;
use crate::message::Message;
use crate::outcome::Outcome;
use crate::port::InRequest;
use crate::tx::{Frame, Turn, Tx};
use crate::verdict::Failure;

/// An event whose listeners have not run yet.
pub(super) struct Pending {
    r#type: &'static str,
    id: MessageId,
    causation_id: MessageId,
    hops: u32,
    /// Its place among the staged journal records.
    index: usize,
    event: Box<dyn Any + Send + Sync>,
}

impl Pending {
    pub(super) fn new<E: Message>(envelope: Envelope<E>, index: usize) -> Self {
        let (id, causation_id, hops) = (envelope.id, envelope.causation_id, envelope.hops);
        Self { r#type: E::TYPE, id, causation_id, hops, index, event: Box::new(envelope) }
    }
}

impl Tx {
    /// Runs the listeners of everything emitted so far and of what they emit, in the order of the table.
    ///
    /// Ends: what a listener emits is one hop further from the command, and hops are bounded.
    pub(crate) async fn drain(&mut self) -> Result<(), Failure> {
        let reactions = Arc::clone(&self.reactions);
        while let Some(pending) = self.pending.pop_front() {
            for listener in reactions.in_request(pending.r#type) {
                let handler = listener.name();
                let frame = Frame { handler, cause: pending.id, hops: pending.hops, ordinal: 0 };
                let turn = frame.turn();
                let outer = std::mem::replace(&mut self.frame, frame);
                let span = info_span!(
                    "listener",
                    handler,
                    "event.type" = pending.r#type,
                    event.id = %pending.id,
                    causation_id = %pending.causation_id,
                );
                let outcome = listener.on(pending.event.as_ref(), self).instrument(span).await?;
                self.frame = outer;

                let skipped = match outcome {
                    Outcome::Done(()) => None,
                    Outcome::Skipped { reason } => Some(reason.to_owned()),
                };
                let writes = u32::try_from(self.staged_in(turn)).unwrap_or(u32::MAX);
                let handler = handler.to_owned();
                self.events[pending.index].in_request.push(InRequest { handler, writes, skipped });
            }
        }
        Ok(())
    }

    fn staged_in(&self, turn: Turn) -> usize {
        let events = self
            .events
            .iter()
            .filter(|event| event.by == turn.handler && event.envelope.causation_id == turn.cause);
        self.items.written_by(turn) + events.count()
    }
}
