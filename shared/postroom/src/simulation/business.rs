//! What is simulated: a business, what is asked of it, and what it says of itself.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::BoxFuture;
use crate::command::{Command, Origin};
use crate::gate::Gate;
use crate::id::TenantId;
use crate::port::{DeadLetter, DeadLetters};
use crate::reactions::Reactions;
use crate::runtime::Runtime;
use crate::schedule::Schedule;
use crate::simulation::ports::Simulated;
use crate::simulation::{Contents, Outside};
use crate::verdict::{Classify, Refuse, Verdict, reason_of};
use crate::worker::{Projector, Worker};

/// A business as it is simulated; one is made for each run.
pub trait Business: Send + Sync {
    /// Its table of reactions.
    fn reactions(&self) -> Reactions;

    /// The worker of one of its queues, by the name that its table has for it: made anew for each process, which shares
    /// nothing with another. `None`: nobody works it, and nothing on it is ever done.
    fn worker(&self, queue: &'static str, parts: &Parts) -> Option<Worker>;

    /// What keeps its read models, where it has some.
    fn projector(&self, parts: &Parts) -> Option<Projector> {
        let _ = parts;
        None
    }

    /// What its callers ask for. Where nothing goes wrong they ask one after the other.
    fn requests(&self) -> Vec<Request>;

    /// What happens at its times.
    fn slots(&self) -> Vec<Slot> {
        Vec::new()
    }

    /// Whether an operator who knows no more than a dead letter says sends its message once more.
    ///
    /// Not where an effect that must not be repeated may have happened: that takes a look outside.
    fn redrives(&self, letter: &DeadLetter) -> bool {
        let _ = letter;
        true
    }

    /// What an operator sends in the place of a letter's message, who thinks that this can succeed.
    fn edits(&self, letter: &DeadLetter) -> Option<String> {
        let _ = letter;
        None
    }

    /// Whether an operator gives up a letter's message.
    fn discards(&self, letter: &DeadLetter) -> bool {
        let _ = letter;
        false
    }

    /// What is true of it, of each tenant by itself, whenever something was committed.
    ///
    /// # Errors
    /// What is not, for people.
    fn always(&self, contents: &Contents) -> Result<(), String> {
        let _ = contents;
        Ok(())
    }

    /// What is true of it, of each tenant by itself, when everything has come to rest.
    ///
    /// # Errors
    /// What is not, for people.
    fn invariants(&self, contents: &Contents) -> Result<(), String> {
        let _ = contents;
        Ok(())
    }
}

/// What workers are made of.
#[derive(Clone)]
pub struct Parts {
    pub(super) runtime: Runtime,
    pub(super) ports: Arc<Simulated>,
    pub(super) outside: Outside,
}

impl Parts {
    /// A worker for the queue of `handler`, still without its handler.
    pub fn worker(&self, handler: &'static str) -> Worker {
        Worker::new(handler, self.runtime.clone(), Arc::clone(&self.ports) as Arc<dyn DeadLetters>)
    }

    /// A projector of this name, still without its read models.
    pub fn projector(&self, name: &'static str) -> Projector {
        let letters = Arc::clone(&self.ports) as Arc<dyn DeadLetters>;
        Projector::new(name, self.runtime.clone(), letters)
    }

    /// The gate of a service outside, which is down now and then. A process has its own, and so has to make it itself.
    pub fn gate(&self, service: &'static str, calls_per_second: Option<NonZeroU32>) -> Arc<Gate> {
        self.ports.world.lock().gates.know(service, calls_per_second);
        let (breakers, rates) = (Arc::clone(&self.ports), Arc::clone(&self.ports));
        Arc::new(Gate::new(service, breakers, rates).at_most(calls_per_second))
    }

    /// The services outside.
    pub fn outside(&self) -> Outside {
        self.outside.clone()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

type Execute = dyn Fn(Runtime, Origin) -> BoxFuture<'static, Answer> + Send + Sync;

/// Something that a caller asks for.
#[derive(Clone)]
pub struct Request {
    pub(super) name: &'static str,
    pub(super) keyed: bool,
    pub(super) tenant: Option<TenantId>,
    pub(super) execute: Arc<Execute>,
}

/// What a caller is told.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// It took effect.
    Done { output: Value },
    /// No.
    Refused { code: &'static str },
    /// It failed, and may be asked for again, or not.
    Failed { reason: String, passes: bool },
}

impl Request {
    /// A command under an idempotency key: its caller asks again until it is answered, or gives up.
    pub fn keyed<C: Command + 'static>(command: C) -> Self {
        Self { keyed: true, ..Self::once(command) }
    }

    /// A command without one: its caller asks once.
    pub fn once<C: Command + 'static>(command: C) -> Self {
        let command = Arc::new(command);
        let execute = move |runtime: Runtime, origin: Origin| -> BoxFuture<'static, Answer> {
            let command = Arc::clone(&command);
            Box::pin(async move { execute(&runtime, command.as_ref(), &origin).await })
        };
        Self { name: C::NAME, keyed: false, tenant: None, execute: Arc::new(execute) }
    }

    /// The same by a caller of this tenant, whose keys and chains have the same names as every other tenant's.
    #[must_use]
    pub fn of(self, tenant: TenantId) -> Self {
        Self { tenant: Some(tenant), ..self }
    }
}

async fn execute<C: Command>(runtime: &Runtime, command: &C, origin: &Origin) -> Answer {
    match runtime.execute(command, origin).await {
        Ok(executed) => match serde_json::to_value(&executed.output) {
            Ok(output) => Answer::Done { output },
            Err(error) => Answer::Failed { reason: reason_of(&error), passes: false },
        },
        Err(error) => match error.refusal() {
            Some(refusal) => Answer::Refused { code: refusal.code },
            None => Answer::Failed {
                reason: reason_of(&error),
                passes: error.verdict() != Verdict::Permanent,
            },
        },
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("name", &self.name).finish_non_exhaustive()
    }
}

type Visit =
    dyn Fn(Runtime, Timestamp, Timestamp) -> BoxFuture<'static, Result<(), String>> + Send + Sync;

/// One slot of a schedule.
#[derive(Clone)]
pub struct Slot {
    pub(super) name: &'static str,
    pub(super) after: Duration,
    pub(super) visit: Arc<Visit>,
}

impl Slot {
    /// A slot that is due some time after the beginning. It is repeated until it succeeds, and may be repeated after.
    pub fn after<S: Schedule + 'static>(after: Duration, schedule: S) -> Self {
        let schedule = Arc::new(schedule);
        let visit = move |runtime: Runtime, slot, deadline| -> BoxFuture<'static, _> {
            let schedule = Arc::clone(&schedule);
            Box::pin(async move {
                let scheduled = runtime.run_schedule(schedule.as_ref(), slot, deadline).await;
                scheduled.map(|_| ()).map_err(|error| reason_of(&error))
            })
        };
        Self { name: S::NAME, after, visit: Arc::new(visit) }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("name", &self.name).finish_non_exhaustive()
    }
}
