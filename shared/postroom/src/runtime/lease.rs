//! Leases of jobs: as short as they may be, and renewed while a job takes longer.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use jiff::Timestamp;
use tracing::{debug, warn};

use crate::clock::{between, later};
use crate::id::OwnerToken;
use crate::port::{LeaseError, RunKey};
use crate::reason_of;
use crate::runtime::Runtime;

/// How long a lease holds, unless renewed: longer than a call of ten seconds and what is around it, so that nearly every
/// job ends before its lease is renewed; and not as long as an invocation may be, since whoever has the same message
/// once more waits for its end.
const LEASE: Duration = Duration::from_secs(15);
/// How long before its end it is renewed: time enough to try that a few times, and to record what was done.
const BEFORE_ITS_END: Duration = Duration::from_secs(5);
/// After how long a renewal that the store did not answer is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Who holds a run, and how long at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder {
    /// Proves who it is.
    pub(crate) owner: OwnerToken,
    /// When it is cancelled.
    pub(crate) stop: Timestamp,
    /// When it is certainly gone: no lease of its own lasts longer.
    pub(crate) gone_by: Timestamp,
}

/// Why work was dropped before it had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dropped {
    /// Somebody else has its lease.
    LeaseLost,
    /// Its time is over.
    OutOfTime,
}

impl Holder {
    /// Until when a lease holds that is taken or renewed now.
    pub(crate) fn until(&self, now: Timestamp) -> Timestamp {
        later(now, LEASE).min(self.gone_by)
    }

    /// How much time it has.
    pub(crate) fn left(&self, now: Timestamp) -> Duration {
        between(now, self.stop)
    }
}

impl Runtime {
    /// Runs `work` under a lease that holds `until` then, or says why it was dropped.
    pub(super) async fn under_lease<T>(
        &self,
        key: &RunKey,
        holder: &Holder,
        until: Timestamp,
        work: impl Future<Output = T> + Send,
    ) -> Result<T, Dropped> {
        match select(pin!(work), pin!(self.watch(key, holder, until))).await {
            Either::Left((done, _)) => Ok(done),
            Either::Right((dropped, _)) => Err(dropped),
        }
    }

    /// Renews the lease whenever it comes near its end, until it is lost or its holder's time is over.
    async fn watch(&self, key: &RunKey, holder: &Holder, mut until: Timestamp) -> Dropped {
        let clock = &self.ports.clock;
        loop {
            let (now, left) = (self.now(), holder.left(self.now()));
            let renewal = between(now, until).saturating_sub(BEFORE_ITS_END);
            if until >= holder.gone_by || renewal >= left {
                clock.sleep(left).await;
                return Dropped::OutOfTime;
            }
            clock.sleep(renewal).await;
            let next = holder.until(self.now());
            match self.ports.inbox.renew(key, holder.owner, next).await {
                Ok(()) => {
                    debug!(run = key.as_str(), "the lease is renewed");
                    until = next;
                }
                Err(LeaseError::LeaseLost) => return Dropped::LeaseLost,
                // It may run out meanwhile. Whoever then takes it over makes itself felt when the work is recorded.
                Err(error @ LeaseError::Store { .. }) => {
                    warn!(reason = reason_of(&error), "a lease could not be renewed");
                    clock.sleep(AGAIN_AFTER.min(holder.left(self.now()))).await;
                }
            }
        }
    }
}
