//! The one format in which events and tasks are journaled and travel: CloudEvents 1.0, structured JSON.
//!
//! ```json
//! {"specversion":"1.0","id":"0192…","source":"/postroom","type":"order.placed",
//!  "subject":"orders/0192…","time":"2026-11-21T09:30:00.000000Z","datacontenttype":"application/json",
//!  "data":{…},"correlationid":"req-1","causationid":"0192…","traceparent":"00-…","tenantid":"demo",
//!  "actorid":"ann","dataversion":1,"streamversion":2,"hops":1}
//! ```
//! `traceparent`, `actorid` and `streamversion` may be absent; unknown fields are ignored. A payload that is too large to travel
//! lies [elsewhere](crate::ClaimChecks): such an envelope has `dataref`, `datasha256` and `datasize` in the place of `data`.
//! What a [replay](crate::Replayed) sends once more has `replayid` besides, and perhaps `replayagain`.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::claim::Claim;
use crate::id::{ActorId, CorrelationId, MessageId, ReplayId, TenantId};
use crate::message::Message;
use crate::replayed::Replayed;
use crate::verdict::{Classify, Verdict, panic_text};

const SPEC_VERSION: &str = "1.0";
const JSON: &str = "application/json";

/// A message with everything needed to act on it, trace it and repeat it.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope<M> {
    pub(crate) specversion: String,
    /// The same on every delivery; derived, so that a retried command emits the same one.
    pub id: MessageId,
    /// Which system made it, a URI reference.
    pub source: String,
    /// The message's wire name.
    pub r#type: String,
    /// The stream of an event; what a task is about.
    pub subject: String,
    /// When it became true, in UTC with microseconds.
    pub time: Timestamp,
    pub(crate) datacontenttype: String,
    /// The payload. `null` in an envelope that only says where it is.
    pub data: M,
    /// Where the payload lies, if it did not travel along and nobody has fetched it.
    pub(crate) claim: Option<Claim>,
    /// The chain it belongs to.
    pub correlation_id: CorrelationId,
    /// The command or message whose handling made it. Of what a replay's own run of a message made: an id of that run's
    /// own, made of the message's and the replay's, so that it is told from what the message caused first.
    pub causation_id: MessageId,
    /// W3C trace context of the work that made it.
    pub traceparent: Option<String>,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// Who started the chain.
    pub actor_id: Option<ActorId>,
    /// The version of `data`.
    pub data_version: u32,
    /// An event's place in its stream, from 1 without gaps; absent on tasks.
    pub stream_version: Option<u64>,
    /// How many messages lie between this one and the command: what bounds every cascade.
    pub hops: u32,
    /// By which replay it is sent once more. Nothing is emitted with it.
    pub replay: Option<Replayed>,
}

/// An envelope whose payload has not been read yet.
pub type RawEnvelope = Envelope<Value>;

