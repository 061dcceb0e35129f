//! The world outside: services that jobs call, over a network that loses requests and answers.

use crate::BoxFuture;
use crate::clock::later;
use crate::id::MessageId;
use crate::simulation::choice::Fault;
use crate::simulation::evidence::OutsideCall;
use crate::simulation::world::{CALL, GATED_CALL, Mishap, State, World};
use crate::verdict::{Classify, Verdict};
use std::sync::Arc;
use std::time::Duration;

/// How long a service is down: shorter than its breaker is open at first, and longer.
const OUTAGES: [Duration; 3] =
    [Duration::from_secs(5), Duration::from_mins(2), Duration::from_mins(30)];

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
    /// It is in trouble, and certainly did nothing. Retryable.
    #[error("{service} is down")]
    Down { service: &'static str },
    /// Nobody knows whether it was done. Retryable for whoever repeats it under the same key.
    #[error("{service} does not answer")]
    Unknown { service: &'static str },
}

impl Classify for OutsideError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Busy { .. } | Self::Down { .. } | Self::Unknown { .. } => Verdict::RETRY,
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
        let (service, key) = (call.service, call.key.clone().unwrap_or_default());
        let faults = self.world.lock().calls(service, &key);
        let late = || -> BoxFuture<'static, ()> {
            let (world, call) = (Arc::clone(&self.world), call.clone());
            Box::pin(async move {
                world.turn(&[]).await;
                // Nobody is told.
                let _ = world.called(call);
            })
        };
        let done = async { self.world.called(call.clone()) };
        let answer = self.world.write(faults, done, late).await.flatten();
        self.world.lock().answers(service, &key, answer.as_ref().err().copied());
        answer.map_err(|mishap| match mishap {
            Mishap::Throttled => OutsideError::Busy { service },
            Mishap::Denied => OutsideError::Refused { service },
            Mishap::Down => OutsideError::Down { service },
            Mishap::Lost => OutsideError::Unknown { service },
        })
    }
}

impl State {
    /// A service is called. Answers what can befall that.
    fn calls(&mut self, service: &'static str, key: &str) -> &'static [Fault] {
        if !self.gates.has(service) {
            return CALL;
        }
        self.gates.call(self.running.actor, key, service);
        GATED_CALL
    }

    fn answers(&mut self, service: &'static str, key: &str, mishap: Option<Mishap>) {
        if !self.gates.has(service) {
            return;
        }
        let in_trouble = mishap.is_some_and(|mishap| mishap != Mishap::Denied);
        self.gates.answer(self.running.actor, key, self.now, in_trouble);
        if mishap == Some(Mishap::Down) && !self.gates.is_down(service, self.now) {
            let outage = OUTAGES[self.choices.any_of(OUTAGES.len())];
            self.gates.go_down(service, later(self.now, outage));
        }
    }
}

impl World {
    fn called(&self, call: OutsideCall) -> Result<(), Mishap> {
        let mut state = self.lock();
        if state.gates.is_down(call.service, state.now) {
            state.note(|| format!("{} is down", call.service));
            return Err(Mishap::Down);
        }
        state.note(|| match &call.key {
            Some(key) => format!("{} did it under {key}", call.service),
            None => format!("{} did it about {}", call.service, call.about),
        });
        state.evidence.calls.push(call);
        Ok(())
    }
}
