//! Parking: the dead letter and the memory of it at once, and only then may the message go.

use std::error::Error;

use serde_json::Value;
use tracing::{info, warn};

use crate::envelope::RawEnvelope;
use crate::port::{DeadLetter, FailureClass, Failures, LetterStatus, StoreError};
use crate::reason_of;
use crate::runtime::{GaveUp, LostCause, OnGiveUp};
use crate::transaction::Fence;
use crate::tx::Tx;
use crate::verdict::{Failure, causes_of};
use crate::worker::failure::{Attempt, Failed};
use crate::worker::fingerprint::fingerprint;
use crate::worker::record::Unread;
use crate::worker::{AGAIN, Disposition, Record, Worker};
use crate::{BoxFuture, CODE_VERSION};

/// The most bytes of an envelope that is kept beside its body. Ours have a few hundred; what is larger is foreign, and
/// whole in the body.
const MAX_ENVELOPE_BYTES: usize = 16 * 1024;

impl OnGiveUp for Attempt<'_> {
    fn react<'a>(
        &'a self,
        letter: &'a DeadLetter,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        self.handler.give_up(&self.message, letter, tx)
    }

    fn with_letter<'a>(&'a self, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), Failure>> {
        self.handler.with_letter(&self.message, tx)
    }
}

impl Failed<'_> {
    /// The letter about a message that its handler failed for good.
    pub(super) fn letter(
        &self,
        queue: &str,
        class: FailureClass,
        failures: Failures,
    ) -> DeadLetter {
        let (run, message) = (&self.run.run, &self.attempt.message);
        DeadLetter {
            id: run.key.to_string(),
            queue: queue.to_owned(),
            handler: Some(run.handler.clone()),
            body: self.attempt.record.body.clone(),
            envelope: kept(message),
            fingerprint: fingerprint(&run.handler, Some(&message.tenant_id), &self.causes),
            causes: self.causes.clone(),
            class,
            attempts: failures.attempts,
            first_failed_at: failures.first_at,
            last_failed_at: self.run.at,
            code_version: CODE_VERSION.to_owned(),
            status: LetterStatus::Open,
            redrives: 0,
            edited_as: None,
        }
    }
}

impl Worker {
    /// Parks what no handler here takes. Its letter alone remembers it: delivered again, it is parked again, under the same
    /// id, unless somebody has decided about it.
    pub(super) async fn park_unread(&self, record: &Record, unread: &Unread) -> Disposition {
        let (causes, now) = (causes_of(&unread.error), self.now());
        let envelope = unread.envelope.as_ref();
        let letter = DeadLetter {
            id: format!("{}#{}", self.queue, record.message_id),
            queue: self.queue.to_owned(),
            handler: None,
            body: record.body.clone(),
            envelope: envelope.and_then(kept),
            fingerprint: fingerprint(self.queue, envelope.map(|found| &found.tenant_id), &causes),
            causes,
            class: FailureClass::Permanent,
            attempts: 1,
            first_failed_at: now,
            last_failed_at: now,
            code_version: CODE_VERSION.to_owned(),
            status: LetterStatus::Open,
            redrives: 0,
            edited_as: None,
        };
        match self.dead_letters.park(&letter).await {
            Ok(true) => self.parked(&letter),
            Ok(false) => {
                let (id, reason) = (&letter.id, letter.reason());
                info!(reason, dead_letter = id, metric.duplicate = 1, "decided about before");
            }
            Err(error) => return not_parked(&letter, &error),
        }
        Disposition::Acknowledge
    }

    /// Gives a run up. Where that is not certain its message comes back, and then it is known what became of it.
    pub(super) async fn park(
        &self,
        failed: &Failed<'_>,
        class: FailureClass,
        failures: Failures,
        fence: Fence,
    ) -> Disposition {
        let mut lost = LostCause {
            run: &failed.run.run,
            handler: failed.attempt.handler.name(),
            message: &failed.attempt.message,
            fence,
            letter: failed.letter(self.queue, class, failures),
            reacts: failed.attempt,
        };
        if let Err(error) = self.address(&mut lost.letter).await {
            return not_parked(&lost.letter, &error);
        }
        match self.runtime.give_up(&mut lost).await {
            Ok(GaveUp::Parked) => {
                self.parked(&lost.letter);
                Disposition::Acknowledge
            }
            Ok(GaveUp::NotOurs) => self.failed_beside(&failed.run).await,
            Err(error) => not_parked(&lost.letter, &error),
        }
    }

    /// Looks what was decided about the letter that it replaces, and writes what its transaction cannot hold.
    pub(super) async fn address(&self, letter: &mut DeadLetter) -> Result<(), StoreError> {
        let earlier = self.dead_letters.find(&letter.id).await?;
        letter.redrives = earlier.map_or(0, |earlier| earlier.redrives);
        self.dead_letters.prepare(letter).await
    }

    pub(super) fn parked(&self, letter: &DeadLetter) {
        let (id, reason, handler) = (&letter.id, letter.reason(), self.queue);
        let fingerprint = letter.fingerprint.to_string();
        warn!(
            reason,
            dead_letter = id,
            handler,
            fingerprint,
            metric.permanent = 1,
            "failed for good; parked"
        );
    }
}

pub(super) fn not_parked(letter: &DeadLetter, error: &(dyn Error + 'static)) -> Disposition {
    let (id, reason, store) = (&letter.id, letter.reason(), reason_of(error));
    warn!(
        reason,
        dead_letter = id,
        store,
        metric.failed = 1,
        "failed for good, but could not be parked"
    );
    AGAIN
}

/// What a letter keeps of an envelope: all but the payload.
pub(super) fn kept(message: &RawEnvelope) -> Option<RawEnvelope> {
    let envelope = message.with(Value::Null);
    (envelope.to_body().len() <= MAX_ENVELOPE_BYTES).then_some(envelope)
}
