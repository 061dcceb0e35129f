//! Strangers: whoever may send to a queue may put on it what nobody can read.

use crate::port::OutboxRow;
use crate::simulation::choice::Fault;
use crate::simulation::evidence::Stranger;
use crate::simulation::world::State;

/// Bodies that are no messages; and the first half of one that would be.
const BODIES: [&str; 3] = ["", "not even JSON", r#"{"somebody":"else"}"#];

impl State {
    /// Puts something on a queue, in the group of a message there.
    pub(super) fn disturb(&mut self, queue: &str, beside: &OutboxRow) {
        self.figures.count(Fault::Stranger);
        let half = || beside.body.chars().take(beside.body.len() / 2).collect();
        let body = match BODIES[self.choices.any_of(BODIES.len())] {
            "" => half(),
            body => body.to_owned(),
        };
        let row = OutboxRow { body: body.clone(), ..beside.clone() };
        let now = self.now;
        if let Some(disturbed) = self.queues.of(queue) {
            let message_id = disturbed.put(&row, now);
            self.note(|| format!("somebody put {body:?} on the queue of {queue}"));
            self.evidence.strangers.push(Stranger { queue: queue.to_owned(), message_id, body });
        }
    }
}
