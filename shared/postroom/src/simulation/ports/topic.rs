//! Publishing to the topic, to which every handler is subscribed that the table names.

use crate::BoxFuture;
use crate::port::{OutboxRow, Posted, Topic, TopicError};
use crate::simulation::ports::Simulated;
use crate::simulation::world::WRITE;

impl Topic for Simulated {
    fn publish<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<Posted, TopicError>> {
        Box::pin(async move {
            let late = || -> BoxFuture<'static, ()> {
                let (ports, rows) = (self.clone(), rows.to_vec());
                Box::pin(async move {
                    ports.world.turn(&[]).await;
                    ports.tell(&rows);
                })
            };
            let told = self.world.write(WRITE, async { self.tell(rows) }, late).await;
            told.map_err(|mishap| TopicError::Unavailable { source: mishap.into() })
        })
    }
}

impl Simulated {
    fn tell(&self, rows: &[OutboxRow]) -> Posted {
        let mut state = self.world.lock();
        let subscribed = |row: &OutboxRow| self.subscribed.get(row.r#type.as_str());
        let posted =
            self.accept_rows(&mut state, rows, |row| subscribed(row).cloned().unwrap_or_default());
        let sent = rows.len() - posted.refused.len();
        state.note(|| format!("published {sent} of {} events", rows.len()));
        posted
    }
}
