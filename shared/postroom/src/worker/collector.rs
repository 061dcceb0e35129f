//! The collector: what a queue gave up by itself becomes a dead letter, as if its worker had parked it.
//!
//! A queue gives up what was received as often as it permits and never deleted: a message that kills its worker, or
//! whose batch a neighbour kills, or whose worker did not start for hours.

use std::fmt;
use std::future::ready;
use std::sync::Arc;

use tracing::{Instrument, info, info_span, warn};

use crate::clock::between;
use crate::envelope::{DecodeError, RawEnvelope};
use crate::id::DedupKey;
use crate::port::{
    DeadLetter, DeadLetters, FailureClass, InboxRecord, LetterStatus, Run, RunStatus,
};
use crate::reason_of;
use crate::runtime::{GaveUp, LostCause, OnGiveUp, Runtime, run_of};
use crate::transaction::Fence;
use crate::tx::Tx;
use crate::verdict::{Classify, Failure, Verdict};
use crate::worker::fingerprint::fingerprint;
use crate::worker::parking::{kept, not_parked};
use crate::worker::record::Unread;
use crate::worker::{AGAIN, Disposition, Record, Worker};
use crate::{BoxFuture, CODE_VERSION};

/// How every letter that no worker wrote begins.
pub(crate) const GIVEN_UP: &str =
    "its queue gave it up: received as often as it may be, and never finished";

/// Keeps what queues gave up by themselves, for the [office](crate::DeadLetterOffice) to decide about.
///
/// Its letter has the id that the worker would have given it, and its run is parked in the same transaction: late copies
/// of the message do nothing, and a redrive begins anew. It has no handlers, and knows from the table of reactions by which
/// [key](crate::Job::key) each knows its messages; one that the table does not send to its queue any more it knows by its
/// id. What a handler itself does about giving up is not done, unlike what follows from [`task.failed`](crate::TaskFailed).
pub struct Collector {
    runtime: Runtime,
    letters: Arc<dyn DeadLetters>,
}

impl Collector {
    /// A collector whose letters a runtime commits.
    pub fn new(runtime: Runtime, letters: Arc<dyn DeadLetters>) -> Self {
        Self { runtime, letters }
    }

    /// Keeps a message that the queue of the handler `queue` gave up, and answers what has to happen to it.
    ///
    /// Acknowledged is what is kept, what was parked or done before. The rest comes again: what could not be kept, and
    /// what a worker is at.
    pub async fn collect(&self, queue: &'static str, record: &Record) -> Disposition {
        // It takes no messages: what it shares with the queue's own worker is how letters are written.
        let worker = Worker::new(queue, self.runtime.clone(), Arc::clone(&self.letters));
        match record.message() {
            Ok(message) => {
                let span = info_span!(
                    "record",
                    correlation_id = %message.correlation_id,
                    causation_id = %message.causation_id,
                    // Quoted: as a name it would keep its `r#`.
                    "event.type" = message.r#type,
                    event.id = %message.id,
                    replay_id = message.replay.map(|replay| tracing::field::display(replay.id)),
                    tenant_id = %message.tenant_id,
                    handler = queue,
                    message_id = record.message_id,
                );
                worker.collect(record, &message).instrument(span).await
            }
            Err(error) => {
                let span = info_span!("record", message_id = record.message_id);
                let unread = Unread { envelope: None, error };
                worker.park_unread(record, &unread).instrument(span).await
            }
        }
    }
}

/// Its handler would react, but only its own worker has it. Reactions to `task.failed` are in the table, and happen here.
struct HandlerElsewhere;

impl OnGiveUp for HandlerElsewhere {
    fn react<'a>(&'a self, _: &'a DeadLetter, _: &'a mut Tx) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }
}

