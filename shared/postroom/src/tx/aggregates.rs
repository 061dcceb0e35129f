//! Loading an aggregate: its snapshot, if there is one, and the events behind it.

use std::fmt;

use tracing::warn;

use crate::aggregate::{Aggregate, Folded};
use crate::port::{JournalRecord, Page};
use crate::stored::StreamId;
use crate::tx::streams::{Fold, Snapshot};
use crate::tx::{Tx, TxError};

/// The most pages of one stream that a load reads, 100 events each on DynamoDB: about ten seconds. Snapshots keep it to
/// one; only a stream that has lost them is read from its beginning.
const MAX_PAGES: usize = 1_000;

impl Tx {
    /// The aggregate with this id, as its events have made it, what is staged included; `None`: nothing happened to it.
    ///
    /// The commit fails, and the command re-runs, if anything happens to it by then. It costs a read of its snapshot, a
    /// query for what happened since, and one action of the transaction.
    ///
    /// # Errors
    /// [`TxError::Read`], retryable or not as the store says. Permanent: [`TxError::Event`], where it was made by newer code
    /// for instance, [`TxError::BrokenStream`], [`TxError::StreamTooLong`], [`TxError::TwoAggregates`], or an overflow.
    pub async fn aggregate<A: Aggregate>(
        &mut self,
        id: impl fmt::Display,
    ) -> Result<Option<Folded<A>>, TxError> {
        let stream = A::stream(id);
        let turn = self.frame.turn();
        if let Some(staged) = self.streams.read::<A>(&stream, turn) {
            return staged;
        }
        let (fold, snapshot) = self.replay::<A>(&stream).await?;
        self.streams.guard(fold, snapshot);
        self.room_for("streams", 0)?;
        self.streams.read(&stream, turn).unwrap_or(Ok(None))
    }

    /// Makes sure that nothing ever happened to the aggregate with this id: the commit fails, and the command re-runs, if
    /// anything has. Its first event can be emitted then. It costs no read.
    ///
    /// # Errors
    /// An overflow; permanent.
    pub fn new_aggregate<A: Aggregate>(&mut self, id: impl fmt::Display) -> Result<(), TxError> {
        let stream = A::stream(id);
        self.streams.begin::<A>(stream, self.frame.turn());
        self.room_for("streams", 0)
    }

    /// Folds a stream, and says how far its snapshot had come.
    async fn replay<A: Aggregate>(&self, stream: &StreamId) -> Result<(Fold<A>, u64), TxError> {
        let beginning = || Fold::new(stream.clone());
        let Some(fold) = self.snapshot::<A>(stream).await? else {
            return Ok((self.follow(beginning(), None).await?, 0));
        };
        // Its last event once more, with what happened since: the journal has to hold what a snapshot claims.
        let snapshot = fold.version();
        let mut page = self.page(stream, snapshot.saturating_sub(1)).await?;
        if !page.items.first().is_some_and(|last| fold.ends_with(&last.envelope)) {
            warn!(stream = stream.as_str(), "ignored a snapshot that is not of this journal");
            return Ok((self.follow(beginning(), None).await?, 0));
        }
        page.items.remove(0);
        Ok((self.follow(fold, Some(page)).await?, snapshot))
    }

    /// Folds what is behind a fold: a page that was read already, and all others.
    async fn follow<A: Aggregate>(
        &self,
        mut fold: Fold<A>,
        first: Option<Page<JournalRecord>>,
    ) -> Result<Fold<A>, TxError> {
        let mut read = first;
        for _ in 0..MAX_PAGES {
            let page = match read.take() {
                Some(page) => page,
                None => self.page(fold.stream(), fold.version()).await?,
            };
            for record in page.items {
                fold.next(record.envelope)?;
            }
            if page.next.is_none() {
                return Ok(fold);
            }
        }
        let (stream, events) = (fold.stream().to_string(), fold.version());
        Err(TxError::StreamTooLong { stream, events })
    }

    async fn page(&self, stream: &StreamId, after: u64) -> Result<Page<JournalRecord>, TxError> {
        let page = self.journal.stream(&self.origin.tenant_id, stream, after).await;
        page.map_err(|source| TxError::Read { key: stream.to_string(), source })
    }

    /// What the snapshot of a stream says, if there is one that this code can read.
    async fn snapshot<A: Aggregate>(&self, stream: &StreamId) -> Result<Option<Fold<A>>, TxError> {
        let key = Fold::<A>::key_of(stream, &self.origin.tenant_id);
        let Some(item) = self.fetch(&key).await? else { return Ok(None) };
        let snapshot = serde_json::from_value::<Snapshot>(item.data).ok();
        Ok(snapshot.and_then(|snapshot| Fold::from_snapshot(stream.clone(), snapshot)))
    }
}
