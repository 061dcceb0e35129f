//! What a business looks at to say whether it is as it should be.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::aggregate::{Aggregate, EventSet};
use crate::envelope::RawEnvelope;
use crate::id::TenantId;
use crate::memory::MemoryStore;
use crate::message::Event;
use crate::port::{DeadLetter, JournalRecord};
use crate::projection::{Position, Projection};
use crate::simulation::ports::builds;
use crate::simulation::world::{State, World};
use crate::stored::{Generation, Key, Partition, Place, Stored, StreamId};

/// What a tenant has: at the end of a run, or in the middle of it.
pub struct Contents {
    pub(super) world: Arc<World>,
    pub(super) memory: MemoryStore,
    pub(super) tenant: TenantId,
}

impl Contents {
    /// The thing at a place, if there is one and it can be read.
    pub fn get<T: Stored>(&self, place: &Place<T>) -> Option<T> {
        let item = self.memory.item(&place.key(&self.tenant))?;
        serde_json::from_value(item.data).ok()
    }

    /// What a read model has made at a place, in the build that is read.
    pub fn read<P: Projection, T: Stored>(&self, place: Place<T>) -> Option<T> {
        self.get(&place.in_generation(self.live::<P>()))
    }

    /// How far a read model has applied a stream, and what it has made at a place, in the build that is read.
    pub fn read_model<P: Projection, T: Stored>(
        &self,
        stream: &StreamId,
        place: Place<T>,
    ) -> (u64, Option<T>) {
        let position = Position::start(P::NAME, stream).place();
        let position = self.read::<P, Position>(position);
        (position.map_or(0, |position| position.applied), self.read::<P, T>(place))
    }

    /// Whether an event of a stream is a dead letter of the build that is read.
    pub fn is_parked<P: Projection>(&self, stream: &StreamId) -> bool {
        let handler = self.live::<P>().handler(P::NAME);
        let of_build = |letter: &&DeadLetter| letter.handler.as_deref() == Some(&*handler);
        let letters = self.dead_letters();
        let mut parked = letters.iter().filter(of_build).filter_map(|one| one.envelope.as_ref());
        parked.any(|parked| parked.subject == stream.as_str())
    }

    fn live<P: Projection>(&self) -> Generation {
        builds(&self.memory, P::NAME).map_or(Generation::FIRST, |builds| builds.live)
    }

    /// Everything directly in a collection, in the order of ids.
    pub fn all<T: Stored>(&self) -> Vec<T> {
        let partition = Partition::new(&self.tenant, T::COLLECTION, None);
        let of_collection = |key: &Key| key.partition == partition;
        let items = self.memory.items().into_iter().filter(|item| of_collection(&item.key));
        items.filter_map(|item| serde_json::from_value(item.data).ok()).collect()
    }

    /// The events of a type, as the journal has them.
    pub fn events<E: Event>(&self) -> Vec<E> {
        self.memory.with_journal(|events, _| self.own(events).filter_map(decoded).collect())
    }

    /// The events of a type, as transactions have appended them, whatever the journal has.
    pub fn committed<E: Event>(&self) -> Arc<Vec<E>> {
        let State { evidence, memo, .. } = &mut *self.world.lock();
        let events = || evidence.applied.iter().flat_map(|tx| &tx.events);
        memo.of::<E, _>(&self.tenant, events().count(), || {
            self.own(events()).filter_map(decoded).collect()
        })
    }

    /// By stream, what happened to each aggregate of a kind, as the journal has it.
    ///
    /// Of what its code cannot read there is nothing.
    pub fn histories<A: Aggregate>(&self) -> Arc<BTreeMap<StreamId, Vec<A::Event>>> {
        let memo = &mut self.world.lock().memo;
        self.memory.with_journal(|events, appends| {
            memo.of::<A, _>(&self.tenant, appends, || self.read_streams::<A>(events))
        })
    }

    fn read_streams<'a, A: Aggregate>(
        &self,
        events: impl Iterator<Item = &'a JournalRecord>,
    ) -> BTreeMap<StreamId, Vec<A::Event>> {
        let mut histories: BTreeMap<StreamId, Vec<A::Event>> = BTreeMap::new();
        for event in self.own(events) {
            let stream = StreamId::from_stored(event.subject.clone());
            if stream.collection() == A::STREAM
                && let Ok(event) = A::Event::read(event)
            {
                histories.entry(stream).or_default().push(event);
            }
        }
        histories
    }

    /// What failed for good.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        let mut letters = self.memory.dead_letters();
        letters.retain(|letter| {
            let tenant = letter.envelope.as_ref().map(|envelope| &envelope.tenant_id);
            tenant == Some(&self.tenant)
        });
        letters
    }

    fn own<'a>(
        &self,
        events: impl Iterator<Item = &'a JournalRecord>,
    ) -> impl Iterator<Item = &'a RawEnvelope> {
        let events = events.map(|event| &event.envelope);
        events.filter(|event| event.tenant_id == self.tenant)
    }
}

fn decoded<E: Event>(event: &RawEnvelope) -> Option<E> {
    let is_of_type = event.r#type == E::TYPE;
    is_of_type.then(|| event.decode::<E>().ok().map(|event| event.data)).flatten()
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
