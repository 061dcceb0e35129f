//! `give-up-walk`: the journal cannot be read, and somebody has to look at it before a walk can go on.

use crate::command::Command;
use crate::rebuild::Building;
use crate::tx::{Tx, TxError};

/// The last step of a walk that would fail again.
#[derive(Debug)]
pub(crate) struct GiveUpWalk<'a> {
    pub(crate) projection: &'static str,
    /// As its walker knows it: one that goes on is given up by nobody.
    pub(crate) walked: &'a Building,
    pub(crate) reason: &'a str,
}

impl Command for GiveUpWalk<'_> {
    const NAME: &'static str = "give-up-walk";
    type Output = ();
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), TxError> {
        let mut builds = tx.load_builds(self.projection).await?;
        if builds.stands_as(self.walked) && builds.give_up(self.walked.generation, self.reason) {
            tx.save_builds(self.projection, &builds)?;
        }
        Ok(())
    }
}
