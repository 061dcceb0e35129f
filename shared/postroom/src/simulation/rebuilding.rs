//! Rebuilding: operators ask for another build of a read model, the walker makes it beside the one that is read, and removes
//! what is left of earlier ones.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::rebuild::{BuildState, Builds, Rebuilds, Remains};
use crate::simulation::moves::TIME_OUT;
use crate::simulation::run::{Ended, Errand, Run};

/// How often an operator asks for another build, in one run.
const REBUILDS: usize = 2;
/// How often the walker runs while there is something to walk.
const WALK_EVERY: Duration = Duration::from_mins(1);

impl Run<'_> {
    /// Whether an operator could ask for another build now: not when nothing fails any more, as it would have no end.
    pub(super) fn may_rebuild(&self) -> bool {
        let calm = self.world.lock().choices.are_calm();
        !calm && !self.projections.is_empty() && self.rebuilds < REBUILDS
    }

    pub(super) fn rebuild(&mut self) {
        self.rebuilds += 1;
        let projection = {
            let choices = &mut self.world.lock().choices;
            self.projections[choices.any_of(self.projections.len())]
        };
        let Some(origin) = self.operator() else { return };
        let rebuilds = Rebuilds::new(self.parts.runtime.clone(), self.projections.clone());
        self.begin("operator", Errand::Rebuild, |_| {
            Box::pin(async move {
                // Whether it was written down, the builds say.
                let _ = rebuilds.request(projection, &origin).await;
                Ended::Over
            })
        });
    }

    /// When the walker has something to do.
    pub(super) fn walk_due(&self) -> Option<Timestamp> {
        let builds = self.projections.iter().filter_map(|name| self.ports.builds(name));
        builds.filter_map(|builds| self.due_of(&builds)).min()
    }

    fn due_of(&self, builds: &Builds) -> Option<Timestamp> {
        let building = builds.building.as_ref();
        let is_walked = building.is_some_and(|building| building.state == BuildState::Walking);
        let removable = builds.remains.as_ref().map(Remains::removable_at);
        let due = if is_walked { Some(self.walk_at) } else { removable };
        due.map(|due| due.max(self.walk_at))
    }

    pub(super) fn walk(&mut self) {
        let now = self.world.lock().now;
        self.walk_at = later(now, WALK_EVERY);
        let Some(projector) = self.business.projector(&self.parts) else { return };
        let (world, rows, deadline) = (self.world.clone(), self.rows.clone(), later(now, TIME_OUT));
        self.begin("walker", Errand::Walk, |_| {
            Box::pin(async move {
                // What it could not do, the next does.
                let walked = projector.walk(Some(deadline)).await;
                let swept = projector.sweep(&rows, Some(deadline)).await;
                world.note(|| format!("walked: {walked:?}, swept: {swept:?}"));
                Ended::Over
            })
        });
    }
}
