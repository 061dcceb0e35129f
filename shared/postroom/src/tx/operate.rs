//! What only the kit's own commands stage: decisions of operators about dead letters, and builds of read models.

use crate::port::OutboxRow;
use crate::rebuild::Builds;
use crate::stored::{Key, Partition};
use crate::transaction::{ItemWrite, LetterChange, RunChange};
use crate::tx::items::Entity;
use crate::tx::{Tx, TxError};
use crate::{Audited, Origin, sortable};

impl Tx {
    /// Decides about a dead letter.
    pub(crate) fn decide(&mut self, change: LetterChange) -> Result<(), TxError> {
        self.letters.push(change);
        self.room_for("dead letters", 0)
    }

    /// Decides what becomes of the run of its message.
    pub(crate) fn decide_run(&mut self, change: RunChange) -> Result<(), TxError> {
        self.runs.push(change);
        self.room_for("runs", 0)
    }

    /// Sends a message that was sent before, or one that stands for it.
    pub(crate) fn send_again(&mut self, row: OutboxRow) -> Result<(), TxError> {
        let bytes = row.body.len();
        self.outbox.push(row);
        self.room_for("redriven messages", bytes)
    }

    /// Writes down what an operator does. Two actions at one time are two items.
    pub(crate) fn audit(&mut self, action: &Audited) -> Result<(), TxError> {
        let id = format!("{}#{}", sortable(self.now), self.origin.command_id);
        let key = Key { partition: Partition::of_operators("audit", Some(&action.subject)), id };
        let data = self.encode(&key, action)?;
        self.items.put_view(key, data, self.frame.turn())?;
        self.room_for("audit", 0)
    }

    /// The builds of a projection. The commit fails, and is decided anew, if they have changed by then.
    pub(crate) async fn load_builds(&mut self, projection: &str) -> Result<Builds, TxError> {
        let (key, stream) = (Builds::key(projection), Builds::stream(projection));
        Ok(self.load_key(key, stream).await?.unwrap_or_default())
    }

    /// Writes the builds that were loaded.
    pub(crate) fn save_builds(&mut self, projection: &str, builds: &Builds) -> Result<(), TxError> {
        let (key, stream) = (Builds::key(projection), Builds::stream(projection));
        let data = self.encode(&key, builds)?;
        self.items.save(Entity { key, stream, live: None, data }, self.frame.turn())?;
        self.room_for("builds", 0)
    }

    /// What was staged of items, where nothing is committed: for a fold of events in memory.
    pub(crate) fn into_writes(self) -> Vec<ItemWrite> {
        self.items.into_writes()
    }

    /// Whether what comes by a queue is for the read models behind it.
    pub(crate) fn is_for_read_models(&self, queue: &str) -> bool {
        self.reactions.is_projector(queue)
    }

    /// Who acts, and in which chain.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }
}
