//! The recorder: what a handler may do. It reads and stages; only the runtime can commit what it holds.

mod error;
mod items;
mod reads;
pub(crate) mod streams;
mod aggregates;
mod dispatch;
mod operate;
mod tasks;
mod given_up;
mod claims;
pub(crate) mod seal;

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::claim::{ClaimChecks, Payload};
use crate::command::Origin;
use crate::envelope::{Envelope, Header, RawEnvelope};
use crate::id::{MessageId, TenantId, derive, derive_ordered};
use crate::live::LiveShard;
use crate::message::{Event, Message, Routed};
use crate::port::{Destination, Journal, JournalRecord, OutboxKey, OutboxRow, Store};
use crate::reactions::Reactions;
use crate::runtime::Ports;
use crate::stored::{Key, Place, Stored};
use crate::transaction::{LetterChange, RunChange, Transaction};
use crate::tx::dispatch::Pending;
use crate::tx::given_up::GivenUp;
use crate::tx::items::{Entity, Items};
use crate::tx::streams::Streams;

pub use error::TxError;

/// The most bytes of an envelope that travels whole, or without its payload; SNS takes 256 KB with its attributes.
// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>, from memory, not re-read.
pub(crate) const MAX_MESSAGE_BYTES: usize = 200 * 1024;
/// The most bytes of one item; AWS's 400 KB counts names too, so some room is left for the kit's own.
// The documentation of `aws-sdk-dynamodb` 1.136, read 2026-11-21.
const MAX_ITEM_BYTES: usize = 390 * 1024;
/// The most messages between a command and its remotest effect, in the request and over queues together.
const MAX_HOPS: u32 = 16;

/// What one command, or one handler run, reads and will write.
///
/// A handler gets it to read and stage. Dropping it is the rollback; there is no way to commit it from business code:
///
/// ```compile_fail
/// # async fn handler(tx: postroom::Tx) {
/// tx.commit().await; // no such method
/// # }
/// ```
pub struct Tx {
    store: Arc<dyn Store>,
    journal: Arc<dyn Journal>,
    reactions: Arc<Reactions>,
    origin: Origin,
    now: Timestamp,
    frame: Frame,
    items: Items,
    streams: Streams,
    events: Vec<JournalRecord>,
    outbox: Vec<OutboxRow>,
    cancelled: BTreeSet<OutboxKey>,
    letters: Vec<LetterChange>,
    runs: Vec<RunChange>,
    pending: VecDeque<Pending>,
    bytes: usize,
    /// Where payloads go that are too large to travel, if anywhere.
    claims: Option<ClaimChecks>,
    payloads: Vec<Payload>,
    payload_bytes: usize,
    /// Where a run is given up.
    given_up: Option<GivenUp>,
}

/// Who is staging at the moment, and because of what.
#[derive(Debug, Clone)]
struct Frame {
    handler: &'static str,
    cause: MessageId,
    hops: u32,
    ordinal: u32,
}

/// What tells one run of a handler from its next within a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn {
    handler: &'static str,
    cause: MessageId,
}

impl Frame {
    fn turn(&self) -> Turn {
        Turn { handler: self.handler, cause: self.cause }
    }
}

impl Tx {
    pub(crate) fn begin(
        ports: &Ports,
        claims: Option<ClaimChecks>,
        reactions: Arc<Reactions>,
        origin: Origin,
        now: Timestamp,
        handler: &'static str,
        hops: u32,
    ) -> Self {
        let frame = Frame { handler, cause: origin.command_id, hops, ordinal: 0 };
        Self {
            store: Arc::clone(&ports.store),
            journal: Arc::clone(&ports.journal),
            reactions,
            origin,
            now,
            frame,
            items: Items::default(),
            streams: Streams::default(),
            events: Vec::new(),
            outbox: Vec::new(),
            cancelled: BTreeSet::new(),
            letters: Vec::new(),
            runs: Vec::new(),
            pending: VecDeque::new(),
            bytes: 0,
            claims,
            payloads: Vec::new(),
            payload_bytes: 0,
            given_up: None,
        }
    }

