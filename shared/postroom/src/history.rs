//! Reading what happened: one tenant's streams, for queries.

use std::fmt;
use std::sync::Arc;

use crate::envelope::RawEnvelope;
use crate::id::TenantId;
use crate::port::Journal;
use crate::reader::ReadError;
use crate::stored::StreamId;

/// One tenant's streams, for reading. There is no way from here to another tenant's.
///
/// The past of a thing that one stream tells needs no copy beside the journal.
#[derive(Clone)]
pub struct History {
    journal: Arc<dyn Journal>,
    tenant: TenantId,
}

impl History {
    pub(crate) fn new(journal: Arc<dyn Journal>, tenant: TenantId) -> Self {
        Self { journal, tenant }
    }

    /// Up to `limit` events of a stream in their order, from behind a version on.
    ///
    /// # Errors
    /// [`ReadError::Store`], retryable or not as the store says.
    pub async fn events(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RawEnvelope>, ReadError> {
        let failed = |source| ReadError::Store { what: stream.key(&self.tenant), source };
        let mut events: Vec<RawEnvelope> = Vec::new();
        // A page brings one at least, or is the last.
        for _ in 0..limit {
            let last = events.last().and_then(|event| event.stream_version).unwrap_or(after);
            let page = self.journal.stream(&self.tenant, stream, last).await.map_err(failed)?;
            events.extend(page.items.into_iter().map(|record| record.envelope));
            if events.len() >= limit || page.next.is_none() {
                break;
            }
        }
        events.truncate(limit);
        Ok(events)
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