/// Why a body is no message this code can act on. All permanent: the same bytes never decode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Somebody else wrote it, in a format of their own, and it is none of what is expected of them.
    #[error("not understood: {reason}")]
    Refused { reason: String },
    /// The body is not JSON, or not the JSON of an envelope.
    #[error("not an envelope at `{path}`: {message}")]
    Envelope { path: String, message: String },
    /// It is not a version-1.0 CloudEvent.
    #[error("`specversion` is `{found}`, not `1.0`")]
    SpecVersion { found: String },
    /// No handler here takes this type.
    #[error("`type` is `{found}`, which has no handler here")]
    UnknownType { found: String },
    /// A replay wants it to be run although it was done before, which its handler must not do.
    #[error(
        "it is marked `replayagain`, and {handler} is not replayable: what it did before it must not do again"
    )]
    NotReplayable { handler: &'static str },
    /// A newer program wrote it.
    #[error("`dataversion` {found} of {type} is newer than {known}, the newest this code knows")]
    NewerVersion { r#type: &'static str, known: u32, found: u32 },
    /// A shipped version lost its step to the next.
    #[error("{type} has no upcast from version {from}")]
    NoUpcast { r#type: &'static str, from: u32 },
    /// The payload lies elsewhere, and nobody has fetched it.
    #[error("`data` of {type} did not travel along, and was not fetched")]
    NotFetched { r#type: &'static str },
    /// The payload is not of the shape its type and version promise.
    #[error("`data` of {type} is malformed at `{path}`: {message}")]
    Data { r#type: &'static str, path: String, message: String },
    /// Its upcast or its own reading of the payload panicked.
    #[error("reading `data` of {type} panicked: {message}")]
    Panicked { r#type: &'static str, message: String },
}

impl Classify for DecodeError {
    fn verdict(&self) -> Verdict {
        Verdict::Permanent
    }
}

impl<M> Envelope<M> {
    /// The same envelope around another payload.
    pub(crate) fn with<N>(&self, data: N) -> Envelope<N> {
        Envelope {
            data,
            claim: self.claim.clone(),
            specversion: self.specversion.clone(),
            id: self.id,
            source: self.source.clone(),
            r#type: self.r#type.clone(),
            subject: self.subject.clone(),
            time: self.time,
            datacontenttype: self.datacontenttype.clone(),
            correlation_id: self.correlation_id.clone(),
            causation_id: self.causation_id,
            traceparent: self.traceparent.clone(),
            tenant_id: self.tenant_id.clone(),
            actor_id: self.actor_id.clone(),
            data_version: self.data_version,
            stream_version: self.stream_version,
            hops: self.hops,
            replay: self.replay,
        }
    }

    /// The replay whose own its runs are, if they are not the message's.
    pub fn scope(&self) -> Option<ReplayId> {
        self.replay.and_then(Replayed::scope)
    }

    /// What all that is made because of it names as its cause.
    pub(crate) fn cause(&self) -> MessageId {
        self.id.in_scope(self.scope())
    }
}

/// What the maker of an envelope decides; the rest follows from the message.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) id: MessageId,
    pub(crate) subject: String,
    pub(crate) time: Timestamp,
    pub(crate) correlation_id: CorrelationId,
    pub(crate) causation_id: MessageId,
    pub(crate) traceparent: Option<String>,
    pub(crate) tenant_id: TenantId,
    pub(crate) actor_id: Option<ActorId>,
    pub(crate) stream_version: Option<u64>,
    pub(crate) hops: u32,
}

impl<M: Message> Envelope<M> {
    pub(crate) fn seal(header: Header, data: M) -> Self {
        Self {
            specversion: SPEC_VERSION.to_owned(),
            id: header.id,
            source: "/postroom".to_owned(),
            r#type: M::TYPE.to_owned(),
            subject: header.subject,
            time: header.time,
            datacontenttype: JSON.to_owned(),
            data,
            claim: None,
            correlation_id: header.correlation_id,
            causation_id: header.causation_id,
            traceparent: header.traceparent,
            tenant_id: header.tenant_id,
            actor_id: header.actor_id,
            data_version: M::VERSION,
            stream_version: header.stream_version,
            hops: header.hops,
            replay: None,
        }
    }

    /// The payload as JSON, still in its envelope.
    pub(crate) fn to_raw(&self) -> Result<RawEnvelope, serde_json::Error>
    where
        M: Serialize,
    {
        let data = serde_json::to_value(&self.data)?;
        Ok(self.with(data))
    }
}

impl RawEnvelope {
    /// Reads a body as it came from a queue or the journal.
    ///
    /// # Errors
    /// [`DecodeError::Envelope`] with the path of the field, or [`DecodeError::SpecVersion`]; both permanent.
    pub fn parse(body: &str) -> Result<Self, DecodeError> {
        let envelope: Self = serde_json::from_str(body).map_err(|error| malformed(body, &error))?;
        if envelope.specversion == SPEC_VERSION {
            Ok(envelope)
        } else {
            Err(DecodeError::SpecVersion { found: envelope.specversion })
        }
    }

    /// Reads the payload as `M`, through the upcasts of older versions.
    ///
    /// # Errors
    /// Another type, a newer version, a missing upcast or another shape; all permanent.
    pub fn decode<M: Message>(&self) -> Result<Envelope<M>, DecodeError> {
        if self.r#type != M::TYPE {
            return Err(DecodeError::UnknownType { found: self.r#type.clone() });
        }
        if self.data_version > M::VERSION {
            return Err(DecodeError::NewerVersion {
                r#type: M::TYPE,
                known: M::VERSION,
                found: self.data_version,
            });
        }
        if self.claim.is_some() {
            return Err(DecodeError::NotFetched { r#type: M::TYPE });
        }
        let mut data = Cow::Borrowed(&self.data);
        for version in self.data_version..M::VERSION {
            data = Cow::Owned(M::upcast(version, data.into_owned())?);
        }
        let payload =
            serde_path_to_error::deserialize(&*data).map_err(|error| DecodeError::Data {
                r#type: M::TYPE,
                path: error.path().to_string(),
                message: error.inner().to_string(),
            })?;
        Ok(Envelope { data_version: M::VERSION, ..self.with(payload) })
    }

    /// [`decode`](Self::decode), and what `ask` makes of it. Panics of both are caught: the same bytes panic every time.
    pub(crate) fn decode_and<M: Message, T>(
        &self,
        ask: impl FnOnce(&Envelope<M>) -> T,
    ) -> Result<(Envelope<M>, T), DecodeError> {
        let read = || {
            let message = self.decode()?;
            let asked = ask(&message);
            Ok((message, asked))
        };
        catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
            Err(DecodeError::Panicked { r#type: M::TYPE, message: panic_text(&*panic).to_owned() })
        })
    }

    /// The body as it travels.
    ///
    /// The characters that SQS and SNS refuse inside a JSON string (U+FFFE and U+FFFF; JSON escapes the control
    /// characters by itself) are escaped.
    // The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
    pub fn to_body(&self) -> String {
        // An envelope holds nothing that JSON cannot: no map keys but strings, no non-finite numbers.
        serde_json::to_string(self)
            .unwrap_or_default()
            .replace('\u{FFFE}', "\\ufffe")
            .replace('\u{FFFF}', "\\uffff")
    }
}

/// Where a body is no envelope, and why. Read once more for it: keeping track of the place would cost every message.
fn malformed(body: &str, error: &serde_json::Error) -> DecodeError {
    let reader = &mut serde_json::Deserializer::from_str(body);
    let (path, message) = match serde_path_to_error::deserialize::<_, RawEnvelope>(reader) {
        Err(error) => (error.path().to_string(), error.inner().to_string()),
        // Something follows the envelope.
        Ok(_) => (".".to_owned(), error.to_string()),
    };
    DecodeError::Envelope { path, message }
}

/// Times on the wire, always with six digits of a second.
pub(crate) mod micros {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&crate::sortable(*at))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Timestamp::deserialize(from)
    }
}
