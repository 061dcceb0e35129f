//! Reading the journal.

use std::future::ready;

use serde_json::json;

use crate::BoxFuture;
use crate::id::{CorrelationId, TenantId};
use crate::memory::MemoryStore;
use crate::memory::state::{PAGE, page};
use crate::port::{Journal, JournalPart, JournalRecord, Page, StoreError};
use crate::stored::StreamId;

impl Journal for MemoryStore {
    fn stream<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamId,
        after: u64,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        let key = stream.key(tenant);
        let state = self.lock();
        let events = state.events.range((key.clone(), after.saturating_add(1))..=(key, u64::MAX));
        let rows = events.map(|((_, version), record)| (version.to_string(), record.clone()));
        Box::pin(ready(Ok(page(rows, PAGE))))
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        let mut rows: Vec<(String, JournalRecord)> = {
            let state = self.lock();
            let of_chain = state.events.values().filter(|record| {
                let envelope = &record.envelope;
                envelope.tenant_id == *tenant && envelope.correlation_id == *correlation_id
            });
            of_chain.map(|record| (record.position(), record.clone())).collect()
        };
        rows.retain(|(position, _)| after.is_none_or(|after| position.as_str() > after));
        rows.sort_by(|(left, _), (right, _)| left.cmp(right));
        Box::pin(ready(Ok(page(rows.into_iter(), PAGE))))
    }

    fn all<'a>(
        &'a self,
        part: JournalPart,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        let after = match after.map(serde_json::from_str::<(String, u64)>).transpose() {
            Ok(after) => after,
            Err(error) => {
                let (operation, source) = ("read all of the journal", Box::new(error));
                return Box::pin(ready(Err(StoreError::Refused { operation, source })));
            }
        };
        let state = self.lock();
        let in_part = state.events.iter().filter(|((stream, _), _)| part_of(stream, part));
        let behind = in_part.filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after));
        let rows = behind.map(|(key, record)| (json!(key).to_string(), record.clone()));
        Box::pin(ready(Ok(page(rows, PAGE))))
    }
}

/// Whether a stream is in a part: by the sum of the bytes of its key.
fn part_of(stream: &str, part: JournalPart) -> bool {
    let sum: u64 = stream.bytes().map(u64::from).sum();
    sum % u64::from(part.of.max(1)) == u64::from(part.number)
}
