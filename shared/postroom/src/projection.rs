//! Projections: what is read is made from events, apart from what decides.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::BoxFuture;
use crate::aggregate::EventSet;
use crate::envelope::{Envelope, RawEnvelope};
use crate::id::TenantId;
use crate::stored::{Generation, Place, Stored, StreamId};
use crate::tx::{Tx, TxError};
use crate::verdict::{Classify, Failure};

/// A read model: what the events of some streams come to, for queries.
///
/// The events of each stream are applied one after the other in their order, each once: what [`apply`](Self::apply)
/// stages and how far the stream has been applied commit as one. What one stream's events make may be shared by others.
///
/// ```
/// use postroom::doc_example::{Order, OrderPaid, OrderPlaced};
/// use postroom::{Envelope, Place, Projection, Reads, Stored, TxError, View, events};
/// use serde::{Deserialize, Serialize};
///
/// events! {
///     /// What can happen to an order.
///     pub enum OrderEvent { OrderPlaced, OrderPaid }
/// }
///
/// #[derive(Default, Serialize, Deserialize)]
/// struct Sales {
///     paid: u64,
/// }
///
/// impl Stored for Sales {
///     const COLLECTION: &'static str = "sales";
///
///     fn place(&self) -> Place<Self> {
///         Place::new("all")
///     }
/// }
///
/// struct CountSales;
///
/// impl Projection for CountSales {
///     const NAME: &'static str = "count-sales";
///     const READS: Reads = Reads::Only(&[Order::COLLECTION]);
///     const MAKES: &'static [&'static str] = &[Sales::COLLECTION];
///     type Event = OrderEvent;
///     type Error = TxError;
///
///     async fn apply(&self, event: &Envelope<OrderEvent>, view: &mut View<'_>) -> Result<(), TxError> {
///         match &event.data {
///             OrderEvent::OrderPlaced(_) => Ok(()),
///             OrderEvent::OrderPaid(_) => {
///                 let mut sales = view.load(&Sales::default().place()).await?.unwrap_or_default();
///                 sales.paid += 1;
///                 view.save(&sales)
///             }
///         }
///     }
/// }
/// ```
pub trait Projection: Send + Sync + 'static {
    /// Kebab-case: `account-view`. Part of the keys of what it has applied; never rename one in use.
    const NAME: &'static str;
    /// The streams it reads.
    const READS: Reads;
    /// The collections of the items it makes, which are no other's: what of them a build has left is removed when nobody
    /// reads that build any more. One that is not made any more stays named until the build that does without it is read and
    /// what was read before is swept: what nobody names is not removed. Nor may another projection take its name before.
    const MAKES: &'static [&'static str];
    /// All that can happen in those streams. What is not among them is poison, and not passed over: a read model that does
    /// not know what happened is wrong.
    type Event: EventSet;
    /// Why an event could not be applied.
    type Error: Error + Classify + Send + Sync + 'static;

    /// Stages what an event changes. It may run several times: a lost race runs it again from its reads.
    fn apply(
        &self,
        event: &Envelope<Self::Event>,
        view: &mut View<'_>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Which streams a projection reads, by the collections of the things they belong to: `accounts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// Those of these.
    Only(&'static [&'static str]),
    /// Those of all that there are, and ever will be, but these.
    AllBut(&'static [&'static str]),
}

impl Reads {
    pub(crate) fn has(self, collection: &str) -> bool {
        match self {
            Self::Only(collections) => collections.contains(&collection),
            Self::AllBut(collections) => !collections.contains(&collection),
        }
    }
}

/// The projections of a system, each under a name of its own.
#[derive(Clone, Default)]
pub struct Projections(Vec<Arc<dyn AnyProjection>>);

impl Projections {
    /// One more.
    ///
    /// # Panics
    /// When there is one of that name: both would move one position. Or one that makes items of the same collection: each
    /// would remove what the other reads.
    #[must_use]
    #[track_caller]
    pub fn with<P: Projection>(mut self, projection: P) -> Self {
        assert!(!self.names().contains(&P::NAME), "{} is the name of two projections", P::NAME);
        let of_another = |made: &&&str| self.iter().any(|other| other.makes().contains(*made));
        let shared = P::MAKES.iter().find(of_another).copied().unwrap_or_default();
        assert!(shared.is_empty(), "{} makes {shared}, and so does another projection", P::NAME);
        self.0.push(Arc::new(projection));
        self
    }

