//! What a failed attempt means for its message: delivered again later, kept as a dead letter, or nothing at all.

use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use crate::clock::{later, milliseconds};
use crate::envelope::{DecodeError, RawEnvelope};
use crate::id::OwnerToken;
use crate::port::{DeadLetter, FailedAs, FailedRun, Failures, LeaseError, Run, RunStatus};
use crate::reason_of;
use crate::runtime::{RunError, run_of};
use crate::verdict::{Classify, Verdict};
use crate::worker::handler::{QueuedRun, RecordError};
use crate::worker::{Disposition, MAX_ATTEMPTS, Record, Worker};

/// The longest a message can be hidden; SQS allows 12 h from its receipt.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
const MAX_WAIT: Duration = Duration::from_hours(11);
/// How long the lease is held while a dead letter is written.
const PARKING: Duration = Duration::from_secs(15);
const AGAIN: Disposition = Disposition::Redeliver { after: None };

/// One run of one record.
pub(super) struct Attempt<'a> {
    pub(super) record: &'a Record,
    pub(super) message: RawEnvelope,
    pub(super) handler: &'a dyn QueuedRun,
    pub(super) started_at: Timestamp,
    /// Who holds its lease, if it got one.
    pub(super) owner: OwnerToken,
}

impl Attempt<'_> {
    fn run(&self) -> Run {
        run_of(self.handler.name(), &self.message, self.started_at)
    }

    fn letter(&self, failed: &FailedRun, cause: Cause, attempts: u32) -> DeadLetter {
        let message = &self.message;
        DeadLetter {
            id: failed.run.key.to_string(),
            handler: failed.run.handler.clone(),
            body: self.record.body.clone(),
            reason: failed.reason.clone(),
            permanent: cause == Cause::Permanent,
            attempts,
            parked_at: failed.at,
            message_id: Some(message.id),
            r#type: Some(message.r#type.clone()),
            tenant_id: Some(message.tenant_id.clone()),
            correlation_id: Some(message.correlation_id.clone()),
        }
    }
}

impl Worker {
    /// Records a failed attempt and decides what has to happen to its message.
    pub(super) async fn failed(&self, attempt: &Attempt<'_>, error: &RecordError) -> Disposition {
        let reason = reason_of(error);
        if let RecordError::Run { source: RunError::LeaseLost | RunError::Inbox { .. } } = error {
            // Nothing is ours to record: another worker is at it, or the inbox does not answer.
            warn!(reason, "not done");
            return AGAIN;
        }
        let claimed = attempt.handler.leased() && !matches!(error, RecordError::Decode { .. });
        let failed = FailedRun {
            run: attempt.run(),
            owner: claimed.then_some(attempt.owner),
            at: self.now(),
            outcome: FailedAs::Attempt,
            reason,
        };
        match error.verdict() {
            Verdict::Permanent => self.failed_for_good(attempt, failed).await,
            Verdict::Retry { after } => self.failed_for_now(attempt, failed, after).await,
        }
    }

    /// Counts the attempt; the last one is parked.
    async fn failed_for_now(
        &self,
        attempt: &Attempt<'_>,
        failed: FailedRun,
        after: Duration,
    ) -> Disposition {
        let reason = failed.reason.as_str();
        match self.runtime.ports().inbox.fail(&failed).await {
            Ok(Failures { attempts, .. }) if attempts >= MAX_ATTEMPTS => {
                let letter = attempt.letter(&failed, Cause::Exhausted, attempts);
                let failed = FailedRun { owner: None, outcome: FailedAs::GivenUp, ..failed };
                self.park(&letter, &failed).await
            }
            Ok(Failures { attempts, .. }) => {
                let wait = after.max(self.back_off(attempts)).min(MAX_WAIT);
                let wait_ms = milliseconds(wait);
                warn!(reason, attempt = attempts, wait_ms, "failed; will be tried again");
                Disposition::Redeliver { after: Some(wait) }
            }
            Err(LeaseError::LeaseLost) => self.failed_beside(&failed).await,
            Err(LeaseError::Store { source }) => {
                warn!(
                    reason,
                    inbox = reason_of(&source),
                    "failed, and the attempt was not recorded"
                );
                AGAIN
            }
        }
    }

