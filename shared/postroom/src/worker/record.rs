//! One record: decode it, run its handler until it is time to stop, and say what became of it.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use jiff::Timestamp;
use tracing::field::Empty;
use tracing::{Instrument, Span, info, info_span, warn};

use crate::clock::{between, later, milliseconds};
use crate::envelope::{DecodeError, RawEnvelope};
use crate::id::{DedupKey, OwnerToken};
use crate::runtime::{Holder, Ran, run_of};
use crate::verdict::{Classify, Verdict, panic_text};
use crate::worker::failure::Attempt;
use crate::worker::fetching::Read;
use crate::worker::handler::{Prepared, QueuedRun, RecordError, Started};
use crate::worker::{AT_ONCE, Disposition, Record, Worker};

/// How long a record may run where the invocation names no deadline that can be believed.
pub(super) const TIME_WITHOUT_DEADLINE: Duration = Duration::from_mins(1);
/// How much of the margin there is to record what was dropped when its time was over; then the answer has to leave.
pub(super) const RECORDING: Duration = Duration::from_millis(500);
/// How much longer than the invocation a lease holds at most: its owner is certainly gone when it ends.
const LEASE_MARGIN: Duration = Duration::from_secs(2);

/// A record's message and its handler, or why it has none here.
pub(super) type Decoded<'a> = Result<(RawEnvelope, &'a dyn QueuedRun), Box<Unread>>;

/// A record that no handler here takes.
#[derive(Debug)]
pub(super) struct Unread {
    /// As much of it as could be read.
    pub(super) envelope: Option<RawEnvelope>,
    pub(super) error: DecodeError,
}

impl Unread {
    fn span(&self, record: &Record) -> Span {
        let correlation_id = self.envelope.as_ref().map(|found| found.correlation_id.as_str());
        info_span!("record", correlation_id, message_id = record.message_id)
    }
}

impl Classify for RecordError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Decode { source } => source.verdict(),
            Self::Claim { source } => source.verdict(),
            Self::NoKey { .. } => Verdict::Permanent,
            Self::Run { source } => source.verdict(),
            Self::Panic { verdict, .. } => *verdict,
        }
    }
}

impl Worker {
    /// Runs one record, unless or until it is time to stop.
    pub(super) async fn run_until(
        &self,
        record: &Record,
        decoded: Decoded<'_>,
        stop: Option<Timestamp>,
    ) -> Disposition {
        let stop = stop.unwrap_or_else(|| later(self.now(), TIME_WITHOUT_DEADLINE));
        let needed = decoded.as_ref().map_or(Duration::ZERO, |(_, handler)| handler.time_needed());
        let Some(left) = self.time_left(record, stop, needed) else { return AT_ONCE };
        let (message, handler) = match decoded {
            Ok(decoded) => decoded,
            Err(unread) if self.ignores(&unread) => {
                unread.span(record).in_scope(|| info!("ignored: {}", unread.error));
                return Disposition::Acknowledge;
            }
            Err(unread) => {
                // Nothing remembers it, so whoever has it next begins anew.
                let parking = self.park_unread(record, &unread).boxed();
                let parking = self.run_within(left, parking);
                return parking.instrument(unread.span(record)).await.unwrap_or(AT_ONCE);
            }
        };
        let span = info_span!(
            "record",
            correlation_id = %message.correlation_id,
            causation_id = %message.causation_id,
            // Quoted: as a name it would keep its `r#`.
            "event.type" = message.r#type,
            event.id = %message.id,
            replay_id = message.replay.map(|replay| tracing::field::display(replay.id)),
            tenant_id = %message.tenant_id,
            handler = &*handler.filed_under(),
            message_id = record.message_id,
            attempt = Empty,
        );
        let (Read { message, prepared }, left, _alone) = if message.claim.is_none() {
            (Read { prepared: handler.prepare(&message), message }, left, None)
        } else {
            let fetched = self.fetch(record, message, handler, left).boxed();
            let (read, alone) = match fetched.instrument(span.clone()).await {
                Ok(read) => read,
                Err(disposition) => return disposition,
            };
            // That may have been what the time went into.
            let Some(left) = self.time_left(record, stop, needed) else { return AT_ONCE };
            (read, left, Some(alone))
        };
        let key = prepared.as_ref().map_or(DedupKey::of(message.id), |prepared| prepared.key);
        let run = run_of(&handler.filed_under(), &message, key, self.now(), handler.kept());
        let owner = OwnerToken::from(self.runtime.ports().ids.fresh());
        let attempt = Attempt { record, message, handler, run, owner };
        self.attempt_within(left, &attempt, prepared).instrument(span).await
    }

    /// How long a record may run; `None`: too short to begin.
    fn time_left(&self, record: &Record, stop: Timestamp, needed: Duration) -> Option<Duration> {
        let left = between(self.now(), stop);
        if left.is_zero() || left < needed {
            // Said aloud: where the function's time-out is too short, this is all that ever happens.
            let (left_ms, needed_ms) = (milliseconds(left), milliseconds(needed));
            warn!(
                message_id = record.message_id,
                left_ms,
                needed_ms,
                metric.deadline_returned = 1,
                "not started: no time is left"
            );
            return None;
        }
        Some(left)
    }

