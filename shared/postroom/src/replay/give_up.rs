//! `give-up-replay`: it would fail whenever it went on, and somebody has to look at it.

use crate::command::Command;
use crate::id::ReplayId;
use crate::replay::ReplayState;
use crate::replay::walk::Place;
use crate::tx::{Tx, TxError};

/// The last step of a replay that would fail again.
#[derive(Debug)]
pub(super) struct GiveUpReplay<'a> {
    pub(super) id: ReplayId,
    /// Where its walker has failed: one that goes on is given up by nobody.
    pub(super) at: &'a Place,
    pub(super) reason: &'a str,
}

impl Command for GiveUpReplay<'_> {
    const NAME: &'static str = "give-up-replay";
    type Output = ();
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), TxError> {
        let found = tx.load_replay(self.id).await?.filter(|walk| walk.stands_at(self.at));
        let Some(mut walk) = found else { return Ok(()) };
        walk.end(ReplayState::Failed, Some(self.reason), tx.now());
        tx.end_replay(&walk).await
    }
}
