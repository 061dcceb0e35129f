//! Leases of jobs: as short as they may be, and renewed while a job takes longer.

use std::future::pending;
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
    /// Runs `work` under a lease that holds `until` then; `None`: the lease was lost, and the work was dropped.
    pub(super) async fn under_lease<T>(
        &self,
        key: &RunKey,
        holder: &Holder,
        until: Timestamp,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        match select(pin!(work), pin!(self.lost(key, holder, until))).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(((), _)) => None,
        }
    }

    /// Renews the lease whenever it comes near its end, and returns when it is lost.
    async fn lost(&self, key: &RunKey, holder: &Holder, mut until: Timestamp) {
        let clock = &self.ports.clock;
        while until < holder.gone_by && !holder.left(self.now()).is_zero() {
            let held_for = between(self.now(), until);
            clock.sleep(held_for.saturating_sub(BEFORE_ITS_END)).await;
            let next = holder.until(self.now());
            match self.ports.inbox.renew(key, holder.owner, next).await {
                Ok(()) => {
                    debug!(run = key.as_str(), "the lease is renewed");
                    until = next;
                }
                Err(LeaseError::LeaseLost) => return,
                // It may run out meanwhile. Whoever then takes it over makes itself felt when the work is recorded.
                Err(error @ LeaseError::Store { .. }) => {
                    warn!(reason = reason_of(&error), "a lease could not be renewed");
                    clock.sleep(AGAIN_AFTER).await;
                }
            }
        }
        pending::<()>().await;
    }
}
