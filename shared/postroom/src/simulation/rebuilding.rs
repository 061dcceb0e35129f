//! Rebuilding: operators ask for another build of a read model, and the walker makes it beside the one that is read.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::rebuild::{BuildState, Builds, Rebuilds};
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
        let mut builds = self.projections.iter().filter_map(|name| self.ports.builds(name));
        let is_walked = |builds: &Builds| {
            let building = builds.building.as_ref();
            building.is_some_and(|building| building.state == BuildState::Walking)
        };
        builds.any(|builds| is_walked(&builds)).then_some(self.walk_at)
    }

    pub(super) fn walk(&mut self) {
        let now = self.world.lock().now;
        self.walk_at = later(now, WALK_EVERY);
        let Some(projector) = self.business.projector(&self.parts) else { return };
        let (world, deadline) = (self.world.clone(), later(now, TIME_OUT));
        self.begin("walker", Errand::Walk, |_| {
            Box::pin(async move {
                // What it could not do, the next does.
                let walked = projector.walk(Some(deadline)).await;
                world.note(|| format!("walked: {walked:?}"));
                Ended::Over
            })
        });
    }
}