    /// When this command or run began: the one time of everything it writes.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Whose data it reads and writes.
    pub fn tenant(&self) -> &TenantId {
        &self.origin.tenant_id
    }

    /// An id for a new thing: sorts by time (UUID version 7), and the same again when the command re-runs.
    pub fn new_id(&mut self) -> Uuid {
        derive_ordered(self.now, self.derive("id"))
    }

    /// Writes an entity: over the version that was loaded, or as a new one if it was not. Answers its new version.
    ///
    /// # Errors
    /// [`TxError::WrittenTwice`] where another handler's write would be lost, or this one's about another event; or an
    /// overflow; all permanent.
    pub fn save<T: Stored>(&mut self, entity: &T) -> Result<u64, TxError> {
        self.save_at(&entity.place(), entity)
    }

    /// The same at another place than its own: that of a build of a read model.
    pub(crate) fn save_at<T: Stored>(
        &mut self,
        place: &Place<T>,
        entity: &T,
    ) -> Result<u64, TxError> {
        let key = place.key(&self.origin.tenant_id);
        let data = self.encode(&key, entity)?;
        let live = entity.is_live().then(|| LiveShard::of(self.tenant(), T::COLLECTION));
        let entity = Entity { key, stream: place.stream(), live, data };
        let version = self.items.save(entity, self.frame.turn())?;
        self.room_for("items", 0)?;
        Ok(version)
    }

    /// Writes a view: the last writer wins. No schedule visits it, whatever was there before.
    ///
    /// # Errors
    /// As [`save`](Self::save), and [`TxError::ViewOfGuarded`].
    pub fn put_view<T: Stored>(&mut self, view: &T) -> Result<(), TxError> {
        let key = view.place().key(&self.origin.tenant_id);
        let data = self.encode(&key, view)?;
        self.items.put_view(key, data, self.frame.turn())?;
        self.room_for("views", 0)
    }

    /// Appends a fact to its stream; its reactions follow when the handler has returned.
    ///
    /// The thing the stream belongs to has to be loaded or saved first: that is what makes the next version certain. An
    /// [aggregate](Self::aggregate) has to be loaded by whoever emits, and again where another has emitted since.
    ///
    /// # Errors
    /// [`TxError::StreamNotLoaded`], [`TxError::NotOfAggregate`], [`TxError::TooManyHops`] or an overflow; all permanent.
    pub fn emit<E: Event + Routed>(&mut self, event: E) -> Result<MessageId, TxError> {
        let stream = event.stream();
        let turn = self.frame.turn();
        let version = match self.items.append(&stream, turn) {
            Some((version, bytes)) => {
                self.bytes += bytes;
                version
            }
            None => self.streams.append::<E>(&stream, turn)?,
        };
        let id = self.derive("event").into();
        let header = self.header::<E>(id, stream.to_string(), Some(version))?;
        let envelope = Envelope::seal(header, event);
        let id = envelope.id;
        self.post(&envelope, self.now)?;
        if let Some(record) = self.events.last() {
            self.streams.apply(&stream, &record.envelope)?;
        }
        self.pending.push_back(Pending::new(envelope, self.events.len() - 1));
        Ok(id)
    }

    /// The group that a message is in on its way.
    pub(crate) fn group_to(&self, to: &Destination, message: &RawEnvelope) -> String {
        self.reactions.group_to(to, &message.tenant_id, &message.subject)
    }

