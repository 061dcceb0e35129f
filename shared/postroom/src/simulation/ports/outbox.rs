//! The outbox.

use jiff::Timestamp;

use crate::BoxFuture;
use crate::envelope::RawEnvelope;
use crate::id::derive;
use crate::port::{Outbox, OutboxRow, Page, StoreError};
use crate::simulation::Sabotage;
use crate::simulation::ports::{Simulated, unavailable};
use crate::simulation::world::WRITE;

impl Outbox for Simulated {
    fn due<'a>(
        &'a self,
        shard: u8,
        by: Timestamp,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<OutboxRow>, StoreError>> {
        Box::pin(async move {
            let due = self.world.read(self.memory.due(shard, by, after)).await;
            let mut due = due.map_err(unavailable("due"))??;
            if self.is(Sabotage::FreshIdWhenRelayed) {
                due.items.iter_mut().for_each(rename);
            }
            if self.is(Sabotage::OverlookRefused) {
                let tampering = self.tampering();
                due.items.retain(|row| !tampering.overlooks(row));
            }
            Ok(due)
        })
    }

    fn remove<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let late = || -> BoxFuture<'static, ()> {
                let (ports, rows) = (self.clone(), rows.to_vec());
                Box::pin(async move {
                    ports.world.turn(&[]).await;
                    let _ = ports.memory.remove(&rows).await;
                })
            };
            let removed = self.world.write(WRITE, self.memory.remove(rows), late).await;
            removed.map_err(unavailable("remove"))?
        })
    }
}

/// Gives an event another id. Tasks keep theirs: a delayed one is relayed even where nothing goes wrong.
fn rename(row: &mut OutboxRow) {
    let Ok(mut message) = RawEnvelope::parse(&row.body) else { return };
    if message.stream_version.is_some() {
        message.id = derive("sabotage", message.id, &row.to.to_string(), 0).into();
        row.body = message.to_body();
    }
}
