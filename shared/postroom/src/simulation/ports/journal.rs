//! The journal: what commands fold their aggregates from.

use crate::BoxFuture;
use crate::id::{CorrelationId, TenantId};
use crate::port::{Journal, JournalPart, JournalRecord, Page, StoreError};
use crate::simulation::ports::{Simulated, unavailable};
use crate::stored::StreamId;

impl Journal for Simulated {
    fn stream<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamId,
        after: u64,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        Box::pin(async move {
            let found = self.world.read(self.memory.stream(tenant, stream, after)).await;
            found.map_err(unavailable("stream"))?
        })
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        Box::pin(async move {
            let chain = Journal::chain(&self.memory, tenant, correlation_id, after);
            self.world.read(chain).await.map_err(unavailable("chain"))?
        })
    }

    fn all<'a>(
        &'a self,
        part: JournalPart,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        Box::pin(async move {
            let found = self.world.read(self.memory.all(part, after)).await;
            found.map_err(unavailable("all"))?
        })
    }
}
