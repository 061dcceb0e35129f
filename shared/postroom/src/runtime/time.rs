//! Work whose time is over is dropped; it has failed if it had as much as it needs.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tracing::warn;

use crate::clock::milliseconds;
use crate::runtime::Runtime;
use crate::runtime::lease::Holder;
use crate::runtime::queued::RunError;
use crate::verdict::{Blame, Verdict};

/// How much time is enough for a run that does not say what it needs. What begins when its invocation is nearly over is
/// cut off through no fault of its own.
const ENOUGH: Duration = Duration::from_secs(5);

/// Its handler did not end.
#[derive(Debug, thiserror::Error)]
#[error("it had not ended after {} ms, when its time was over", milliseconds(*had))]
struct OutOfTime {
    had: Duration,
}

impl Runtime {
    /// Does `work` unless or until the time of its holder is over; `None`: it is, and the work was dropped.
    pub(super) async fn in_time<T>(
        &self,
        holder: &Holder,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let left = holder.left(self.now());
        if left.is_zero() {
            return None;
        }
        match select(pin!(work), self.ports.clock.sleep(left)).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(((), _)) => None,
        }
    }
}

impl RunError {
    /// What it means of a run that its time was over: it `had` so much, and `needed` so much, if it says that.
    pub(super) fn out_of_time(had: Duration, needed: Duration, blame: Blame) -> Self {
        warn!(
            had_ms = milliseconds(had),
            metric.deadline_returned = 1,
            "dropped: its time is over"
        );
        let enough = if needed.is_zero() { ENOUGH } else { needed };
        if had < enough {
            return Self::CutShort { had };
        }
        Self::Handler { verdict: Verdict::RETRY, blame, source: Box::new(OutOfTime { had }) }
    }
}
