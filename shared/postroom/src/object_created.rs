//! `object.created`, version 1: somebody has put an object.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::envelope::{Envelope, Header, RawEnvelope};
use crate::id::{CorrelationId, MessageId, TenantId, derive, derive_keyed};
use crate::message::{Message, Task};
use crate::object::{ETag, ObjectKey};
use crate::stored::join;

/// An object was put, and here is what it then held. The bucket told so; adapters make this task of its notice.
///
/// ```json
/// {"bucket":"shop-objects","key":"imports/demo/0192….csv","size_bytes":1024,
///  "etag":"d41d8cd98f00b204e9800998ecf8427e","sequencer":"0055AED6DCD90281E5"}
/// ```
///
/// It is one task however often the bucket tells; whoever puts the object again makes another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectCreated {
    /// Where it is.
    pub bucket: String,
    /// Its place there.
    pub key: ObjectKey,
    /// How much it holds.
    pub size_bytes: u64,
    /// What it holds: reading it by this, nobody reads what was put there later.
    pub etag: ETag,
    /// Tells what was put at this key first and what later; the greater text is the later one of two as long.
    pub sequencer: String,
}

/// Whose an object is, which the kit cannot tell from its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectOwner {
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The chain in which it was asked for; without one it begins a chain of its own.
    pub correlation_id: Option<CorrelationId>,
}

impl ObjectCreated {
    /// The message that tells it, by whose notice of it that was told `at` a time.
    ///
    /// Its id is derived, so that a notice which comes twice is one message.
    pub fn told(self, owner: ObjectOwner, at: Timestamp) -> RawEnvelope {
        let ObjectOwner { tenant_id, correlation_id } = owner;
        let key = self.key().unwrap_or_default();
        let id = MessageId::from(derive_keyed(&tenant_id, Self::TYPE, &key));
        let header = Header {
            id,
            subject: self.subject(),
            time: at,
            correlation_id: correlation_id.unwrap_or_else(|| CorrelationId::of(id)),
            // Nothing of ours: the bucket is no handler.
            causation_id: derive("notice", id, Self::TYPE, 0).into(),
            traceparent: None,
            tenant_id,
            actor_id: None,
            stream_version: None,
            hops: 1,
        };
        let data = json!({
            "bucket": self.bucket,
            "key": self.key,
            "size_bytes": self.size_bytes,
            "etag": self.etag,
            "sequencer": self.sequencer,
        });
        Envelope::seal(header, self).with(data)
    }
}

impl Message for ObjectCreated {
    const TYPE: &'static str = "object.created";
}

impl Task for ObjectCreated {
    fn subject(&self) -> String {
        self.key.to_string()
    }

    fn key(&self) -> Option<String> {
        Some(join('#', &[&self.bucket, self.key.as_str(), &self.sequencer]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(sequencer: &str) -> ObjectCreated {
        ObjectCreated {
            bucket: "shop-objects".to_owned(),
            key: "imports/demo/1.csv".parse().unwrap(),
            size_bytes: 1_024,
            etag: "d41d8cd98f00b204e9800998ecf8427e".parse().unwrap(),
            sequencer: sequencer.to_owned(),
        }
    }

    fn told(tenant: &str, sequencer: &str) -> RawEnvelope {
        let owner = ObjectOwner { tenant_id: tenant.parse().unwrap(), correlation_id: None };
        created(sequencer).told(owner, "2026-11-22T09:30:00Z".parse().unwrap())
    }

    #[test]
    fn every_shipped_version_is_still_read() {
        let shipped = include_str!("../../../events/versions/object.created.v1.json");
        let shipped = RawEnvelope::parse(shipped).unwrap();

        let task = shipped.clone().decode::<ObjectCreated>().unwrap();

        assert_eq!(serde_json::to_value(&task.data).unwrap(), shipped.data);
        assert_eq!(told("demo", "0055AED6DCD90281E5"), shipped);
    }

    #[test]
    fn an_object_that_is_put_again_is_another_task_and_a_notice_that_comes_again_is_not() {
        assert_eq!(told("demo", "1").id, told("demo", "1").id);
        assert_ne!(told("demo", "1").id, told("demo", "2").id);
        assert_ne!(told("demo", "1").id, told("other", "1").id);
    }

    #[test]
    fn what_was_asked_for_in_a_chain_stays_in_it() {
        let correlation_id = Some("req-1".parse().unwrap());
        let owner = ObjectOwner { tenant_id: "demo".parse().unwrap(), correlation_id };

        let told = created("1").told(owner, Timestamp::UNIX_EPOCH);

        assert_eq!(told.correlation_id.as_str(), "req-1");
        let alone = self::told("demo", "1");
        assert_eq!(alone.correlation_id.as_str(), alone.id.to_string());
    }
}
