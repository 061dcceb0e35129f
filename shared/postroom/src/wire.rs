//! The JSON of an envelope.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::claim::Claim;
use crate::envelope::{Envelope, RawEnvelope, micros};
use crate::id::{ActorId, CorrelationId, MessageId, ReplayId, TenantId};
use crate::replayed::Replayed;

/// An envelope, field by field in the order in which it is written. It has `data`, or says where that is.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    specversion: Cow<'a, str>,
    id: MessageId,
    source: Cow<'a, str>,
    r#type: Cow<'a, str>,
    subject: Cow<'a, str>,
    #[serde(with = "micros")]
    time: Timestamp,
    datacontenttype: Cow<'a, str>,
    /// Not there is something else than `null`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    data: Option<Cow<'a, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dataref: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    datasha256: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    datasize: Option<u64>,
    correlationid: Cow<'a, CorrelationId>,
    causationid: MessageId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    tenantid: Cow<'a, TenantId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actorid: Option<Cow<'a, ActorId>>,
    dataversion: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    streamversion: Option<u64>,
    hops: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replayid: Option<ReplayId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replayagain: Option<bool>,
}

impl Serialize for RawEnvelope {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let claim = self.claim.as_ref();
        let wire = Wire {
            specversion: Cow::Borrowed(&self.specversion),
            id: self.id,
            source: Cow::Borrowed(&self.source),
            r#type: Cow::Borrowed(&self.r#type),
            subject: Cow::Borrowed(&self.subject),
            time: self.time,
            datacontenttype: Cow::Borrowed(&self.datacontenttype),
            data: claim.is_none().then_some(Cow::Borrowed(&self.data)),
            dataref: claim.map(|claim| Cow::Borrowed(claim.reference.as_str())),
            datasha256: claim.and_then(|claim| claim.sha256.as_deref()).map(Cow::Borrowed),
            datasize: claim.and_then(|claim| claim.size_bytes),
            correlationid: Cow::Borrowed(&self.correlation_id),
            causationid: self.causation_id,
            traceparent: self.traceparent.as_deref().map(Cow::Borrowed),
            tenantid: Cow::Borrowed(&self.tenant_id),
            actorid: self.actor_id.as_ref().map(Cow::Borrowed),
            dataversion: self.data_version,
            streamversion: self.stream_version,
            hops: self.hops,
            replayid: self.replay.map(|replay| replay.id),
            replayagain: self.scope().map(|_| true),
        };
        wire.serialize(to)
    }
}

impl<'de> Deserialize<'de> for RawEnvelope {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(from)?;
        let (data, claim) = match (wire.data, wire.dataref) {
            // CloudEvents lets both be there, and they are the same then.
            (Some(data), _) => (data.into_owned(), None),
            (None, Some(reference)) => {
                let sha256 = wire.datasha256.map(Cow::into_owned);
                let reference = reference.into_owned();
                (Value::Null, Some(Claim { reference, sha256, size_bytes: wire.datasize }))
            }
            (None, None) => return Err(D::Error::missing_field("data")),
        };
        let replay = match (wire.replayid, wire.replayagain) {
            (Some(id), again) => Some(Replayed { id, again: again.unwrap_or(false) }),
            (None, None) => None,
            // Taken for unmarked it would be one more delivery, which nobody asked for.
            (None, Some(_)) => return Err(D::Error::missing_field("replayid")),
        };
        Ok(Envelope {
            specversion: wire.specversion.into_owned(),
            id: wire.id,
            source: wire.source.into_owned(),
            r#type: wire.r#type.into_owned(),
            subject: wire.subject.into_owned(),
            time: wire.time,
            datacontenttype: wire.datacontenttype.into_owned(),
            data,
            claim,
            correlation_id: wire.correlationid.into_owned(),
            causation_id: wire.causationid,
            traceparent: wire.traceparent.map(Cow::into_owned),
            tenant_id: wire.tenantid.into_owned(),
            actor_id: wire.actorid.map(Cow::into_owned),
            data_version: wire.dataversion,
            stream_version: wire.streamversion,
            hops: wire.hops,
            replay,
        })
    }
}

fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Cow<'static, Value>>, D::Error> {
    Value::deserialize(from).map(|data| Some(Cow::Owned(data)))
}
