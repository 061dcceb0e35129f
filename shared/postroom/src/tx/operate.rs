//! What only the kit's own commands stage: decisions of operators about dead letters, builds of read models, and replays.

use serde::Serialize;

use crate::id::ReplayId;
use crate::port::OutboxRow;
use crate::reactions::Reactions;
use crate::rebuild::Builds;
use crate::replay::{ReplayWalk, Running};
use crate::stored::{Key, Partition, StreamId};
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
        self.save_own(Builds::key(projection), Builds::stream(projection), builds)
    }

    /// A replay, as of now. The commit fails, and is decided anew, if it has changed by then.
    pub(crate) async fn load_replay(
        &mut self,
        id: ReplayId,
    ) -> Result<Option<ReplayWalk>, TxError> {
        self.load_key(ReplayWalk::key(id), ReplayWalk::stream(id)).await
    }

    /// Writes a replay that was loaded, or is new.
    pub(crate) fn save_replay(&mut self, walk: &ReplayWalk) -> Result<(), TxError> {
        self.save_own(ReplayWalk::key(walk.id()), ReplayWalk::stream(walk.id()), walk)
    }

    /// Writes a replay that is over, and takes it from those that are running.
    pub(crate) async fn end_replay(&mut self, walk: &ReplayWalk) -> Result<(), TxError> {
        let mut running = self.load_running_replays().await?;
        running.end(walk.id());
        self.save_running_replays(&running)?;
        self.save_replay(walk)
    }

    /// Which replays are running; guarded, as [`load_replay`](Self::load_replay).
    pub(crate) async fn load_running_replays(&mut self) -> Result<Running, TxError> {
        Ok(self.load_key(Running::key(), Running::stream()).await?.unwrap_or_default())
    }

    /// Writes which are.
    pub(crate) fn save_running_replays(&mut self, running: &Running) -> Result<(), TxError> {
        self.save_own(Running::key(), Running::stream(), running)
    }

    fn save_own(
        &mut self,
        key: Key,
        stream: StreamId,
        item: &impl Serialize,
    ) -> Result<(), TxError> {
        let data = self.encode(&key, item)?;
        self.items.save(Entity { key, stream, live: None, data }, self.frame.turn())?;
        self.room_for("items of operators", 0)
    }

    /// The table of what happens after what.
    pub(crate) fn reactions(&self) -> &Reactions {
        &self.reactions
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
