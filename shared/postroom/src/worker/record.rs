//! One record: decode, run, and decide what a failure means for its message.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use jiff::Timestamp;
use tracing::{Instrument, info, info_span, warn};

use crate::clock::{between, milliseconds};
use crate::envelope::{DecodeError, RawEnvelope};
use crate::id::OwnerToken;
use crate::port::{DeadLetter, FailedAs, FailedRun, LeaseError};
use crate::reason_of;
use crate::runtime::{Ran, RunError, run_of};
use crate::verdict::{Classify, Verdict};
use crate::worker::handler::{RecordError, Start};
use crate::worker::{Disposition, MAX_ATTEMPTS, Record, Worker};

/// How long a lease holds where the invocation has no deadline.
const DEFAULT_LEASE: Duration = Duration::from_mins(1);
/// How much longer than the invocation a lease holds: its owner is certainly gone when it ends.
const LEASE_MARGIN: Duration = Duration::from_secs(2);
/// The longest a message can be hidden; SQS allows 12 h from its receipt.
// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>, read 2026-11-21.
const MAX_WAIT: Duration = Duration::from_hours(11);

impl Classify for RecordError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Decode { source } => source.verdict(),
            Self::Run { source } => source.verdict(),
            // A panic may be a passing one; if not, its attempts end.
            Self::Panic { .. } => Verdict::RETRY,
        }
    }
}

impl Worker {
    /// Runs one record, unless or until it is time to stop.
    pub(super) async fn run_until(&self, record: &Record, stop: Option<Timestamp>) -> Disposition {
        let Some(stop) = stop else {
            return self.run(record, DEFAULT_LEASE).await;
        };
        let left = between(self.runtime.ports().clock.now(), stop);
        if left.is_zero() {
            return Disposition::Redeliver { after: None };
        }
        let run = std::pin::pin!(self.run(record, left + super::MARGIN + LEASE_MARGIN));
        match select(run, self.runtime.ports().clock.sleep(left)).await {
            Either::Left((disposition, _)) => disposition,
            Either::Right(((), _)) => {
                warn!(
                    message_id = record.message_id,
                    "cancelled at the deadline; it will be redelivered"
                );
                Disposition::Redeliver { after: None }
            }
        }
    }

    async fn run(&self, record: &Record, lease: Duration) -> Disposition {
        let message = match self.decode(record) {
            Ok(message) => message,
            Err(error) => return self.park_unread(record, &error).await,
        };
        let span = info_span!(
            "record",
            correlation_id = %message.correlation_id,
            causation_id = %message.causation_id,
            event.r#type = message.r#type,
            event.id = %message.id,
            tenant_id = %message.tenant_id,
            handler = self.queue,
            message_id = record.message_id,
        );
        self.run_message(record, message, lease).instrument(span).await
    }

