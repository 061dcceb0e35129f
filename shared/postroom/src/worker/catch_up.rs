//! Catching up: what the journal has of a stream and a build of a read model has not is applied, in order.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use tracing::{Instrument, info_span, warn};

use crate::envelope::DecodeError;
use crate::port::{JournalRecord, RunKey, RunStatus, StoreError};
use crate::projection::Build;
use crate::reason_of;
use crate::rebuild::{BuildState, HoldUpBuild};
use crate::stored::Generation;
use crate::verdict::{Classify, Verdict};
use crate::worker::application::Application;
use crate::worker::projector::Projector;
use crate::worker::record::Unread;
use crate::worker::{AT_ONCE, Disposition, Record, StreamRecord, WakeUp};

/// The most events that one invocation applies, to all its read models together. The next goes on behind them.
const MAX_EVENTS: usize = 1_000;

/// What cannot be read comes again after this long. A shard brings a record back a limited number of times, 10,000 at most:
/// with a second between them an outage of some hours would use them up, and with this it takes a day, when the stream
/// itself drops the record.
const UNREAD: Disposition = Disposition::Redeliver { after: Some(Duration::from_secs(10)) };

/// What one invocation, or one page of a walk, knows by now.
pub(super) struct Progress {
    /// How far streams were applied, by build and stream. They were never applied less.
    applied: BTreeMap<(&'static str, Generation, String), u64>,
    /// How many events more may be applied.
    left: usize,
}

/// How far a stream has come in a build.
pub(super) enum CaughtUp {
    /// To its end, as it was told of at least.
    Yes,
    /// To an event that is parked; nothing behind it is applied before somebody has decided about its dead letter.
    Parked,
    /// Nowhere, for good: the journal holds what is no event.
    Unreadable(DecodeError),
    /// Not so far yet.
    NotYet(Disposition),
}

/// What became of an event.
enum Applied {
    Yes,
    /// Nor is what follows it.
    Parked,
    NotYet(Disposition),
}

impl Progress {
    /// More than any version: a stream of which nothing is applied for now.
    const PARKED: u64 = u64::MAX;

    /// Of an invocation that has records to answer for.
    pub(super) fn of_invocation() -> Self {
        Self { applied: BTreeMap::new(), left: MAX_EVENTS }
    }

    /// Of a page of a walk, which nobody waits for: its time is its bound.
    pub(super) fn of_page() -> Self {
        Self { applied: BTreeMap::new(), left: usize::MAX }
    }
}

impl Projector {
    /// Applies what there is of a stream by now, if not even the event that was told of is.
    pub(super) async fn catch_up(
        &self,
        build: Build<'_>,
        wake_up: &WakeUp,
        stop: Timestamp,
        progress: &mut Progress,
    ) -> CaughtUp {
        let name = build.projection.name();
        let key = (name, build.generation, wake_up.stream.key(&wake_up.tenant_id));
        let mut applied = match progress.applied.get(&key) {
            Some(&Progress::PARKED) => return CaughtUp::Parked,
            Some(applied) => *applied,
            None => match self.worker.runtime.applied(build, wake_up).await {
                Ok(applied) => applied,
                Err(error) => return CaughtUp::NotYet(not_read(name, &error)),
            },
        };
        let mut more = applied < wake_up.version;
        while more {
            let journal = &self.worker.runtime.ports().journal;
            let events = journal.stream(&wake_up.tenant_id, &wake_up.stream, applied);
            let page = match events.await {
                Ok(page) => page,
                Err(error) if error.verdict() == Verdict::Permanent => {
                    return CaughtUp::Unreadable(unreadable(&error));
                }
                Err(error) => return CaughtUp::NotYet(not_read(name, &error)),
            };
            for event in &page.items {
                match self.apply_one(build, event, stop, progress).await {
                    Applied::Yes => applied = event.version(),
                    Applied::Parked => {
                        progress.applied.insert(key, Progress::PARKED);
                        return CaughtUp::Parked;
                    }
                    Applied::NotYet(again) => return CaughtUp::NotYet(again),
                }
            }
            more = page.next.is_some();
        }
        if applied < wake_up.version {
            // The journal is the truth: who told of it was told wrong.
            warn!(handler = name, version = wake_up.version, "woken by an event that there is not");
        }
        progress.applied.insert(key, applied);
        CaughtUp::Yes
    }