impl Worker {
    async fn collect(&self, record: &Record, message: &RawEnvelope) -> Disposition {
        let now = self.now();
        let table = self.runtime.reactions();
        if message.scope().is_some() && !table.replayable(self.queue, &message.r#type) {
            // As its worker would have parked it: it is no run's, and nobody reacts to what was never to be done.
            let error = DecodeError::NotReplayable { handler: self.queue };
            let unread = Unread { envelope: Some(message.clone()), error };
            return self.park_unread(record, &unread).await;
        }
        let key = match self.runtime.whole(message).await {
            Ok(whole) => table.key_of(self.queue, &whole),
            Err(error) if error.verdict() == Verdict::Permanent => None,
            Err(error) => {
                let reason = reason_of(&error);
                warn!(reason, metric.failed = 1, "given up by its queue, and cannot be read now");
                return AGAIN;
            }
        };
        // What its worker cannot read either, it would have parked under the message's id.
        let key = key.unwrap_or(DedupKey::of(message.id));
        let run = run_of(self.queue, message, key, now, Runtime::REMEMBERS);
        let found = match self.runtime.ports().inbox.find(&run.key, now).await {
            Ok(found) => found,
            Err(error) => {
                let inbox = reason_of(&error);
                warn!(inbox, metric.failed = 1, "given up by its queue, and its run is not known");
                return AGAIN;
            }
        };
        match &found {
            Some(found) if found.status == RunStatus::Done => {
                info!(metric.duplicate = 1, "given up by its queue, and done before");
                return Disposition::Acknowledge;
            }
            Some(found) if found.status == RunStatus::Parked => {
                return self.parked_before(&run, found.reason.as_deref().unwrap_or_default()).await;
            }
            Some(found) if !found.is_idle(now) => {
                let after = found.lease_until.map(|until| between(now, until));
                return Disposition::Redeliver { after };
            }
            Some(_) | None => {}
        }
        // Nobody may have begun or failed it meanwhile.
        let fence = Fence::Idle { attempts: found.as_ref().map_or(0, |found| found.attempts) };
        let letter = abandoned(record, message, &run, found);
        let (handler, reacts) = (self.queue, &HandlerElsewhere);
        let mut lost = LostCause { run: &run, handler, message, fence, letter, reacts };
        if let Err(error) = self.address(&mut lost.letter).await {
            return not_parked(&lost.letter, &error);
        }
        match self.runtime.give_up(&mut lost).await {
            Ok(GaveUp::Parked) => {
                self.parked(&lost.letter);
                Disposition::Acknowledge
            }
            Ok(ended) => {
                info!(ended = ?ended, "given up by its queue, and somebody was faster");
                AGAIN
            }
            Err(error) => not_parked(&lost.letter, &error),
        }
    }
}

/// The letter about a message whose run no worker finished, with what the inbox knows of it; its handler is its queue.
fn abandoned(
    record: &Record,
    message: &RawEnvelope,
    run: &Run,
    found: Option<InboxRecord>,
) -> DeadLetter {
    let (queue, now, causes) = (&run.handler, run.started_at, causes(found.as_ref()));
    let attempts = found.as_ref().map_or(0, |found| found.attempts);
    DeadLetter {
        id: run.key.to_string(),
        queue: queue.clone(),
        handler: Some(queue.clone()),
        body: record.body.clone(),
        envelope: kept(message),
        fingerprint: fingerprint(queue, Some(&message.tenant_id), &causes),
        causes,
        class: FailureClass::Exhausted,
        attempts,
        first_failed_at: found.and_then(|found| found.first_failed_at).unwrap_or(now),
        last_failed_at: now,
        code_version: CODE_VERSION.to_owned(),
        status: LetterStatus::Open,
        redrives: 0,
        edited_as: None,
    }
}

/// Why nobody finished it, as far as its run tells.
fn causes(found: Option<&InboxRecord>) -> Vec<String> {
    let reason = found.and_then(|found| found.reason.as_deref());
    let causes = match (found.map(|found| found.status), reason) {
        (Some(RunStatus::Running), _) => {
            vec![GIVEN_UP, "its last attempt ended without a trace: a crash or a time-out"]
        }
        (_, Some(reason)) => vec![GIVEN_UP, "its last attempt failed", reason],
        (_, None) => vec![
            GIVEN_UP,
            "no attempt left a trace: a crash, a time-out, or a function that does not start",
        ],
    };
    causes.into_iter().map(str::to_owned).collect()
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}
