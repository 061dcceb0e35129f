//! Sending to the queues.

use std::time::Duration;

use crate::BoxFuture;
use crate::clock::later;
use crate::port::{Destination, OutboxRow, Posted, Queue, QueueError};
use crate::simulation::Sabotage;
use crate::simulation::choice::Fault;
use crate::simulation::ports::Simulated;
use crate::simulation::world::{State, WRITE};

/// How late a message may show that was delayed.
const DELAY: Duration = Duration::from_secs(20);

impl Queue for Simulated {
    fn send<'a>(
        &'a self,
        handler: &'a str,
        rows: &'a [OutboxRow],
    ) -> BoxFuture<'a, Result<Posted, QueueError>> {
        Box::pin(async move {
            let late = || -> BoxFuture<'static, ()> {
                let (ports, handler, rows) = (self.clone(), handler.to_owned(), rows.to_vec());
                Box::pin(async move {
                    ports.world.turn(&[]).await;
                    let _ = ports.accept(&handler, &rows);
                })
            };
            let posted = self.world.write(WRITE, async { self.accept(handler, rows) }, late).await;
            posted.map_err(|mishap| QueueError::Unavailable {
                handler: handler.to_owned(),
                source: mishap.into(),
            })?
        })
    }
}

impl Simulated {
    fn accept(&self, handler: &str, rows: &[OutboxRow]) -> Result<Posted, QueueError> {
        let mut state = self.world.lock();
        if state.queues.of(handler).is_none() {
            return Err(QueueError::Unknown { handler: handler.to_owned() });
        }
        let posted = self.accept_rows(&mut state, rows, |_| vec![handler]);
        if let Some(row) = rows.first()
            && state.choices.happens(Fault::Stranger)
        {
            state.disturb(handler, row);
        }
        let sent = rows.len() - posted.refused.len();
        state.note(|| format!("sent {sent} of {} messages to {handler}", rows.len()));
        Ok(posted)
    }

    /// Puts what is accepted of a batch on the queues that get it.
    pub(super) fn accept_rows<'a>(
        &self,
        state: &mut State,
        rows: &[OutboxRow],
        who_gets: impl Fn(&OutboxRow) -> Vec<&'a str>,
    ) -> Posted {
        let mut posted = Posted::default();
        for (index, row) in rows.iter().enumerate() {
            if self.is(Sabotage::ForgetReaction) && self.tampering().overlooks(row) {
                continue;
            }
            if state.choices.happens(Fault::RefuseRow) {
                state.figures.count(Fault::RefuseRow);
                if self.is(Sabotage::OverlookRefused) {
                    self.tampering().overlook(row);
                }
                posted.refused.push((index, "refused for now".to_owned()));
                continue;
            }
            for handler in who_gets(row) {
                state.put(handler, row);
            }
            state.evidence.accept(row);
        }
        posted
    }
}

impl State {
    /// Puts a message on a queue, once, late or twice.
    fn put(&mut self, handler: &str, row: &OutboxRow) {
        let Some(queue) = self.queues.of(handler) else { return };
        let possible: &[Fault] =
            if queue.is_in_order() { &[] } else { &[Fault::Duplicate, Fault::Delay] };
        let happened = self.choices.fault(possible);
        if let Some(fault) = happened {
            self.figures.count(fault);
        }
        let copies = if happened == Some(Fault::Duplicate) { 2 } else { 1 };
        let delay = if happened == Some(Fault::Delay) { DELAY } else { Duration::ZERO };
        let row = OutboxRow { to: Destination::Queue(handler.to_owned()), ..row.clone() };
        queue.accept(&row, copies, later(self.now, delay));
    }
}
