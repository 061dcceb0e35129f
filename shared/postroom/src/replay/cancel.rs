//! `cancel-replay`: somebody has seen enough of it.

use crate::command::Command;
use crate::office::Audited;
use crate::replay::{ReplayError, ReplayState, ReplayStatus};
use crate::tx::Tx;

pub(super) struct CancelReplay<'a> {
    pub(super) id: &'a str,
}

impl Command for CancelReplay<'_> {
    const NAME: &'static str = "cancel-replay";
    type Output = ReplayStatus;
    type Error = ReplayError;

    async fn handle(&self, tx: &mut Tx) -> Result<ReplayStatus, ReplayError> {
        let stage = |source| ReplayError::Stage { source };
        let not_found = || ReplayError::NotFound { id: self.id.to_owned() };
        let id = self.id.parse().map_err(|_| not_found())?;
        let mut walk = tx.load_replay(id).await.map_err(stage)?.ok_or_else(not_found)?;
        if !walk.is_running() {
            return Err(ReplayError::NotRunning { id });
        }
        walk.end(ReplayState::Cancelled, None, tx.now());
        tx.end_replay(&walk).await.map_err(stage)?;
        tx.audit(&Audited::of(tx, Self::NAME, &id.to_string())).map_err(stage)?;
        Ok(walk.status)
    }
}
