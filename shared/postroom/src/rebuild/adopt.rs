//! `adopt-build`: the code that is running makes a build, or begins the next where another code has begun it.

use crate::command::Command;
use crate::rebuild::Builds;
use crate::tx::{Tx, TxError};

/// The first step of a build, and the first after another version was deployed.
#[derive(Debug)]
pub(crate) struct AdoptBuild<'a> {
    pub(crate) projection: &'static str,
    pub(crate) code: &'a str,
}

impl Command for AdoptBuild<'_> {
    const NAME: &'static str = "adopt-build";
    type Output = Builds;
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<Builds, TxError> {
        let mut builds = tx.load_builds(self.projection).await?;
        if !builds.is_adopted(self.code) {
            builds.adopt(self.code, tx.now());
            tx.save_builds(self.projection, &builds)?;
        }
        Ok(builds)
    }
}
