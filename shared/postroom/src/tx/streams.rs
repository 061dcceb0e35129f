//! The streams of aggregates while a transaction is being staged: what was folded, and what is appended.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::warn;

use crate::aggregate::{Aggregate, EventSet, Folded};
use crate::envelope::RawEnvelope;
use crate::id::{MessageId, TenantId};
use crate::message::Message;
use crate::stored::{Key, Partition, StreamId};
use crate::transaction::{ItemWrite, StreamEnd};
use crate::tx::{MAX_ITEM_BYTES, Turn, TxError};

/// After how many events an aggregate's state is kept as a snapshot: a load folds fewer than this, and what one
/// transaction appends, unless snapshots were deleted or are of another shape.
///
/// Half a page of the journal: behind a snapshot one query finds all there is.
pub(super) const SNAPSHOT_EVERY: u64 = 50;

/// Where snapshots lie. No collection is called so: `~` is in none of their names.
pub(crate) const SNAPSHOTS: &str = "~snapshots";

/// Every stream that was loaded, by its name.
#[derive(Debug, Default)]
pub(super) struct Streams {
    by_stream: BTreeMap<StreamId, Staged>,
}

/// A snapshot as it is kept: `{"format":1,"version":100,"event_id":"7b0c…","state":{…}}`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Snapshot {
    /// [`Aggregate::SNAPSHOT`] of whoever wrote it.
    pub(super) format: u32,
    /// The version of the last event in it.
    pub(super) version: u64,
    /// That event. A snapshot whose event is not in the journal is of another journal.
    pub(super) event_id: MessageId,
    /// What they made.
    pub(super) state: Value,
}

/// An aggregate while its events are folded.
pub(super) struct Fold<A> {
    stream: StreamId,
    state: Option<A>,
    /// The version and the id of the last event.
    last: Option<(u64, MessageId)>,
}

struct Staged {
    fold: Box<dyn AnyFold>,
    /// How far it had come when it was read.
    read: u64,
    /// How far it will have come.
    head: u64,
    /// How far its snapshot has come; 0: there is none.
    snapshot: u64,
    /// Who has seen all that is staged, and may therefore append.
    readers: Vec<Turn>,
}

/// A [`Fold`] with its type erased.
trait AnyFold: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn types(&self) -> &'static [&'static str];
    fn apply(&mut self, envelope: RawEnvelope) -> Result<(), TxError>;
    fn snapshot(&self) -> Option<Snapshot>;
    fn key(&self, tenant: &TenantId) -> Key;
}

impl Streams {
    /// Keeps what was read: from now on the stream must not grow before the commit.
    pub(super) fn guard<A: Aggregate>(&mut self, fold: Fold<A>, snapshot: u64) {
        let (stream, read) = (fold.stream.clone(), fold.version());
        let staged =
            Staged { fold: Box::new(fold), read, head: read, snapshot, readers: Vec::new() };
        self.by_stream.insert(stream, staged);
    }

    /// Keeps that a stream is new, unless it is known already: it must still be at the commit.
    pub(super) fn begin<A: Aggregate>(&mut self, stream: StreamId, reader: Turn) {
        if !self.by_stream.contains_key(&stream) {
            self.guard(Fold::<A>::new(stream.clone()), 0);
            self.by_stream.entry(stream).and_modify(|staged| staged.readers.push(reader));
        }
    }

    /// What is staged of a stream, as `reader` now knows it; `None`: it was not loaded.
    pub(super) fn read<A: Aggregate>(
        &mut self,
        stream: &StreamId,
        reader: Turn,
    ) -> Option<Result<Option<Folded<A>>, TxError>> {
        let staged = self.by_stream.get_mut(stream)?;
        let Some(fold) = staged.fold.as_any().downcast_ref::<Fold<A>>() else {
            return Some(Err(TxError::TwoAggregates { stream: stream.to_string() }));
        };
        staged.readers.push(reader);
        Some(Ok(fold.folded()))
    }

