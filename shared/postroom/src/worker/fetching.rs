//! Fetching a payload that did not travel along, before its handler is asked anything.

use std::borrow::Cow;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::lock::MutexGuard;
use tracing::warn;

use crate::clock::milliseconds;
use crate::envelope::RawEnvelope;
use crate::reason_of;
use crate::verdict::{Classify, Verdict};
use crate::worker::handler::{Prepared, QueuedRun, RecordError};
use crate::worker::{AT_ONCE, Disposition, Record, Worker};

/// A message as its handler has read it.
pub(super) struct Read<'a> {
    pub(super) message: RawEnvelope,
    pub(super) prepared: Result<Prepared<'a>, RecordError>,
}

/// Whoever has it may have a payload, and is the only one.
pub(super) type Alone<'a> = MutexGuard<'a, ()>;

impl Worker {
    /// Lets a handler read a message whose payload is elsewhere. The next is fetched when [`Alone`] is dropped: a payload may be
    /// a hundred times what others are, and a worker has ten messages at once.
    ///
    /// A bucket that does not answer is nobody's attempt: its handler was not tried. The message then stays away, and longer
    /// each time it comes.
    ///
    /// # Errors
    /// What has to happen to the message, as its payload is not here now.
    pub(super) async fn fetch<'a, 'b>(
        &'b self,
        record: &Record,
        message: RawEnvelope,
        handler: &'a dyn QueuedRun,
        left: Duration,
    ) -> Result<(Read<'a>, Alone<'b>), Disposition> {
        let fetching = async {
            let alone = self.fetching.lock().await;
            (alone, self.runtime.whole(&message).await.map(Cow::into_owned))
        };
        let fetched = self.run_within(left, fetching.boxed()).await;
        let (alone, whole) = fetched.ok_or(AT_ONCE)?;
        match whole {
            Ok(whole) => Ok((Read { prepared: handler.prepare(&whole), message: whole }, alone)),
            Err(source) => match source.verdict() {
                Verdict::Permanent => {
                    Ok((Read { message, prepared: Err(RecordError::Claim { source }) }, alone))
                }
                Verdict::Retry { after } => {
                    let (reason, wait) = (reason_of(&source), self.stay_away(record, after));
                    let wait_ms = milliseconds(wait);
                    warn!(
                        reason,
                        wait_ms,
                        metric.failed = 1,
                        "not tried: its payload is out of reach"
                    );
                    Err(Disposition::Redeliver { after: Some(wait) })
                }
            },
        }
    }
}
