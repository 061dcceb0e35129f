//! The outbox.

use std::future::ready;

use jiff::Timestamp;

use crate::BoxFuture;
use crate::memory::MemoryStore;
use crate::memory::state::{PAGE, page};
use crate::port::{Outbox, OutboxRow, Page, StoreError};

impl Outbox for MemoryStore {
    fn due<'a>(
        &'a self,
        shard: u8,
        by: Timestamp,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<OutboxRow>, StoreError>> {
        let state = self.lock();
        let of_shard = state.outbox.range((shard, String::new())..);
        let due = of_shard.take_while(|((of, _), row)| *of == shard && row.due <= by);
        let behind =
            due.filter(|((_, position), _)| after.is_none_or(|after| position.as_str() > after));
        let rows = behind.map(|((_, position), row)| (position.clone(), row.clone()));
        Box::pin(ready(Ok(page(rows, PAGE))))
    }

    fn remove<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<(), StoreError>> {
        let mut state = self.lock();
        for row in rows {
            state.outbox.remove(&(row.shard(), row.position()));
        }
        Box::pin(ready(Ok(())))
    }
}
