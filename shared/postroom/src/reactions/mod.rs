//! The table of what happens after what, and the macro that writes it.

mod macros;

use std::any::{Any, type_name};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::BoxFuture;
use crate::envelope::{Envelope, RawEnvelope};
use crate::id::{DedupKey, TenantId, group, turns};
use crate::listener::Listener;
use crate::message::{Event, Family, Message};
use crate::outcome::Outcome;
use crate::port::Destination;
use crate::queued_handler::QueuedHandler;
use crate::runtime::Runtime;
use crate::tx::Tx;
use crate::verdict::Failure;

/// What happens after what: for every message its listeners in the request and its queued handlers.
///
/// Built by a [`reactions!`](crate::reactions) table.
#[derive(Default)]
pub struct Reactions {
    rows: BTreeMap<&'static str, Row>,
    queues: BTreeMap<&'static str, Queue>,
    /// The Rust type of each handler, by its name.
    handlers: BTreeMap<&'static str, &'static str>,
    /// Whose events are published, whoever is subscribed.
    families: Vec<Family>,
}

#[derive(Default)]
struct Row {
    in_request: Vec<Box<dyn InRequestListener>>,
    queued: Vec<&'static str>,
    /// Those of the queued handlers whose queues get it from the topic.
    published: Vec<&'static str>,
    /// What each of its queued handlers says of such a message.
    said: BTreeMap<&'static str, Said>,
}

/// What a queued handler says of a message type.
struct Said {
    key_of: KeyOf,
    replayable: bool,
    kept: Duration,
}

type KeyOf = fn(&RawEnvelope) -> Option<DedupKey>;

/// What the table says of the queue of a handler.
struct Queue {
    delivery: Delivery,
    /// The longest that a run of the handler takes, over all its rows.
    time_needed: Duration,
}

/// How the queue of a handler gives out its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// Side by side: a standard queue.
    Together,
    /// Those about one thing one after the other: a FIFO queue.
    InOrder,
}

/// In the place of a projector's type: no Rust type is called so.
const PROJECTOR: &str = "a projector";

