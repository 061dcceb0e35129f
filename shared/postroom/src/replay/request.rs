//! `request-replay`: somebody wants events to be sent once more.

use crate::command::Command;
use crate::office::Audited;
use crate::rebuild::AskedBy;
use crate::replay::plan::Plan;
use crate::replay::{ReplayError, ReplayOrder, ReplayStatus, ReplayWalk, Replays};
use crate::tx::Tx;

pub(super) struct RequestReplay<'a> {
    pub(super) order: &'a ReplayOrder,
}

impl Command for RequestReplay<'_> {
    const NAME: &'static str = "request-replay";
    type Output = ReplayStatus;
    type Error = ReplayError;

    async fn handle(&self, tx: &mut Tx) -> Result<ReplayStatus, ReplayError> {
        let stage = |source| ReplayError::Stage { source };
        let plan = Plan::of(self.order, tx.reactions(), tx.now())?;
        let per_minute = self.order.per_minute.clamp(1, Replays::MOST_PER_MINUTE);
        let (id, asked_by) = (tx.new_id().into(), AskedBy::of(tx.origin()));
        let mut status = plan.status(id, per_minute, tx.now());
        status.actor_id.clone_from(&asked_by.actor_id);
        let mut running = tx.load_running_replays().await.map_err(stage)?;
        running.begin(&status)?;
        tx.save_running_replays(&running).map_err(stage)?;
        tx.save_replay(&ReplayWalk::begun(status.clone(), asked_by)).map_err(stage)?;
        tx.audit(&Audited::of(tx, Self::NAME, &id.to_string())).map_err(stage)?;
        Ok(status)
    }
}
