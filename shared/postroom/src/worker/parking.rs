//! Parking: the dead letter first, then the memory of it, and only then may the message go.

use serde_json::Value;
use tracing::warn;

use crate::CODE_VERSION;
use crate::envelope::RawEnvelope;
use crate::port::{DeadLetter, FailedRun, FailureClass, Failures, LetterStatus};
use crate::reason_of;
use crate::verdict::causes_of;
use crate::worker::failure::Failed;
use crate::worker::fingerprint::fingerprint;
use crate::worker::record::Unread;
use crate::worker::{AGAIN, Disposition, Record, Worker};

/// The most bytes of an envelope that is kept beside its body. Ours have a few hundred; what is larger is foreign, and
/// whole in the body.
const MAX_ENVELOPE_BYTES: usize = 16 * 1024;

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
    /// Parks what no handler here takes. Nothing remembers it: delivered again, it is parked again, under the same id.
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
        if self.keep(&letter).await { Disposition::Acknowledge } else { AGAIN }
    }

    pub(super) async fn park(&self, letter: &DeadLetter, failed: &FailedRun) -> Disposition {
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
        let (id, reason) = (&letter.id, letter.reason());
        let fingerprint = letter.fingerprint.to_string();
        match self.dead_letters.park(letter).await {
            Ok(()) => {
                let handler = self.queue;
                warn!(
                    reason,
                    dead_letter = id,
                    handler,
                    fingerprint,
                    metric.permanent = 1,
                    "failed for good; parked"
                );
                true
            }
            Err(error) => {
                let store = reason_of(&error);
                warn!(
                    reason,
                    dead_letter = id,
                    store,
                    metric.failed = 1,
                    "failed for good, but could not be parked"
                );
                false
            }
        }
    }
}

/// What a letter keeps of an envelope: all but the payload.
fn kept(message: &RawEnvelope) -> Option<RawEnvelope> {
    let envelope = message.clone().with(Value::Null);
    (envelope.to_body().len() <= MAX_ENVELOPE_BYTES).then_some(envelope)
}
