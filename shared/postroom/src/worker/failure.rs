//! What a failed attempt means for its message: delivered again later, kept as a dead letter, or nothing at all.

use std::time::Duration;

use tracing::{info, warn};

use crate::clock::milliseconds;
use crate::envelope::RawEnvelope;
use crate::id::OwnerToken;
use crate::port::{
    FailedAs, FailedRun, FailureClass, Failures, LeaseError, Run, RunKey, RunStatus,
};
use crate::reason_of;
use crate::runtime::RunError;
use crate::transaction::Fence;
use crate::verdict::{Classify, Verdict, causes_of};
use crate::worker::handler::{QueuedRun, RecordError};
use crate::worker::pace::has_waited_enough;
use crate::worker::{AGAIN, AT_ONCE, Disposition, MAX_ATTEMPTS, Record, Worker};

/// The longest a message can be hidden; SQS allows 12 h from its receipt.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
const MAX_WAIT: Duration = Duration::from_hours(11);

/// One run of one record.
pub(super) struct Attempt<'a> {
    pub(super) record: &'a Record,
    pub(super) message: RawEnvelope,
    pub(super) handler: &'a dyn QueuedRun,
    /// What is known of the run itself.
    pub(super) run: Run,
    /// Who holds its lease, if it got one.
    pub(super) owner: OwnerToken,
}

/// A failed attempt, and why.
pub(super) struct Failed<'a> {
    pub(super) attempt: &'a Attempt<'a>,
    pub(super) run: FailedRun,
    pub(super) causes: Vec<String>,
}

impl Worker {
    /// Records a failed attempt and decides what has to happen to its message.
    pub(super) async fn failed(&self, attempt: &Attempt<'_>, error: &RecordError) -> Disposition {
        let causes = causes_of(error);
        let reason = causes.join(": ");
        // Nothing is ours to record: another worker is at it, or the inbox does not answer.
        match error {
            RecordError::Run { source: RunError::LeaseLost } => {
                warn!(reason, metric.lease_lost = 1, "not done");
                return AGAIN;
            }
            RecordError::Run { source: RunError::Inbox { .. } } => {
                warn!(reason, metric.failed = 1, "not done");
                return AGAIN;
            }
            RecordError::Decode { .. }
            | RecordError::Claim { .. }
            | RecordError::NoKey { .. }
            | RecordError::Run { .. }
            | RecordError::Panic { .. } => {}
        }
        let unread = matches!(
            error,
            RecordError::Decode { .. } | RecordError::Claim { .. } | RecordError::NoKey { .. }
        );
        let claimed = attempt.handler.leased() && !unread;
        let down = matches!(error, RecordError::Run { source: RunError::ProviderDown { .. } })
            && !has_waited_enough(attempt.record);
        let untried =
            down || matches!(error, RecordError::Run { source: RunError::CutShort { .. } });
        let run = FailedRun {
            run: attempt.run.clone(),
            owner: claimed.then_some(attempt.owner),
            at: self.now(),
            outcome: if untried { FailedAs::NotCounted } else { FailedAs::Attempt },
            reason,
        };
        let failed = Failed { attempt, run, causes };
        match error.verdict() {
            Verdict::Permanent => self.failed_for_good(failed, FailureClass::Permanent).await,
            Verdict::Retry { .. } if !untried && self.ends_a_leased_run(&failed.run).await => {
                self.failed_for_good(failed, FailureClass::Exhausted).await
            }
            Verdict::Retry { after } if untried => {
                let after = self.stay_away(attempt.record, after);
                self.failed_for_now(failed, after).await
            }
            Verdict::Retry { after } => self.failed_for_now(failed, after).await,
        }
    }

    /// Whether it is the last attempt of a run with a lease. That is not given up before the dead letter is written: a
    /// duplicate would take it, and do what the letter says is not done.
    async fn ends_a_leased_run(&self, failed: &FailedRun) -> bool {
        if failed.owner.is_none() {
            return false;
        }
        let found = self.runtime.ports().inbox.find(&failed.run.key, failed.at).await;
        // Where it cannot be read the attempt is counted, and what that answers decides.
        found.ok().flatten().is_some_and(|record| record.attempts + 1 >= MAX_ATTEMPTS)
    }