    /// Parks the message, unless its run was done before, or is somebody else's by now.
    async fn failed_for_good(&self, attempt: &Attempt<'_>, failed: FailedRun) -> Disposition {
        let inbox = &self.runtime.ports().inbox;
        let found = match inbox.find(&failed.run.key, failed.at).await {
            Ok(found) => found,
            Err(error) => {
                warn!(
                    reason = failed.reason,
                    inbox = reason_of(&error),
                    "failed for good, not recorded"
                );
                return AGAIN;
            }
        };
        let ours = match (found.as_ref().map(|record| record.status), failed.owner) {
            (Some(RunStatus::Waiting) | None, owner) => owner.is_none(),
            (Some(RunStatus::Running), Some(owner)) => {
                // Nobody may take it over between the dead letter and its being remembered.
                inbox.renew(&failed.run.key, owner, later(failed.at, PARKING)).await.is_ok()
            }
            (Some(RunStatus::Running), None) | (Some(RunStatus::Done | RunStatus::Parked), _) => {
                false
            }
        };
        if !ours {
            return self.failed_beside(&failed).await;
        }
        let attempts = found.map_or(0, |record| record.attempts) + 1;
        let letter = attempt.letter(&failed, Cause::Permanent, attempts);
        self.park(&letter, &FailedRun { outcome: FailedAs::ForGood, ..failed }).await
    }

    /// A failure that is not the run's: done or parked before, its message may go; otherwise whoever is at it decides.
    async fn failed_beside(&self, failed: &FailedRun) -> Disposition {
        let found = self.runtime.ports().inbox.find(&failed.run.key, failed.at).await;
        let status = found.ok().flatten().map(|record| record.status);
        info!(reason = failed.reason, status = ?status, "failed, but the run is not this attempt's");
        match status {
            Some(RunStatus::Done | RunStatus::Parked) => Disposition::Acknowledge,
            Some(RunStatus::Running | RunStatus::Waiting) | None => AGAIN,
        }
    }

    /// Keeps what nobody here can read.
    pub(super) async fn park_unread(&self, record: &Record, error: &DecodeError) -> Disposition {
        let letter = DeadLetter {
            id: format!("{}#{}", self.queue, record.message_id),
            handler: self.queue.to_owned(),
            body: record.body.clone(),
            reason: reason_of(error),
            permanent: true,
            attempts: 1,
            parked_at: self.now(),
            message_id: None,
            r#type: None,
            tenant_id: None,
            correlation_id: None,
        };
        if self.keep(&letter).await { Disposition::Acknowledge } else { AGAIN }
    }

    /// The dead letter first, then the memory of it, and only then may the message go.
    async fn park(&self, letter: &DeadLetter, failed: &FailedRun) -> Disposition {
        if !self.keep(letter).await {
            return AGAIN;
        }
        match self.runtime.ports().inbox.fail(failed).await {
            Ok(_) => Disposition::Acknowledge,
            Err(error) => {
                warn!(
                    inbox = reason_of(&error),
                    "parked, but not remembered; it will be delivered again"
                );
                AGAIN
            }
        }
    }

    async fn keep(&self, letter: &DeadLetter) -> bool {
        let (id, reason) = (&letter.id, &letter.reason);
        match self.dead_letters.park(letter).await {
            Ok(()) => {
                warn!(reason, dead_letter = id, handler = self.queue, "failed for good; parked");
                true
            }
            Err(error) => {
                let store = reason_of(&error);
                warn!(reason, dead_letter = id, store, "failed for good, but could not be parked");
                false
            }
        }
    }

    /// Any time up to 2 s, 10 s, 50 s, 250 s: together long enough for a short outage ("full jitter").
    fn back_off(&self, attempts: u32) -> Duration {
        let ceiling = Duration::from_secs(2) * 5_u32.pow(attempts.saturating_sub(1).min(6));
        self.runtime.jitter(ceiling)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Permanent,
    Exhausted,
}