    /// Runs one event as any queued handler is run.
    async fn apply_one(
        &self,
        build: Build<'_>,
        event: &JournalRecord,
        stop: Timestamp,
        progress: &mut Progress,
    ) -> Applied {
        let Some(left) = progress.left.checked_sub(1) else { return Applied::NotYet(AT_ONCE) };
        progress.left = left;
        let envelope = event.envelope.clone();
        let (message_id, body) = (envelope.id.to_string(), envelope.to_body());
        let record = Record { message_id, body, group: None, receives: 1, refused: None };
        let application = Application::of(build);
        // Boxed: it is most of what all futures around it would be.
        let ran =
            Box::pin(self.worker.run_until(&record, Ok((envelope, &application)), Some(stop)));
        let ran = ran.await;
        if ran != Disposition::Acknowledge {
            return Applied::NotYet(ran);
        }
        if application.is_applied() {
            return Applied::Yes;
        }
        self.not_applied(build, event).await
    }

    /// What became of an event whose run has ended, and did not apply it: parked, or done by somebody else.
    async fn not_applied(&self, build: Build<'_>, event: &JournalRecord) -> Applied {
        let (name, runtime) = (build.projection.name(), &self.worker.runtime);
        let Some(wake_up) = WakeUp::of_event(&event.envelope) else { return Applied::Parked };
        let key = RunKey::of_handler(&build.generation.handler(name), event.envelope.id);
        let found = match runtime.ports().inbox.find(&key, self.now()).await {
            Ok(found) => found,
            Err(error) => return Applied::NotYet(not_read(name, &error)),
        };
        // Read behind the record: what that says is done is in the position by then, or is lost.
        match runtime.applied(build, &wake_up).await {
            Ok(applied) if applied >= event.version() => return Applied::Yes,
            Ok(_) => {}
            Err(error) => return Applied::NotYet(not_read(name, &error)),
        }
        let stream = event.stream_key();
        match found.map(|record| record.status) {
            Some(RunStatus::Parked) => Applied::Parked,
            // Boxed: it is seldom, and all futures around it would have room for it.
            Some(RunStatus::Done) if !build.is_read => Box::pin(self.hold_up(build, event)).await,
            // It was once. Its shard waits, so that somebody looks: passed over, its stream would stand still unseen.
            _ => {
                warn!(
                    handler = name,
                    stream,
                    metric.failed = 1,
                    "a read model has lost what it had applied: rebuild it"
                );
                Applied::NotYet(UNREAD)
            }
        }
    }

    /// A build that a restored table has forgotten had the number of the one that is being made, and had applied the event.
    /// So its failure can be neither counted nor parked, and would come again for ever: the walk ends.
    async fn hold_up(&self, build: Build<'_>, event: &JournalRecord) -> Applied {
        let (projection, generation) = (build.projection.name(), build.generation);
        let building = match self.builds(projection).await {
            Ok(builds) => builds.building.filter(|one| one.generation == generation),
            Err(error) => return Applied::NotYet(not_read(projection, &error)),
        };
        let Some(building) = building else { return Applied::NotYet(AT_ONCE) };
        if building.state == BuildState::HeldUp {
            return Applied::Parked;
        }
        let (version, stream) = (event.version(), event.stream_key());
        let reason = format!(
            "version {version} of {stream} failed, and is remembered as done by an earlier build of this number"
        );
        warn!(reason, handler = projection, metric.failed = 1, "a walk is given up");
        let command = HoldUpBuild { projection, generation, reason: &reason };
        match self.step(&command, projection, &building.asked_by).await {
            Ok(true) => Applied::Parked,
            Ok(false) => Applied::NotYet(AT_ONCE),
            Err(error) => Applied::NotYet(not_read(projection, &error)),
        }
    }

    pub(super) async fn park_unread(
        &self,
        record: &StreamRecord,
        error: DecodeError,
    ) -> Disposition {
        let span = info_span!("record", message_id = record.sequence_number);
        let unread = Unread { envelope: None, error };
        let record = Record {
            message_id: record.sequence_number.clone(),
            body: record.body.clone(),
            group: None,
            receives: 1,
            refused: None,
        };
        self.worker.park_unread(&record, &unread).instrument(span).await
    }
}

pub(super) fn not_read(handler: &'static str, error: &(dyn Error + 'static)) -> Disposition {
    let reason = reason_of(error);
    warn!(reason, handler, metric.failed = 1, "a stream could not be read");
    UNREAD
}

fn unreadable(error: &StoreError) -> DecodeError {
    DecodeError::Envelope { path: "envelope".to_owned(), message: reason_of(error) }
}