    /// The next version of a stream, for one who knows its last.
    pub(super) fn append<E: Message>(
        &mut self,
        stream: &StreamId,
        writer: Turn,
    ) -> Result<u64, TxError> {
        let (handler, r#type) = (writer.handler, E::TYPE);
        let staged = self.by_stream.get_mut(stream);
        let Some(staged) = staged.filter(|staged| staged.readers.contains(&writer)) else {
            return Err(TxError::StreamNotLoaded { handler, r#type, stream: stream.to_string() });
        };
        if !staged.fold.types().contains(&r#type) {
            return Err(TxError::NotOfAggregate { handler, r#type, stream: stream.to_string() });
        }
        staged.head += 1;
        // What the others read is no longer what is staged.
        staged.readers.retain(|reader| *reader == writer);
        Ok(staged.head)
    }

    /// Folds an event that was appended. Of other streams there is nothing to fold.
    pub(super) fn apply(
        &mut self,
        stream: &StreamId,
        envelope: &RawEnvelope,
    ) -> Result<(), TxError> {
        match self.by_stream.get_mut(stream) {
            Some(staged) => staged.fold.apply(envelope.clone()),
            None => Ok(()),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_stream.len()
    }

    /// The ends of what was only read, and the snapshots that are due of what was appended to.
    pub(super) fn into_parts(
        self,
        tenant: &TenantId,
        mut room: usize,
    ) -> (Vec<StreamEnd>, Vec<ItemWrite>) {
        let (mut ends, mut snapshots) = (Vec::new(), Vec::new());
        for (stream, staged) in self.by_stream {
            if staged.head == staged.read {
                ends.push(StreamEnd { key: stream.key(tenant), version: staged.read });
            } else if staged.head - staged.snapshot >= SNAPSHOT_EVERY {
                snapshots.extend(staged.snapshot(&stream, tenant, &mut room));
            }
        }
        (ends, snapshots)
    }
}

impl Staged {
    /// The snapshot as a write; `None`, which costs the next load and nothing else, where it would be too large.
    fn snapshot(
        &self,
        stream: &StreamId,
        tenant: &TenantId,
        room: &mut usize,
    ) -> Option<ItemWrite> {
        let data = serde_json::to_value(self.fold.snapshot()?).ok()?;
        let bytes = data.to_string().len();
        if bytes > MAX_ITEM_BYTES.min(*room) {
            warn!(stream = stream.as_str(), bytes, "no snapshot was taken: it is too large");
            return None;
        }
        *room -= bytes;
        Some(ItemWrite::PutView { key: self.fold.key(tenant), data })
    }
}

impl fmt::Debug for Staged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read, head, snapshot, .. } = self;
        write!(f, "read to {read}, appended to {head}, snapshot of {snapshot}")
    }
}

impl<A: Aggregate> Fold<A> {
    /// Before the first event.
    pub(super) fn new(stream: StreamId) -> Self {
        Self { stream, state: None, last: None }
    }

    /// What a snapshot says, if it is of the shape that this code writes.
    pub(super) fn from_snapshot(stream: StreamId, snapshot: Snapshot) -> Option<Self> {
        if snapshot.format != A::SNAPSHOT {
            return None;
        }
        let state = serde_json::from_value(snapshot.state).ok()?;
        Some(Self { stream, state: Some(state), last: Some((snapshot.version, snapshot.event_id)) })
    }

    pub(super) fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// The version of the last event that was folded.
    pub(super) fn version(&self) -> u64 {
        self.last.map_or(0, |(version, _)| version)
    }

    /// Whether an event is the last one that was folded.
    pub(super) fn ends_with(&self, envelope: &RawEnvelope) -> bool {
        self.last == envelope.stream_version.map(|version| (version, envelope.id))
    }

    /// Where the snapshots of streams like this one lie.
    pub(super) fn key_of(stream: &StreamId, tenant: &TenantId) -> Key {
        let partition = Partition::new(tenant, SNAPSHOTS, Some(A::STREAM));
        Key { partition, id: stream.as_str().to_owned() }
    }

    /// Folds the next event.
    pub(super) fn next(&mut self, envelope: RawEnvelope) -> Result<(), TxError> {
        let (expected, found) = (self.version() + 1, envelope.stream_version.unwrap_or(0));
        let broken = |found: String| TxError::BrokenStream {
            stream: self.stream.to_string(),
            expected,
            found,
        };
        if found != expected {
            return Err(broken(format!("version {found}")));
        }
        let event = A::Event::read(&envelope).map_err(|source| TxError::Event {
            stream: self.stream.to_string(),
            version: expected,
            source,
        })?;
        match &mut self.state {
            Some(state) => state.apply(&event),
            None => self.state = Some(A::begin(&event).ok_or_else(|| broken(envelope.r#type))?),
        }
        self.last = Some((expected, envelope.id));
        Ok(())
    }

    fn folded(&self) -> Option<Folded<A>> {
        let state = self.state.clone()?;
        Some(Folded { version: self.version(), state })
    }
}

impl<A: Aggregate> AnyFold for Fold<A> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn types(&self) -> &'static [&'static str] {
        A::Event::TYPES
    }

    fn apply(&mut self, envelope: RawEnvelope) -> Result<(), TxError> {
        self.next(envelope)
    }

    fn snapshot(&self) -> Option<Snapshot> {
        let (version, event_id) = self.last?;
        let state = serde_json::to_value(self.state.as_ref()?).ok()?;
        Some(Snapshot { format: A::SNAPSHOT, version, event_id, state })
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(&self.stream, tenant)
    }
}