    fn decode(&self, record: &Record) -> Result<RawEnvelope, DecodeError> {
        let message = RawEnvelope::parse(&record.body)?;
        if self.handlers.contains_key(message.r#type.as_str()) {
            Ok(message)
        } else {
            Err(DecodeError::UnknownType { found: message.r#type })
        }
    }

    async fn run_message(
        &self,
        record: &Record,
        message: RawEnvelope,
        lease: Duration,
    ) -> Disposition {
        let Some(handler) = self.handlers.get(message.r#type.as_str()) else {
            return Disposition::Redeliver { after: None };
        };
        let started_at = self.runtime.ports().clock.now();
        let owner = OwnerToken::from(self.runtime.ports().ids.fresh());
        let start = Start { owner, lease };
        let run = handler.run(&self.runtime, message.clone(), start);
        let ran = AssertUnwindSafe(run).catch_unwind().await;
        let ran =
            ran.unwrap_or_else(|panic| Err(RecordError::Panic { message: panic_text(&*panic) }));
        let duration_ms = milliseconds(between(started_at, self.runtime.ports().clock.now()));
        match ran {
            Ok(Ran::Done) => {
                info!(duration_ms, "done");
                Disposition::Acknowledge
            }
            Ok(Ran::Duplicate) => {
                info!(duration_ms, "done before");
                Disposition::Acknowledge
            }
            Ok(Ran::Parked { reason }) => {
                info!(reason, "parked before");
                Disposition::Acknowledge
            }
            Ok(Ran::InFlight { until }) => {
                let left = between(self.runtime.ports().clock.now(), until);
                Disposition::Redeliver { after: Some(left) }
            }
            Err(error) => {
                let owner = handler.leased().then_some(owner);
                self.failed(record, &message, started_at, owner, &error).await
            }
        }
    }

    /// Records a failed attempt and decides: redeliver later, or park.
    async fn failed(
        &self,
        record: &Record,
        message: &RawEnvelope,
        started_at: Timestamp,
        owner: Option<OwnerToken>,
        error: &RecordError,
    ) -> Disposition {
        if let RecordError::Run { source: RunError::LeaseLost | RunError::Inbox { .. } } = error {
            // Nothing is ours to record: another worker is at it, or the inbox does not answer.
            warn!(reason = reason_of(error), "not done");
            return Disposition::Redeliver { after: None };
        }
        let now = self.runtime.ports().clock.now();
        let permanent = error.verdict() == Verdict::Permanent;
        let reason = reason_of(error);
        let mut failed = FailedRun {
            run: run_of(self.queue, message, started_at),
            owner,
            at: now,
            outcome: FailedAs::Attempt,
            reason: reason.clone(),
        };
        if permanent {
            // The dead letter first: a crash in between repeats the attempt, never loses the message.
            let letter = self.letter(record, Some(message), &reason, true, None);
            failed.outcome = FailedAs::ForGood;
            return self.park(&letter, Some(failed)).await;
        }
        match self.runtime.ports().inbox.fail(&failed).await {
            Ok(attempts) if attempts >= MAX_ATTEMPTS => {
                (failed.owner, failed.outcome) = (None, FailedAs::GivenUp);
                let letter = self.letter(record, Some(message), &reason, false, Some(attempts));
                self.park(&letter, Some(failed)).await
            }
            Ok(attempts) => {
                let wait = self.wait(error.verdict(), attempts);
                warn!(
                    reason,
                    attempt = attempts,
                    wait_ms = milliseconds(wait),
                    "failed; will be tried again"
                );
                Disposition::Redeliver { after: Some(wait) }
            }
            Err(LeaseError::LeaseLost) if owner.is_none() => {
                info!(reason, "failed, but was done before");
                Disposition::Acknowledge
            }
            Err(error) => {
                warn!(
                    reason,
                    inbox = reason_of(&error),
                    "failed, and the attempt was not recorded"
                );
                Disposition::Redeliver { after: None }
            }
        }
    }

    async fn park_unread(&self, record: &Record, error: &DecodeError) -> Disposition {
        let letter = self.letter(record, None, &reason_of(error), true, None);
        self.park(&letter, None).await
    }

    /// Keeps the dead letter, then remembers that the run is over. Only then may the message go.
    async fn park(&self, letter: &DeadLetter, failed: Option<FailedRun>) -> Disposition {
        if let Err(error) = self.dead_letters.park(letter).await {
            warn!(
                reason = letter.reason,
                store = reason_of(&error),
                "failed for good, but could not be parked"
            );
            return Disposition::Redeliver { after: None };
        }
        warn!(reason = letter.reason, dead_letter = letter.id, "failed for good; parked");
        if let Some(failed) = failed
            && let Err(LeaseError::Store { source }) =
                self.runtime.ports().inbox.fail(&failed).await
        {
            warn!(store = reason_of(&source), "parked, but not remembered; it will be tried again");
            return Disposition::Redeliver { after: None };
        }
        Disposition::Acknowledge
    }

    fn letter(
        &self,
        record: &Record,
        message: Option<&RawEnvelope>,
        reason: &str,
        permanent: bool,
        attempts: Option<u32>,
    ) -> DeadLetter {
        let now = self.runtime.ports().clock.now();
        let id = match message {
            Some(message) => run_of(self.queue, message, now).key.to_string(),
            None => format!("{}#{}", self.queue, record.message_id),
        };
        DeadLetter {
            id,
            handler: self.queue.to_owned(),
            body: record.body.clone(),
            reason: reason.to_owned(),
            permanent,
            attempts: attempts.unwrap_or(1),
            parked_at: now,
            message_id: message.map(|message| message.id),
            r#type: message.map(|message| message.r#type.clone()),
            tenant_id: message.map(|message| message.tenant_id.clone()),
            correlation_id: message.map(|message| message.correlation_id.clone()),
        }
    }

    /// Between nothing and a ceiling that doubles with every failure ("full jitter"), and at least what was asked for.
    fn wait(&self, verdict: Verdict, attempts: u32) -> Duration {
        let ceiling_ms = 1_000_u64 << attempts.min(16);
        let jitter_ms = self.runtime.ports().ids.fresh().as_u64_pair().1 % ceiling_ms;
        let asked = match verdict {
            Verdict::Retry { after } => after,
            Verdict::Permanent => Duration::ZERO,
        };
        asked.max(Duration::from_millis(jitter_ms)).min(MAX_WAIT)
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
