//! The runtime: runs commands, listeners and jobs, and is alone able to commit what they staged.

mod execute;
mod refusal;
mod settle;
mod queued;
mod job;
mod project;
mod lease;
mod give_up;
mod time;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::claim::{ClaimChecks, ClaimError};
use crate::clock::{Clock, later, milliseconds};
use crate::courier::Courier;
use crate::envelope::RawEnvelope;
use crate::history::History;
use crate::id::{Ids, TenantId};
use crate::port::{Inbox, Journal, Store, Topic};
use crate::reactions::Reactions;
use crate::reader::Reader;

pub use execute::{ExecuteError, Executed};
#[cfg(feature = "simulation")]
pub(crate) use give_up::LEFT_OUT;
pub(crate) use give_up::{GaveUp, LostCause, OnGiveUp};
pub(crate) use lease::Holder;
pub(crate) use queued::{Ran, RunError, run_of};
pub use settle::SettleError;

/// How often a command or a `record` is decided anew when it lost a race.
const MAX_RUNS: u32 = 5;

/// What the runtime stands on. Adapters are in [`memory`](crate::memory) and in `postroom-aws`.
#[derive(Clone)]
pub struct Ports {
    /// State, and transactions.
    pub store: Arc<dyn Store>,
    /// Streams of events.
    pub journal: Arc<dyn Journal>,
    /// Dedup keys, leases, attempts.
    pub inbox: Arc<dyn Inbox>,
    /// Takes messages from the outbox to their queues.
    pub courier: Courier,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

/// Runs what the business wrote. Cheap to clone; one for each process.
#[derive(Debug, Clone)]
pub struct Runtime {
    ports: Ports,
    reactions: Arc<Reactions>,
    claims: Option<ClaimChecks>,
}

impl Runtime {
    /// How long the inbox remembers at least: longer than a queue and its dead-letter queue together keep a message, which
    /// is 14 days each at most.
    // The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
    pub const REMEMBERS: Duration = Duration::from_hours(30 * 24);

    /// A runtime for one table of reactions.
    pub fn new(ports: Ports, reactions: Reactions) -> Self {
        Self { ports, reactions: Arc::new(reactions), claims: None }
    }

    /// The same that sends what is too large to travel by way of a bucket, and reads what was sent so. Without it, 200 KiB are
    /// the most that a message may have.
    #[must_use]
    pub fn with_claims(self, claims: ClaimChecks) -> Self {
        Self { claims: Some(claims), ..self }
    }

    /// The same that also publishes. Without a topic, what is to be published is left to the relay.
    #[must_use]
    pub fn with_topic(mut self, topic: Arc<dyn Topic>) -> Self {
        self.ports.courier = self.ports.courier.with_topic(topic);
        self
    }

    /// Reads one tenant's state, outside any transaction.
    pub fn reader(&self, tenant: &TenantId) -> Reader {
        Reader::new(Arc::clone(&self.ports.store), tenant.clone())
    }

    /// Reads one tenant's streams.
    pub fn history(&self, tenant: &TenantId) -> History {
        History::new(Arc::clone(&self.ports.journal), tenant.clone())
    }

    /// The ports it stands on.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// A message with its payload: as it is, or with what lies where it says.
    pub(crate) async fn whole<'a>(
        &self,
        message: &'a RawEnvelope,
    ) -> Result<Cow<'a, RawEnvelope>, ClaimError> {
        match (&message.claim, &self.claims) {
            (None, _) => Ok(Cow::Borrowed(message)),
            (Some(claim), None) => Err(ClaimError::NoBucket { reference: claim.reference.clone() }),
            (Some(claim), Some(claims)) => {
                let data = claims.fetch(&message.tenant_id, claim).await?;
                Ok(Cow::Owned(message.fetched(data)))
            }
        }
    }

    pub(crate) fn reactions(&self) -> &Reactions {
        &self.reactions
    }

    /// The same for the many commands of one run; see [`Courier::for_one_run`].
    pub(crate) fn for_one_run(&self) -> Self {
        let ports = Ports { courier: self.ports.courier.for_one_run(), ..self.ports.clone() };
        Self { ports, ..self.clone() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Waits before trying again: between nothing and a ceiling that doubles each time ("full jitter").
    async fn back_off(&self, attempt: u32) {
        let ceiling = Duration::from_millis(20 << attempt.min(6));
        self.ports.clock.sleep(self.jitter(ceiling)).await;
    }

    /// Any time from none to `ceiling`.
    pub(crate) fn jitter(&self, ceiling: Duration) -> Duration {
        // The last 62 bits of a fresh id are random.
        let random = self.ports.ids.fresh().as_u64_pair().1;
        Duration::from_millis(random % (milliseconds(ceiling) + 1))
    }
}

/// Whether anything may be forgotten is the reader's question; this is when the store may.
fn expiry(run_at: Timestamp, kept: Duration) -> Timestamp {
    later(run_at, kept.max(Runtime::REMEMBERS))
}
