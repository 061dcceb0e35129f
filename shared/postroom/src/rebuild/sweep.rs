//! `sweep-builds`: a page of what is left of earlier builds is removed.

use crate::command::Command;
use crate::rebuild::{Builds, Remains};
use crate::tx::{Tx, TxError};

/// A step of a sweep, once its page is removed: written before, what a sweeper that dies in between had not removed would
/// stay for ever.
#[derive(Debug)]
pub(crate) struct SweepBuilds<'a> {
    pub(crate) projection: &'static str,
    pub(crate) of: &'a Remains,
    pub(crate) next: Option<&'a str>,
}

impl Command for SweepBuilds<'_> {
    const NAME: &'static str = "sweep-builds";
    /// As they are then: the next step begins there, whoever took this one.
    type Output = Builds;
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<Builds, TxError> {
        let mut builds = tx.load_builds(self.projection).await?;
        if builds.removed(self.of, self.next) {
            tx.save_builds(self.projection, &builds)?;
        }
        Ok(builds)
    }
}