impl Reactions {
    /// The row of one message type; made when it is first named.
    pub fn row<M: Message>(&mut self) -> RowOf<'_, M> {
        let row = self.rows.entry(M::TYPE).or_default();
        RowOf { row, queues: &mut self.queues, handlers: &mut self.handlers, of: PhantomData }
    }

    /// Gives the table a [`Projector`](crate::Projector) of this name, and so a standard queue: what it parked comes back
    /// through it.
    ///
    /// # Panics
    /// When a handler or another projector has that name.
    #[must_use]
    #[track_caller]
    pub fn with_projector(mut self, name: &'static str) -> Self {
        let queue = Queue { delivery: Delivery::Together, time_needed: Duration::ZERO };
        let first = self.handlers.insert(name, PROJECTOR);
        assert!(first.is_none(), "{name} is the name of two handlers: {first:?} and {PROJECTOR}");
        self.queues.insert(name, queue);
        self
    }

    /// Whether what comes by a queue is for the read models behind it.
    pub(crate) fn is_projector(&self, queue: &str) -> bool {
        self.handlers.get(queue) == Some(&PROJECTOR)
    }

    /// Whether the table has a row for a message.
    pub(crate) fn has_row<M: Message>(&self) -> bool {
        self.rows.contains_key(M::TYPE)
    }

    pub(crate) fn in_request(&self, r#type: &str) -> &[Box<dyn InRequestListener>] {
        self.rows.get(r#type).map_or(&[], |row| &row.in_request)
    }

    /// The listeners that a message type has in the request, in the order of the table.
    pub fn listeners(&self, r#type: &str) -> Vec<&'static str> {
        self.in_request(r#type).iter().map(|listener| listener.name()).collect()
    }

    /// The handlers a message type is queued for, in the order of the table.
    pub fn queued(&self, r#type: &str) -> &[&'static str] {
        self.rows.get(r#type).map_or(&[], |row| &row.queued)
    }

    /// The queued handlers whose queues get a message type from the topic, in the order of the table. Each has to be
    /// subscribed to it.
    pub fn published(&self, r#type: &str) -> &[&'static str] {
        self.rows.get(r#type).map_or(&[], |row| &row.published)
    }

    /// Whether events of a type are published, be it by a family and for nobody here.
    pub fn is_published(&self, r#type: &str) -> bool {
        !self.published(r#type).is_empty() || self.families.iter().any(|family| family.has(r#type))
    }

    /// Whether anything is published: who sends needs the topic then.
    pub fn publishes(&self) -> bool {
        !self.families.is_empty() || self.rows.values().any(|row| !row.published.is_empty())
    }

    /// Every message type that has a row.
    pub fn types(&self) -> Vec<&'static str> {
        self.rows.keys().copied().collect()
    }

    /// Where a message is sent, each destination once. Only events are published.
    pub(crate) fn destinations(&self, r#type: &str, is_event: bool) -> Vec<Destination> {
        let published = self.published(r#type);
        let queues = self.queued(r#type).iter().filter(|handler| !published.contains(handler));
        let queues = queues.map(|handler| Destination::Queue((*handler).to_owned()));
        let topic = (is_event && self.is_published(r#type)).then_some(Destination::Topic);
        queues.chain(topic).collect()
    }

    /// The message types that are queued for a handler.
    pub(crate) fn queued_for(&self, handler: &str) -> Vec<&'static str> {
        let rows = self.rows.iter().filter(|(_, row)| row.queued.contains(&handler));
        rows.map(|(r#type, _)| *r#type).collect()
    }

    /// What a queued handler knows a message by, without the handler itself.
    ///
    /// `None`: no row sends it such a message, it cannot read it, or has no key for it.
    pub(crate) fn key_of(&self, handler: &str, message: &RawEnvelope) -> Option<DedupKey> {
        let said = self.said(handler, &message.r#type)?;
        (said.key_of)(message)
    }

    fn said(&self, handler: &str, r#type: &str) -> Option<&Said> {
        self.rows.get(r#type)?.said.get(handler)
    }

    /// Whether a replay may have a queued handler run messages of a type [again](crate::Job::REPLAYABLE). Not where no row
    /// sends it any: nobody said so.
    pub fn replayable(&self, handler: &str, r#type: &str) -> bool {
        self.said(handler, r#type).is_some_and(|said| said.replayable)
    }

    /// For how long at least a queued handler's runs of a type are remembered after they began: delivered within that time,
    /// a message that was done is known for a duplicate.
    pub fn remembered(&self, handler: &str, r#type: &str) -> Duration {
        let kept = self.said(handler, r#type).map_or(Duration::ZERO, |said| said.kept);
        kept.max(Runtime::REMEMBERS)
    }

    /// Every queued handler of the table, each once, and its projector: a deployment needs a queue for each.
    pub fn queues(&self) -> Vec<&'static str> {
        self.queues.keys().copied().collect()
    }

    /// Whether a handler takes the messages about one thing one after the other: its queue is a FIFO queue.
    pub fn is_in_order(&self, handler: &str) -> bool {
        self.queues.get(handler).is_some_and(|queue| queue.delivery == Delivery::InOrder)
    }

    /// What a message shares a group with on its way: on a queue with an order what is about the same thing, on any other
    /// and on the topic all that is its tenant's.
    pub(crate) fn group_to(&self, to: &Destination, tenant: &TenantId, subject: &str) -> String {
        let in_order = to.handler().is_some_and(|handler| self.is_in_order(handler));
        if in_order { group(tenant, subject) } else { turns(tenant) }
    }

    /// Publishes every event of a family, such as `user.*`, or of one type: whoever is subscribed gets it, here or elsewhere.
    ///
    /// # Panics
    /// When no row is one of them: it would be a slip of the pen, and nothing would ever be published.
    #[track_caller]
    pub fn publish(&mut self, types: &'static str) {
        let family = Family::named(types);
        assert!(self.rows.keys().any(|r#type| family.has(r#type)), "no row is of {types}");
        self.families.push(family);
    }

    /// The longest that a run of a queued handler takes ([`Job::TIME_NEEDED`](crate::Job::TIME_NEEDED)).
    ///
    /// Its function's time-out is more than that and [`Worker::MARGIN`](crate::Worker::MARGIN), or it starts nothing.
    pub fn time_needed(&self, handler: &str) -> Duration {
        self.queues.get(handler).map_or(Duration::ZERO, |queue| queue.time_needed)
    }
}

impl fmt::Debug for Reactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows.iter().map(|(name, row)| {
            let in_request: Vec<_> =
                row.in_request.iter().map(|listener| listener.name()).collect();
            (name, (in_request, &row.queued))
        });
        f.debug_map().entries(rows).finish()
    }
}

/// One row while the table is built.
pub struct RowOf<'a, M> {
    row: &'a mut Row,
    queues: &'a mut BTreeMap<&'static str, Queue>,
    handlers: &'a mut BTreeMap<&'static str, &'static str>,
    of: PhantomData<fn() -> M>,
}

impl<M: Message> RowOf<'_, M> {
    /// Runs `listener` in the request, after those already in the row.
    ///
    /// # Panics
    /// When the row has a handler of that name, or the table another one. Every test that builds the table, and every
    /// function at its start, then says so.
    #[track_caller]
    pub fn in_request<L: Listener<M>>(&mut self, listener: L)
    where
        M: Event,
    {
        self.enter::<L>(L::NAME);
        self.row.in_request.push(Box::new(Erased { listener, of: PhantomData::<fn() -> M> }));
    }

    /// Sends the message to the queue of `handler`, a listener or a job; its worker holds the handler itself.
    ///
    /// # Panics
    /// As [`queued_in_order`](Self::queued_in_order).
    #[track_caller]
    pub fn queued<H: QueuedHandler<M, Kind>, Kind>(&mut self) {
        self.route::<H, Kind>(Delivery::Together);
    }

    /// Sends the message to the FIFO queue of `handler`, which runs on one message of a stream or subject at a time.
    ///
    /// # Panics
    /// As [`in_request`](Self::in_request), and when another row says `queued` of the same handler: one queue is of one
    /// kind.
    #[track_caller]
    pub fn queued_in_order<H: QueuedHandler<M, Kind>, Kind>(&mut self) {
        self.route::<H, Kind>(Delivery::InOrder);
    }

    /// Publishes the event to the topic, to which the queue of `handler` is subscribed with those of other handlers. Each
    /// gets a copy and has a dedup key and dead letters of its own.
    ///
    /// # Panics
    /// As [`queued_in_order`](Self::queued_in_order): the queue of a subscriber has no order.
    #[track_caller]
    pub fn published<H: QueuedHandler<M, Kind>, Kind>(&mut self)
    where
        M: Event,
    {
        self.route::<H, Kind>(Delivery::Together);
        self.row.published.push(H::NAME);
    }

    /// Dedup keys, and the ids of what a handler emits, are made of its name and the message it reacts to. So a name is
    /// one handler's, and stands once in a row: of two runs under one key the second would be taken for a duplicate.
    #[track_caller]
    fn enter<H>(&mut self, name: &'static str) {
        let handler = type_name::<H>();
        let first = *self.handlers.entry(name).or_insert(handler);
        assert!(first == handler, "{name} is the name of two handlers: {first} and {handler}");
        let in_request = self.row.in_request.iter().any(|listener| listener.name() == name);
        assert!(
            !in_request && !self.row.queued.contains(&name),
            "{name} stands twice in the row of {}",
            M::TYPE
        );
    }

    #[track_caller]
    fn route<H: QueuedHandler<M, Kind>, Kind>(&mut self, delivery: Delivery) {
        let handler = H::NAME;
        self.enter::<H>(handler);
        let new = Queue { delivery, time_needed: H::TIME_NEEDED };
        let queue = self.queues.entry(handler).or_insert(new);
        queue.time_needed = queue.time_needed.max(H::TIME_NEEDED);
        assert!(
            queue.delivery == delivery,
            "{handler} is `queued` in one row and `queued_in_order` in another: its queue is of one kind"
        );
        self.row.queued.push(handler);
        let key_of: KeyOf = |message| message.decode_and(H::key).ok()?.1;
        let said = Said { key_of, replayable: H::REPLAYABLE, kept: H::KEPT };
        self.row.said.insert(handler, said);
    }
}

impl<M> fmt::Debug for RowOf<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowOf").field("queued", &self.row.queued).finish_non_exhaustive()
    }
}

/// A listener with its event type erased: the only place where types are erased.
pub(crate) trait InRequestListener: Send + Sync {
    fn name(&self) -> &'static str;

    /// `event` is the `Envelope<E>` of the row this listener stands in.
    fn on<'a>(
        &'a self,
        event: &'a (dyn Any + Send + Sync),
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<Outcome, Failure>>;
}

struct Erased<E, L> {
    listener: L,
    of: PhantomData<fn() -> E>,
}

impl<E: Event, L: Listener<E>> InRequestListener for Erased<E, L> {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn on<'a>(
        &'a self,
        event: &'a (dyn Any + Send + Sync),
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<Outcome, Failure>> {
        Box::pin(async move {
            let Some(event) = event.downcast_ref::<Envelope<E>>() else {
                // Two types share one wire name: a mistake in the business, caught by every test that emits it.
                return Err(Failure::of(L::NAME, TypeClash { r#type: E::TYPE }));
            };
            self.listener.on(event, tx).await.map_err(|error| Failure::of(L::NAME, error))
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("two message types are called `{type}`")]
struct TypeClash {
    r#type: &'static str,
}

impl crate::Classify for TypeClash {
    fn verdict(&self) -> crate::Verdict {
        crate::Verdict::Permanent
    }
}

impl crate::Refuse for TypeClash {
    fn refusal(&self) -> Option<crate::Refusal> {
        None
    }
}
