//! The world outside: services that jobs call, over a network that loses requests and answers.

use crate::BoxFuture;
use crate::id::MessageId;
use crate::simulation::evidence::OutsideCall;
use crate::simulation::world::{CALL, Mishap, World};
use crate::verdict::{Classify, Verdict};
use std::sync::Arc;

/// Services outside, as the jobs of a simulated business call them. Clones are the same.
#[derive(Debug, Clone)]
pub struct Outside {
    pub(super) world: Arc<World>,
}

/// Why a call has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutsideError {
    /// It was refused for now, and certainly not done. Retryable.
    #[error("{service} asks to wait")]
    Busy { service: &'static str },
    /// It is refused for good. Permanent.
    #[error("{service} refuses")]
    Refused { service: &'static str },
    /// Nobody knows whether it was done. Retryable for whoever repeats it under the same key.
    #[error("{service} does not answer")]
    Unknown { service: &'static str },
}

impl Classify for OutsideError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Busy { .. } | Self::Unknown { .. } => Verdict::RETRY,
            Self::Refused { .. } => Verdict::Permanent,
        }
    }
}

impl Outside {
    /// Calls a service that does under one key what it does once.
    ///
    /// # Errors
    /// See [`OutsideError`].
    pub async fn call(
        &self,
        service: &'static str,
        about: MessageId,
        key: &str,
    ) -> Result<(), OutsideError> {
        self.ask(OutsideCall { service, about, key: Some(key.to_owned()) }).await
    }

    /// Calls a service that knows no keys, and does it again each time it is called.
    ///
    /// # Errors
    /// See [`OutsideError`].
    pub async fn call_without_key(
        &self,
        service: &'static str,
        about: MessageId,
    ) -> Result<(), OutsideError> {
        self.ask(OutsideCall { service, about, key: None }).await
    }

    async fn ask(&self, call: OutsideCall) -> Result<(), OutsideError> {
        let service = call.service;
        let late = || -> BoxFuture<'static, ()> {
            let (world, call) = (Arc::clone(&self.world), call.clone());
            Box::pin(async move {
                world.turn(&[]).await;
                world.called(call);
            })
        };
        let done = async { self.world.called(call.clone()) };
        self.world.write(CALL, done, late).await.map_err(|mishap| match mishap {
            Mishap::Throttled => OutsideError::Busy { service },
            Mishap::Denied => OutsideError::Refused { service },
            Mishap::Lost => OutsideError::Unknown { service },
        })
    }
}

impl World {
    fn called(&self, call: OutsideCall) {
        let mut state = self.lock();
        state.note(|| match &call.key {
            Some(key) => format!("{} did it under {key}", call.service),
            None => format!("{} did it about {}", call.service, call.about),
        });
        state.evidence.calls.push(call);
    }
}
