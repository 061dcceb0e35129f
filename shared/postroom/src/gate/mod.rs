//! Gates of outside services: a breaker and a rate, which all processes share.

mod breaker;
mod watch;
mod rate;
mod slots;
#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::lock::Mutex;
use jiff::Timestamp;
use tracing::warn;

use crate::clock::between;
use crate::gate::rate::Rate;
use crate::gate::slots::Own;
use crate::gate::watch::Seen;
use crate::port::{Breaker, Breakers, Rates, StoreError};
use crate::reason_of;
use crate::runtime::{Holder, Ran, RunError, Runtime};
use crate::verdict::{Blame, Verdict};

/// Stands between jobs and one outside service, over all processes.
///
/// After five failures in a row its breaker opens: messages are delayed, nothing is claimed and no attempt is counted,
/// until one call, made by whoever is elected, shows that the service is well. Where it has a rate, no more calls are
/// made than that; whoever would have to wait long is delayed likewise. Where the shared store cannot be reached, calls
/// are made: a gate must not be what fails. Messages that have waited for hours, and are then let through and fail, have
/// failed by themselves.
///
/// Which failures count is said by the job's error, through [`Blames`](crate::Blames).
///
/// ```
/// use std::num::NonZeroU32;
/// use std::sync::Arc;
/// use postroom::{Gate, memory::MemoryStore};
///
/// let shared = Arc::new(MemoryStore::default());
/// let gate = Gate::new("bank", shared.clone(), shared).at_most(NonZeroU32::new(50));
/// ```
pub struct Gate {
    provider: &'static str,
    rate: Option<Rate>,
    breakers: Arc<dyn Breakers>,
    rates: Arc<dyn Rates>,
    seen: Mutex<Seen>,
    slots: Mutex<Own>,
}

/// Whether a run may call.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It may.
    Go(Pass),
    /// It may not now, and comes back after a wait.
    Wait(Duration),
}

/// The permission to call once.
#[derive(Debug)]
#[must_use = "what came of the call has to be told"]
pub(crate) struct Pass {
    /// The breaker's state while the call is the one that finds out.
    probing: Option<Breaker>,
}

/// What came of a call, as far as the provider goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// It answered as it should.
    Well,
    /// It is in trouble, and wants to be left alone so long.
    Trouble { after: Duration },
    /// Nothing is known: it was not asked.
    Nothing,
}

impl Gate {
    /// The gate of a service, by whose name its breaker and rate are shared; `at_most` gives it a rate.
    pub fn new(provider: &'static str, breakers: Arc<dyn Breakers>, rates: Arc<dyn Rates>) -> Self {
        let (seen, slots) = (Mutex::default(), Mutex::default());
        Self { provider, rate: None, breakers, rates, seen, slots }
    }

    /// Lets so many calls a second through, over all processes; `None` is as many as there are.
    #[must_use]
    pub fn at_most(mut self, calls_per_second: Option<NonZeroU32>) -> Self {
        self.rate = calls_per_second.map(Rate::of);
        self
    }

    /// Asks for one call by a run that needs so much time for it.
    pub(crate) async fn admit(
        &self,
        runtime: &Runtime,
        holder: &Holder,
        needed: Duration,
    ) -> Admission {
        let pass = match self.pass_breaker(runtime, holder).await {
            Ok(pass) => pass,
            Err(wait) => return Admission::Wait(wait),
        };
        match self.wait_for_slot(runtime, holder, needed).await {
            Ok(()) => Admission::Go(pass),
            Err(wait) => {
                self.leave(runtime, pass).await;
                Admission::Wait(wait)
            }
        }
    }

    /// Tells what came of a run that was let through. Where the provider is known to be down, its failure is that, and
    /// no attempt of the run.
    pub(crate) async fn settle(
        &self,
        runtime: &Runtime,
        pass: Pass,
        ran: Result<Ran, RunError>,
    ) -> Result<Ran, RunError> {
        let down = self.tell(runtime, pass, told(&ran)).await;
        match (ran, down) {
            (
                Err(error @ RunError::Handler { verdict: Verdict::Retry { .. }, .. }),
                Some(after),
            ) => Err(RunError::ProviderDown { after, source: Box::new(error) }),
            (ran, _) => ran,
        }
    }

    /// Gives a permission back of which nothing is known: whoever had it panicked. The probe, if it was that, is the next
    /// one's.
    pub(crate) async fn leave(&self, runtime: &Runtime, pass: Pass) {
        self.tell(runtime, pass, Told::Nothing).await;
    }

    fn unreachable(&self, error: &StoreError) {
        let (provider, reason) = (self.provider, reason_of(error));
        warn!(provider, reason, "its gate cannot be reached; calls are made");
    }
}

/// What a run tells of the provider.
fn told(ran: &Result<Ran, RunError>) -> Told {
    match ran {
        Ok(Ran::Done) => Told::Well,
        // What skips may have skipped before it called.
        Ok(_) => Told::Nothing,
        Err(error) => told_by(error),
    }
}

fn told_by(error: &RunError) -> Told {
    match error {
        RunError::Handler { blame: Blame::Message, .. } => Told::Well,
        RunError::Handler { blame: Blame::Provider, verdict, .. } => match verdict {
            Verdict::Retry { after } => Told::Trouble { after: *after },
            Verdict::Permanent => Told::Trouble { after: Duration::ZERO },
        },
        RunError::NotRecorded { source } => told_by(source),
        _ => Told::Nothing,
    }
}

/// How long from now to a time, and somewhat longer, so that not all come at once.
fn wait(runtime: &Runtime, now: Timestamp, at: Timestamp, spread: Duration) -> Duration {
    between(now, at) + runtime.jitter(spread)
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("provider", &self.provider).finish_non_exhaustive()
    }
}
