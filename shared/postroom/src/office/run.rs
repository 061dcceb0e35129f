//! The run of a letter's message: how a decision finds it, and what it makes of it.

use crate::clock::later;
use crate::envelope::RawEnvelope;
use crate::id::{DedupKey, MessageId};
use crate::office::DecideError;
use crate::port::{DeadLetter, Inbox, Run, RunKey, RunStatus};
use crate::runtime::{Runtime, run_of};
use crate::transaction::{Fate, RunChange};
use crate::tx::Tx;

/// The run that a letter's message would have, as it stands.
pub(super) struct LetterRun<'a> {
    letter: &'a DeadLetter,
    run: Run,
    /// Where it stands; `None`: nowhere, or that is forgotten.
    pub(super) status: Option<RunStatus>,
}

impl<'a> LetterRun<'a> {
    /// Looks it up. `None`: nobody could ever read the message, so it has no run.
    ///
    /// # Errors
    /// A worker is at it, or it cannot be read.
    pub(super) async fn find(
        letter: &'a DeadLetter,
        inbox: &dyn Inbox,
        tx: &Tx,
    ) -> Result<Option<Self>, DecideError> {
        let message = RawEnvelope::parse(&letter.body).ok();
        let key = match (&letter.handler, &message) {
            (Some(_), _) => RunKey::from_stored(letter.id.clone()),
            // Whoever reads it one day is the queue's handler, and most know messages by their ids.
            (None, Some(message)) => {
                RunKey::of_handler(&letter.queue, message.id).in_scope(message.scope())
            }
            (None, None) => return Ok(None),
        };
        let found = inbox.find(&key, tx.now()).await;
        let found = found.map_err(|source| DecideError::Store { id: letter.id.clone(), source })?;
        if let Some(record) = found.as_ref().filter(|record| record.is_held(tx.now())) {
            let until = record.lease_until.unwrap_or(tx.now());
            return Err(DecideError::InFlight { id: letter.id.clone(), until });
        }
        let status = found.as_ref().map(|record| record.status);
        let run = match (found, message) {
            (Some(record), _) => record.run,
            (None, Some(message)) => {
                let handler = letter.handler.as_ref().unwrap_or(&letter.queue);
                let by_id = DedupKey::of(message.id);
                Run { key, ..run_of(handler, &message, by_id, tx.now(), Runtime::REMEMBERS) }
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Self { letter, run, status }))
    }

    /// Whether the letter is the one of its run. The other kind is about a delivery that no handler took; whatever its
    /// run is remembered as is another delivery's, which has a letter of its own where that failed.
    pub(super) fn is_the_letters_own(&self) -> bool {
        self.letter.handler.is_some()
    }

    /// Whether nobody knows any more what became of it: the letter is older than the inbox remembers, and does not keep its
    /// run. No worker has recorded a failure of it, which it may know by a key of its own; or none took it at all.
    pub(super) fn is_forgotten(&self, tx: &Tx) -> bool {
        let kept = self.status.is_some() && self.letter.attempts > 0;
        !kept && later(self.letter.last_failed_at, Runtime::REMEMBERS) <= tx.now()
    }

    /// Another letter of the same message decides about its run, or did.
    ///
    /// # Errors
    /// So it is.
    pub(super) fn is_decided_about_here(&self) -> Result<(), DecideError> {
        if self.status == Some(RunStatus::Parked) && !self.is_the_letters_own() {
            let (id, run) = (self.letter.id.clone(), self.run.key.to_string());
            return Err(DecideError::ParkedElsewhere { id, run });
        }
        Ok(())
    }

    /// It waits for its first attempt.
    pub(super) fn pardoned(self, tx: &Tx) -> RunChange {
        self.changed(Fate::Pardoned, tx)
    }

    /// It is never run but by the message that is sent `instead`. That is written even where nobody ever began it: a copy
    /// of its message may still be on its way.
    pub(super) fn parked(mut self, instead: Option<MessageId>, tx: &Tx) -> RunChange {
        self.run.expires_at = Run::FOREVER;
        let reason = self.letter.reason();
        self.changed(Fate::Parked { reason, instead }, tx)
    }

    /// It is remembered for longer than a message takes that is sent now.
    pub(super) fn kept(mut self, tx: &Tx) -> RunChange {
        let sent_now = later(tx.now(), Runtime::REMEMBERS);
        self.run.expires_at = self.run.expires_at.max(sent_now);
        self.changed(Fate::Kept, tx)
    }

    fn changed(self, fate: Fate, tx: &Tx) -> RunChange {
        RunChange { run: self.run, seen: self.status, fate, at: tx.now() }
    }
}
