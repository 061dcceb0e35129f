//! `hold-up-build`: an event can be neither applied to a build nor parked in it.

use crate::command::Command;
use crate::stored::Generation;
use crate::tx::{Tx, TxError};

/// The end of a walk that could not pass an event without leaving it out.
#[derive(Debug)]
pub(crate) struct HoldUpBuild<'a> {
    pub(crate) projection: &'static str,
    pub(crate) generation: Generation,
    pub(crate) reason: &'a str,
}

impl Command for HoldUpBuild<'_> {
    const NAME: &'static str = "hold-up-build";
    /// Whether it is held up now, for this reason or another.
    type Output = bool;
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<bool, TxError> {
        let mut builds = tx.load_builds(self.projection).await?;
        if builds.give_up(self.generation, self.reason) {
            tx.save_builds(self.projection, &builds)?;
        }
        Ok(builds.is_held_up(self.generation))
    }
}