    /// Stages the journal record of an event, and one outbox row for each queue and one for the topic.
    fn post<M: Message>(&mut self, envelope: &Envelope<M>, due: Timestamp) -> Result<(), TxError> {
        let handler = self.frame.handler;
        let raw = envelope
            .to_raw()
            .map_err(|source| TxError::Encode { what: M::TYPE.to_owned(), source })?;
        let reactions = Arc::clone(&self.reactions);
        let queued = reactions.queued(M::TYPE);
        let whole = raw.to_body();
        let bytes = whole.len();
        let is_event = envelope.stream_version.is_some();
        if is_event && bytes > MAX_ITEM_BYTES {
            let what = M::TYPE.to_owned();
            return Err(TxError::TooLarge { handler, what, bytes, limit: MAX_ITEM_BYTES });
        }
        let body = self.travelling(&raw, whole, due)?;
        let destinations = reactions.destinations(M::TYPE, is_event);
        self.bytes += body.len() * destinations.len();
        let (tenant, subject) = (&envelope.tenant_id, &envelope.subject);
        self.outbox.extend(destinations.into_iter().map(|to| OutboxRow {
            message_id: envelope.id,
            group: Some(reactions.group_to(&to, tenant, subject)),
            to,
            due,
            body: body.clone(),
            r#type: M::TYPE.to_owned(),
            correlation_id: envelope.correlation_id.clone(),
            decision: None,
        }));
        if is_event {
            self.events.push(JournalRecord {
                envelope: raw,
                by: handler.to_owned(),
                in_request: Vec::new(),
                queued: queued.iter().map(|queue| (*queue).to_owned()).collect(),
            });
            return self.room_for(M::TYPE, bytes);
        }
        self.room_for(M::TYPE, 0)
    }

    fn header<M: Message>(
        &self,
        id: MessageId,
        subject: String,
        stream_version: Option<u64>,
    ) -> Result<Header, TxError> {
        let handler = self.frame.handler;
        if self.frame.hops >= MAX_HOPS {
            return Err(TxError::TooManyHops { handler, r#type: M::TYPE, limit: MAX_HOPS });
        }
        Ok(Header {
            id,
            subject,
            time: self.now,
            correlation_id: self.origin.correlation_id.clone(),
            causation_id: self.frame.cause,
            traceparent: self.origin.traceparent.clone(),
            tenant_id: self.origin.tenant_id.clone(),
            actor_id: self.origin.actor_id.clone(),
            stream_version,
            hops: self.frame.hops + 1,
        })
    }

    /// The next derived id of this handler: cause, handler, ordinal.
    fn derive(&mut self, kind: &str) -> Uuid {
        let Frame { handler, cause, ordinal, .. } = self.frame;
        self.frame.ordinal += 1;
        match &self.given_up {
            None => derive(kind, cause, handler, ordinal),
            Some(given_up) => derive(&given_up.kind(kind), cause, handler, ordinal),
        }
    }

    fn encode<T: Serialize>(&mut self, key: &Key, value: &T) -> Result<Value, TxError> {
        let encode = |source| TxError::Encode { what: key.to_string(), source };
        let data = serde_json::to_value(value).map_err(encode)?;
        let bytes = serde_json::to_string(&data).map_err(encode)?.len();
        if bytes > MAX_ITEM_BYTES {
            let (handler, what) = (self.frame.handler, key.to_string());
            return Err(TxError::TooLarge { handler, what, bytes, limit: MAX_ITEM_BYTES });
        }
        self.bytes += bytes;
        Ok(data)
    }

    /// Counts `bytes` more and fails as soon as the transaction could not be committed any more.
    fn room_for(&mut self, what: &str, bytes: usize) -> Result<(), TxError> {
        self.bytes += bytes;
        self.room_for_actions(0)?;
        if self.bytes > Transaction::MAX_BYTES {
            let (handler, what, bytes) = (self.frame.handler, what.to_owned(), self.bytes);
            return Err(TxError::TooLarge { handler, what, bytes, limit: Transaction::MAX_BYTES });
        }
        Ok(())
    }

    /// Fails if the transaction could not be committed with so many actions more.
    fn room_for_actions(&self, more: usize) -> Result<(), TxError> {
        let letters = self.letters.len() + self.runs.len();
        // One action is the inbox record's, and one that of its dead letter.
        let ends = 1 + usize::from(self.given_up.is_some());
        // A stream that was loaded costs one in any case: the check of its end, or room for a snapshot.
        let read = self.items.len() + self.streams.len();
        let rows = self.outbox.len() + self.cancelled.len();
        let actions = read + self.events.len() + rows + letters + ends;
        if actions + more > Transaction::MAX_ACTIONS {
            let handler = self.frame.handler;
            return Err(TxError::TooManyActions { handler, limit: Transaction::MAX_ACTIONS });
        }
        Ok(())
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx")
            .field("frame", &self.frame)
            .field("items", &self.items)
            .finish_non_exhaustive()
    }
}