    /// Counts the attempt; the last one is parked.
    async fn failed_for_now(&self, failed: Failed<'_>, after: Duration) -> Disposition {
        let reason = failed.run.reason.as_str();
        match self.runtime.ports().inbox.fail(&failed.run).await {
            Ok(failures) if failures.attempts >= MAX_ATTEMPTS => {
                let fence = Fence::Idle { attempts: failures.attempts };
                self.park(&failed, FailureClass::Exhausted, failures, fence).await
            }
            Ok(Failures { attempts, .. }) => {
                let wait = after.max(self.back_off(attempts)).min(MAX_WAIT);
                let wait_ms = milliseconds(wait);
                warn!(
                    reason,
                    attempt = attempts,
                    wait_ms,
                    metric.failed = 1,
                    "failed; will be tried again"
                );
                Disposition::Redeliver { after: Some(wait) }
            }
            Err(LeaseError::LeaseLost) => self.failed_beside(&failed.run).await,
            Err(LeaseError::Store { source }) => {
                let inbox = reason_of(&source);
                warn!(reason, inbox, metric.failed = 1, "failed, and the attempt was not recorded");
                AGAIN
            }
        }
    }

    /// Parks the message, unless its run was done before, or is somebody else's by now.
    async fn failed_for_good(&self, failed: Failed<'_>, class: FailureClass) -> Disposition {
        let FailedRun { run, owner, at, reason, .. } = &failed.run;
        let found = match self.runtime.ports().inbox.find(&run.key, *at).await {
            Ok(found) => found,
            Err(error) => {
                let inbox = reason_of(&error);
                warn!(reason, inbox, metric.failed = 1, "failed for good, not recorded");
                return AGAIN;
            }
        };
        let attempts = found.as_ref().map_or(0, |record| record.attempts);
        let fence = match *owner {
            Some(owner) => Fence::Held(owner),
            None if found.as_ref().is_none_or(|record| record.is_idle(*at)) => {
                Fence::Idle { attempts }
            }
            None => return self.failed_beside(&failed.run).await,
        };
        let first_at = found.and_then(|record| record.first_failed_at).unwrap_or(*at);
        let failures = Failures { attempts: attempts + 1, first_at };
        self.park(&failed, class, failures, fence).await
    }

    /// A failure that is not the run's: done or parked before, its message may go; otherwise whoever is at it decides.
    pub(super) async fn failed_beside(&self, failed: &FailedRun) -> Disposition {
        let found = self.runtime.ports().inbox.find(&failed.run.key, failed.at).await;
        let status = found.ok().flatten().map(|record| record.status);
        info!(
            reason = failed.reason,
            status = ?status,
            metric.lease_lost = 1,
            "failed, but the run is not this attempt's"
        );
        match status {
            Some(RunStatus::Done) => Disposition::Acknowledge,
            Some(RunStatus::Parked) => self.parked_before(&failed.run, &failed.reason).await,
            Some(RunStatus::Running | RunStatus::Waiting) | None => AGAIN,
        }
    }

    /// Its run is parked: the message may go, unless a person sent it in the place of the one that was parked. That may
    /// be where its handler knows both by one key, and then it begins the run anew.
    pub(super) async fn parked_before(&self, run: &Run, reason: &str) -> Disposition {
        let own_key = RunKey::of_handler(&run.handler, run.message_id).in_scope(run.key.scope());
        if run.key == own_key {
            info!(reason, metric.duplicate = 1, "parked before");
            return Disposition::Acknowledge;
        }
        match self.runtime.ports().inbox.stand_in(&run.key, run.message_id).await {
            Ok(true) => {
                info!("it stands in for a message that was parked, and begins anew");
                AT_ONCE
            }
            Ok(false) => {
                info!(reason, metric.duplicate = 1, "parked before");
                Disposition::Acknowledge
            }
            Err(error) => {
                let inbox = reason_of(&error);
                warn!(reason, inbox, metric.failed = 1, "whether it stands in is not known");
                AGAIN
            }
        }
    }

    /// Any time up to 2 s, 10 s, 50 s, 250 s: together long enough for a short outage ("full jitter").
    fn back_off(&self, attempts: u32) -> Duration {
        let ceiling = Duration::from_secs(2) * 5_u32.pow(attempts.saturating_sub(1).min(6));
        self.runtime.jitter(ceiling)
    }
}
