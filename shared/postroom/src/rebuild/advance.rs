//! `advance-walk`: a page of the journal is behind a build; with the last one it is the build that is read.

use crate::command::Command;
use crate::rebuild::{Advanced, Step};
use crate::tx::{Tx, TxError};

/// A step of a walk, once its page is applied: written before, a walker that dies in between would leave the page out.
#[derive(Debug)]
pub(crate) struct AdvanceWalk<'a> {
    pub(crate) projection: &'static str,
    pub(crate) step: &'a Step,
}

impl Command for AdvanceWalk<'_> {
    const NAME: &'static str = "advance-walk";
    type Output = Advanced;
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<Advanced, TxError> {
        let mut builds = tx.load_builds(self.projection).await?;
        let advanced = builds.advance(self.step, tx.now());
        if advanced != Advanced::Overtaken {
            tx.save_builds(self.projection, &builds)?;
        }
        Ok(advanced)
    }
}
