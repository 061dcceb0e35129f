//! Commands: what a caller asks for; may be refused.

use std::error::Error;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Tx;
use crate::envelope::Envelope;
use crate::id::{ActorId, CorrelationId, IdempotencyKey, MessageId, TenantId};
use crate::verdict::{Classify, Refuse};

/// An imperative that commits as one transaction, or not at all.
///
/// `handle` takes `&self` and may run several times: a lost race re-runs it from its reads. It decides and stages;
/// it cannot commit, and nothing it staged survives an error.
pub trait Command: Send + Sync {
    /// Kebab-case: `place-order`. Part of the ids of what it emits; never rename one in use.
    const NAME: &'static str;
    /// What the caller gets; stored with the command's record so that a repeated command answers the same.
    type Output: Serialize + DeserializeOwned + Send;
    /// Why not.
    type Error: Error + Classify + Refuse + Send + Sync + 'static;

    /// Reads, decides, stages.
    fn handle(&self, tx: &mut Tx)
    -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// Who asks, and in which chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The identity of this command: the cause of all it makes.
    pub command_id: MessageId,
    /// Whose data.
    pub tenant_id: TenantId,
    /// Who.
    pub actor_id: Option<ActorId>,
    /// The chain.
    pub correlation_id: CorrelationId,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// How the caller recognises its own retries, if it does.
    pub idempotency: Option<Idempotency>,
}

impl Origin {
    /// Of what a handler does about a message.
    pub(crate) fn of_message<M>(message: &Envelope<M>) -> Self {
        Self {
            command_id: message.cause(),
            tenant_id: message.tenant_id.clone(),
            actor_id: message.actor_id.clone(),
            correlation_id: message.correlation_id.clone(),
            traceparent: message.traceparent.clone(),
            idempotency: None,
        }
    }
}

/// A caller's promise that requests under one key are the same request.
///
/// The key belongs to its tenant. The command's record then lies under it, and commits with the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// What the caller calls the request.
    pub key: IdempotencyKey,
    /// What the request asks for, condensed: where it differs under one key, the key was used again for another.
    pub fingerprint: String,
}