    /// What they are called.
    pub fn names(&self) -> Vec<&'static str> {
        self.iter().map(AnyProjection::name).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn AnyProjection> {
        self.0.iter().map(|projection| &**projection)
    }
}

impl fmt::Debug for Projections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// What a projection may do: read and stage items of its own read model. There is no time but the event's: applied at
/// another, an event has to make the same.
#[derive(Debug)]
pub struct View<'a> {
    tx: &'a mut Tx,
    build: Build<'a>,
}

impl<'a> View<'a> {
    pub(crate) fn new(tx: &'a mut Tx, build: Build<'a>) -> Self {
        Self { tx, build }
    }

    /// Whose events.
    pub fn tenant(&self) -> &TenantId {
        self.tx.tenant()
    }

    /// The item at a place. The commit fails, and the event is applied anew, if it has changed by then.
    ///
    /// # Errors
    /// As [`Tx::load`].
    pub async fn load<T: Stored>(&mut self, place: &Place<T>) -> Result<Option<T>, TxError> {
        self.tx.load(&place.clone().in_generation(self.build.generation)).await
    }

    /// Writes an item: over the version that was loaded, or as a new one if it was not.
    ///
    /// # Errors
    /// As [`Tx::save`], and [`TxError::NotOfProjection`] where it [makes](Projection::MAKES) no such items.
    pub fn save<T: Stored>(&mut self, item: &T) -> Result<(), TxError> {
        let Build { projection, generation, .. } = self.build;
        if !projection.makes().contains(&T::COLLECTION) {
            let (projection, collection) = (projection.name(), T::COLLECTION);
            return Err(TxError::NotOfProjection { projection, collection });
        }
        self.tx.save_at(&item.place().in_generation(generation), item).map(drop)
    }
}

/// How far a projection has applied a stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) projection: String,
    pub(crate) stream: StreamId,
    /// The version of the last event that was applied; 0 before the first.
    pub(crate) applied: u64,
}

impl Position {
    /// Before the first event.
    pub(crate) fn start(projection: &str, stream: &StreamId) -> Self {
        Self { projection: projection.to_owned(), stream: stream.clone(), applied: 0 }
    }
}

impl Stored for Position {
    const COLLECTION: &'static str = "projection-positions";

    fn place(&self) -> Place<Self> {
        Place::within(&self.projection, &self.stream)
    }
}

/// One build of a projection: what events are applied to.
#[derive(Clone, Copy)]
pub(crate) struct Build<'a> {
    pub(crate) projection: &'a dyn AnyProjection,
    pub(crate) generation: Generation,
    /// Whether it is the one that is read, and not one that is being made.
    pub(crate) is_read: bool,
}

impl fmt::Debug for Build<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.generation.handler(self.projection.name()))
    }
}

/// A projection with its error type erased.
pub(crate) trait AnyProjection: Send + Sync {
    fn name(&self) -> &'static str;

    fn reads(&self) -> Reads;

    fn makes(&self) -> &'static [&'static str];

    fn apply<'a>(
        &'a self,
        event: &'a RawEnvelope,
        view: &'a mut View<'_>,
    ) -> BoxFuture<'a, Result<(), Failure>>;
}

impl<P: Projection> AnyProjection for P {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn reads(&self) -> Reads {
        P::READS
    }

    fn makes(&self) -> &'static [&'static str] {
        P::MAKES
    }

    fn apply<'a>(
        &'a self,
        event: &'a RawEnvelope,
        view: &'a mut View<'_>,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let read = P::Event::read(event).map_err(failed::<P, _>)?;
            let event = event.with(read);
            Projection::apply(self, &event, view).await.map_err(failed::<P, _>)
        })
    }
}

fn failed<P: Projection, E: Error + Classify + Send + Sync + 'static>(error: E) -> Failure {
    let verdict = error.verdict();
    Failure { handler: P::NAME, verdict, refusal: None, source: Box::new(error) }
}
