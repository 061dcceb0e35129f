//! Operations on dead letters: runs are given up, and what was given up is decided about.

use crate::contract::Adapters;
use crate::contract::dead_letters::letter;
use crate::contract::differential::operations::{Operations, all, text, uuid};
use crate::id::MessageId;
use crate::port::{DeadLetter, LETTER_SHARDS, LetterFile, LetterStatus, RunKey, RunStatus};
use crate::transaction::{End, Fate, Fence, LetterChange, RunChange, Transaction};

/// The letters of an operation's runs, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Letters {
    written: Vec<DeadLetter>,
    /// Messages that were sent in the place of others, or would have been.
    instead: Vec<MessageId>,
}

/// One call that is about letters and commits nothing.
#[derive(Debug, Clone)]
pub(super) enum LetterOperation {
    Find(String),
    Open(u8),
    Chain,
    Park(Box<DeadLetter>),
    StandIn(RunKey, MessageId),
}

impl Operations {
    pub(super) fn letter_operation(&mut self) -> LetterOperation {
        let run = self.run();
        match self.random.below(5) {
            0 => LetterOperation::Find(run.key.to_string()),
            1 => LetterOperation::Open(self.random.any_of(&[0, 1, 2, 3]) % LETTER_SHARDS),
            2 => LetterOperation::Chain,
            3 => LetterOperation::Park(Box::new(self.letter(&run.key))),
            _ => {
                let any = uuid(&mut self.random).into();
                let instead = self.letters.instead.last().copied().unwrap_or(any);
                LetterOperation::StandIn(run.key, instead)
            }
        }
    }

    pub(super) async fn ask_letters(
        &self,
        operation: &LetterOperation,
        adapters: &Adapters,
    ) -> String {
        let Adapters { dead_letters, inbox, .. } = adapters;
        let (tenant, chain) = (&self.sample.tenant, &self.sample.correlation_id);
        match operation {
            LetterOperation::Find(id) => text(dead_letters.find(id).await),
            LetterOperation::Open(shard) => {
                all(async |before| dead_letters.open(*shard, before.as_deref()).await).await
            }
            LetterOperation::Chain => {
                all(async |after| {
                    LetterFile::chain(&**dead_letters, tenant, chain, after.as_deref()).await
                })
                .await
            }
            LetterOperation::Park(letter) => text(dead_letters.park(letter).await),
            LetterOperation::StandIn(key, message) => text(inbox.stand_in(key, *message).await),
        }
    }

    /// Gives the run of a transaction up, with all else that is in it.
    pub(super) fn give_up(&mut self, mut tx: Transaction) -> Transaction {
        if matches!(tx.completion.fence, Fence::NotDone | Fence::NotParked) {
            tx.completion.fence = Fence::Idle { attempts: self.random.any_of(&[0, 0, 0, 1, 2]) };
        }
        let letter = self.letter(&tx.completion.run.key);
        tx.completion.end = End::GivenUp(Box::new(letter));
        tx
    }

    /// Decides about a letter, if there ever was one, and mostly about its run too.
    pub(super) fn decision(&mut self) -> Transaction {
        let mut tx = Transaction { token: uuid(&mut self.random).into(), ..self.sample.tx() };
        tx.completion.run.started_at = self.now;
        tx.completion.finished_at = self.now;
        let Some(letter) = self.letters.written.last().cloned() else { return tx };
        let status = self.random.any_of(&[LetterStatus::Redriven, LetterStatus::Discarded]);
        let instead = (self.random.below(2) == 0).then(|| uuid(&mut self.random).into());
        let (id, position) = (letter.id.clone(), letter.position());
        tx.letters.push(LetterChange { id, position, status, edited_as: instead });
        self.letters.instead.extend(instead);
        if self.random.below(4) > 0 {
            let run = self.run_of(&letter.id);
            let (seen, fate) = self.fate(instead);
            tx.runs.push(RunChange { run, seen, fate, at: self.now });
        }
        tx
    }

    /// What becomes of a run, of what it may become from there.
    fn fate(&mut self, instead: Option<MessageId>) -> (Option<RunStatus>, Fate) {
        let parked = Some(RunStatus::Parked);
        let any = [parked, parked, Some(RunStatus::Waiting), Some(RunStatus::Running)];
        let reason = "nobody wants it".to_owned();
        match self.random.below(3) {
            0 => (self.random.any_of(&[parked, parked, Some(RunStatus::Waiting)]), Fate::Pardoned),
            1 => {
                let seen = self.random.any_of(&[any[0], any[1], any[2], any[3], None]);
                (seen, Fate::Parked { reason, instead })
            }
            _ => {
                let seen = self.random.any_of(&[any[0], any[2], any[3], Some(RunStatus::Done)]);
                (seen, Fate::Kept)
            }
        }
    }

    /// Takes up what a commit has changed.
    pub(super) fn learn_letters(&mut self, tx: &Transaction) {
        if let Some(letter) = tx.parked() {
            self.remember(letter);
        }
        for change in &tx.letters {
            let letter = self.letters.written.iter_mut().find(|letter| letter.id == change.id);
            if let Some(letter) = letter {
                letter.redrives += u32::from(change.status == LetterStatus::Redriven);
            }
        }
    }

    /// It is the last one now.
    pub(super) fn remember(&mut self, letter: &DeadLetter) {
        let written = &mut self.letters.written;
        let redrives = written.iter().find(|earlier| earlier.id == letter.id);
        let redrives = redrives.map_or(0, |earlier| earlier.redrives);
        written.retain(|earlier| earlier.id != letter.id);
        written.push(DeadLetter { redrives, ..letter.clone() });
    }

    /// A letter that was redriven as often as is known, or, now and then, not quite.
    fn letter(&mut self, key: &RunKey) -> DeadLetter {
        let earlier = self.letters.written.iter().find(|letter| letter.id == key.as_str());
        let redrives = earlier.map_or(0, |letter| letter.redrives);
        let redrives = redrives.saturating_sub(u32::from(self.random.below(6) == 0));
        let attempts = self.random.any_of(&[0, 1, 2, 5]);
        let (id, last_failed_at) = (key.to_string(), self.now);
        DeadLetter { id, attempts, last_failed_at, redrives, ..letter(&self.sample) }
    }
}
