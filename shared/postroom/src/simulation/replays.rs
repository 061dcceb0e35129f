//! Replays: operators have events sent once more to one of their handlers, again or not.

use crate::envelope::RawEnvelope;
use crate::id::ReplayId;
use crate::port::{Destination, OutboxRow};
use crate::replayed::Replayed;
use crate::simulation::Sabotage;
use crate::simulation::run::Run;

/// How often something is replayed, in one run.
const REPLAYS: usize = 3;

impl Run<'_> {
    /// Whether an event could be replayed now: not when nothing fails any more, as it would have no end.
    pub(super) fn may_replay(&self) -> bool {
        let state = self.world.lock();
        !state.choices.are_calm() && self.replays < REPLAYS && !state.evidence.applied.is_empty()
    }

    /// Puts an event that was committed on the queue of one of its handlers, marked, as it is put there by a replay.
    pub(super) fn replay(&mut self) {
        self.replays += 1;
        let replay = self.fresh();
        let table = self.parts.runtime.reactions();
        let sabotaged = self.ports.sabotage == Some(Sabotage::ReplayAgain);
        let mut state = self.world.lock();
        let state = &mut *state;
        let events = state.evidence.applied.iter().flat_map(|tx| &tx.events);
        let takes = events.flat_map(|event| {
            let queued = table.queued(&event.envelope.r#type);
            queued.iter().map(move |handler| (*handler, &event.envelope))
        });
        let takes: Vec<(&'static str, &RawEnvelope)> = takes.collect();
        if takes.is_empty() {
            return;
        }
        let (handler, event) = takes[state.choices.any_of(takes.len())];
        let again = state.choices.any_of(2) == 1;
        let id = ReplayId::from(replay.uuid());
        let marked = |again| {
            let replay = Some(Replayed { id, again });
            RawEnvelope { replay, ..event.clone() }.to_body()
        };
        let (ordered, sent) = (marked(again), marked(again || sabotaged));
        let to = Destination::Queue(handler.to_owned());
        let row = OutboxRow {
            message_id: event.id,
            due: state.now,
            body: sent,
            r#type: event.r#type.clone(),
            correlation_id: event.correlation_id.clone(),
            group: Some(table.group_to(&to, &event.tenant_id, &event.subject)),
            decision: Some(replay),
            to,
        };
        state.figures.replays += 1;
        state.note(|| format!("replayed to {handler}: {ordered}"));
        let now = state.now;
        if let Some(queue) = state.queues.of(handler) {
            queue.accept(&row, 1, now);
        }
        state.evidence.replayed.push((handler, ordered));
    }
}