    /// What a record's body tells: its message, and who takes it.
    pub(super) fn decode(&self, record: &Record) -> Decoded<'_> {
        let message =
            record.message().map_err(|error| Box::new(Unread { envelope: None, error }))?;
        let Some(handler) = self.handlers.get(message.r#type.as_str()) else {
            let error = DecodeError::UnknownType { found: message.r#type.clone() };
            return Err(Box::new(Unread { envelope: Some(message), error }));
        };
        if message.scope().is_some() && !handler.replayable() {
            // Whoever can write to a queue can set the mark, and its handler would do again what it must not.
            let error = DecodeError::NotReplayable { handler: self.queue };
            return Err(Box::new(Unread { envelope: Some(message), error }));
        }
        Ok((message, handler.as_ref()))
    }

    /// Whether a record is none of its business. What cannot be read may well be.
    fn ignores(&self, unread: &Unread) -> bool {
        self.ignores_unknown && matches!(unread.error, DecodeError::UnknownType { .. })
    }

    async fn attempt_within<'a>(
        &'a self,
        left: Duration,
        attempt: &'a Attempt<'a>,
        prepared: Result<Prepared<'a>, RecordError>,
    ) -> Disposition {
        let stop = later(self.now(), left);
        let gone_by = later(stop, Self::MARGIN + LEASE_MARGIN);
        let holder = Holder { owner: attempt.owner, stop, gone_by };
        let leased = attempt.handler.leased();
        // Its handler is dropped when the time is over, and that is then recorded.
        let run = pin!(self.run(attempt, prepared, holder));
        let done = self.run_within(left + RECORDING, run).await;
        done.unwrap_or_else(|| {
            // Nobody could be told. Its lease runs out by itself: whether its effect happened, nobody knows.
            let after = Some(between(self.now(), gone_by));
            if leased { Disposition::Redeliver { after } } else { AT_ONCE }
        })
    }

    /// What `run` comes to, unless the time is over first.
    pub(super) async fn run_within<T>(
        &self,
        left: Duration,
        run: impl Future<Output = T> + Unpin,
    ) -> Option<T> {
        match select(run, self.runtime.ports().clock.sleep(left)).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(((), _)) => {
                warn!(
                    metric.deadline_returned = 1,
                    "cancelled at the deadline; it will be redelivered"
                );
                None
            }
        }
    }

    async fn run<'a>(
        &'a self,
        attempt: &'a Attempt<'a>,
        prepared: Result<Prepared<'a>, RecordError>,
        holder: Holder,
    ) -> Disposition {
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return self.failed(attempt, &error).boxed().await,
        };
        let started = Started { runtime: &self.runtime, run: &attempt.run, holder };
        let ran = AssertUnwindSafe((prepared.run)(started)).catch_unwind().await;
        let ran = ran.map_or_else(
            |panic| {
                let message = panic_text(&*panic).to_owned();
                Err(RecordError::Panic { message, verdict: attempt.handler.panicked() })
            },
            |ran| ran.map_err(|source| RecordError::Run { source }),
        );
        let now = self.now();
        let duration_ms = milliseconds(between(attempt.run.started_at, now));
        match ran {
            Ok(ran @ (Ran::Done | Ran::Skipped)) => {
                let lag_ms = milliseconds(between(attempt.message.time, now));
                info!(
                    duration_ms,
                    metric.processed = 1,
                    metric.processing_time_ms = duration_ms,
                    metric.lag_ms = attempt.handler.is_waited_for().then_some(lag_ms),
                    "{}",
                    if matches!(ran, Ran::Done) { "done" } else { "skipped" }
                );
                Disposition::Acknowledge
            }
            Ok(Ran::Held { after }) => {
                let wait = self.stay_away(attempt.record, after);
                let wait_ms = milliseconds(wait);
                info!(wait_ms, "not tried: its provider's gate holds it back");
                Disposition::Redeliver { after: Some(wait) }
            }
            Ok(Ran::Duplicate) => {
                info!(duration_ms, metric.duplicate = 1, "done before");
                Disposition::Acknowledge
            }
            Ok(Ran::Parked { reason }) => self.parked_before(&attempt.run, &reason).boxed().await,
            Ok(Ran::InFlight { until }) => {
                Disposition::Redeliver { after: Some(between(self.now(), until)) }
            }
            Ok(Ran::NoTime) => {
                warn!(
                    duration_ms,
                    metric.deadline_returned = 1,
                    "not started: no time is left since its lease was taken"
                );
                AT_ONCE
            }
            // Boxed, as it is rare: a future takes as much room as its largest part, and this is by far that.
            Err(error) => self.failed(attempt, &error).boxed().await,
        }
    }
}
