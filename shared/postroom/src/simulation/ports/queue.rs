//! Sending to the queues.

use std::time::Duration;

use crate::BoxFuture;
use crate::clock::later;
use crate::port::{OutboxRow, Posted, Queue, QueueError};
use crate::simulation::Sabotage;
use crate::simulation::choice::Fault;
use crate::simulation::ports::Simulated;
use crate::simulation::world::WRITE;

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
        let state = &mut *state;
        let Some(queue) = state.queues.of(handler) else {
            return Err(QueueError::Unknown { handler: handler.to_owned() });
        };
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
            let possible: &[Fault] =
                if queue.is_in_order() { &[] } else { &[Fault::Duplicate, Fault::Delay] };
            let happened = state.choices.fault(possible);
            if let Some(fault) = happened {
                state.figures.count(fault);
            }
            let copies = if happened == Some(Fault::Duplicate) { 2 } else { 1 };
            let delay = if happened == Some(Fault::Delay) { DELAY } else { Duration::ZERO };
            queue.accept(row, copies, later(state.now, delay));
            state.evidence.accept(row);
        }
        if let Some(row) = rows.first()
            && state.choices.happens(Fault::Stranger)
        {
            state.disturb(row);
        }
        let sent = rows.len() - posted.refused.len();
        state.note(|| format!("sent {sent} of {} messages to {handler}", rows.len()));
        Ok(posted)
    }
}
