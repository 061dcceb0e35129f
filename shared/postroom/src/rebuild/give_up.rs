//! `give-up-walk`: the journal cannot be read, and somebody has to look at it before a walk can go on.

use crate::command::Command;
use crate::rebuild::Builds;
use crate::stored::Generation;
use crate::tx::{Tx, TxError};

/// The last step of a walk that would fail again.
#[derive(Debug)]
pub(crate) struct GiveUpWalk<'a> {
    pub(crate) projection: &'static str,
    pub(crate) generation: Generation,
    pub(crate) reason: &'a str,
}

impl Command for GiveUpWalk<'_> {
    const NAME: &'static str = "give-up-walk";
    type Output = Builds;
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<Builds, TxError> {
        let mut builds = tx.load_builds(self.projection).await?;
        builds.give_up(self.generation, self.reason);
        tx.save_builds(self.projection, &builds)?;
        Ok(builds)
    }
}
