//! A run from its beginning to its rest, and whether all is well on the way.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::between;
use crate::id::TenantId;
use crate::simulation::run::Run;
use crate::simulation::{Contents, Law, Violation};

/// After how many steps nothing fails any more.
const UNSAFE_STEPS: usize = 400;
/// Within how many more steps everything has to come to rest.
const STEPS_TO_REST: usize = 20_000;
/// Within how much simulated time.
const TIME_TO_REST: Duration = Duration::from_hours(24);

impl Run<'_> {
    /// Lets things happen: at first with faults, then without, until nothing is left to do.
    pub(super) fn until_rest(&mut self) -> Result<(), Violation> {
        let mut calm_since = None;
        let mut steps = 0;
        let mut looked_at = Some(0);
        loop {
            let now = {
                let mut state = self.world.lock();
                if steps >= UNSAFE_STEPS && !state.choices.are_calm() {
                    state.choices.calm();
                }
                if calm_since.is_none() && state.choices.are_calm() {
                    calm_since = Some((steps, state.now));
                    state.note(|| "from here on nothing fails".to_owned());
                }
                state.figures.steps += 1;
                state.now
            };
            if !self.step() {
                return self.rest();
            }
            self.look(&mut looked_at);
            steps += 1;
            if let Some((step, since)) = calm_since
                && (steps - step > STEPS_TO_REST || between(since, now) > TIME_TO_REST)
            {
                return self.rest().and(Err(Violation {
                    law: Law::Rest,
                    found: format!("{} invocations still run", self.actors.len()),
                }));
            }
        }
    }

    /// What is left to do although nobody can go on.
    fn rest(&self) -> Result<(), Violation> {
        let mut left = self.world.lock().queues.left();
        let rows = self.ports.memory.outbox_rows().into_iter();
        left.extend(rows.map(|row| format!("{}#{} in the outbox", row.to, row.message_id)));
        left.extend(self.actors.values().map(|actor| format!("{} waits for ever", actor.who)));
        let waiting = self.callers.iter().filter(|caller| caller.outcome.is_none());
        left.extend(waiting.map(|caller| format!("{} was not answered", caller.request.name)));
        let wake_ups = self.world.lock().wake_ups.left();
        left.extend((wake_ups > 0).then(|| format!("{wake_ups} wake-ups")));
        if left.is_empty() {
            return Ok(());
        }
        Err(Violation { law: Law::Rest, found: format!("{} is left", left.join(", ")) })
    }

    /// Asks the business whether all is well, if anything was committed since it was asked. `looked_at` is how many
    /// transactions there were then; `None`: it has said no.
    fn look(&self, looked_at: &mut Option<usize>) {
        let Some(before) = *looked_at else { return };
        let changed: BTreeSet<TenantId> = {
            let state = self.world.lock();
            let applied = &state.evidence.applied;
            if applied.len() == before {
                return;
            }
            *looked_at = Some(applied.len());
            applied[before..].iter().map(|tx| tx.completion.run.tenant_id.clone()).collect()
        };
        // What operators do is nobody's, and changes what everybody reads.
        let all = changed.iter().any(|tenant| !self.tenants.contains(tenant));
        let mut contents =
            self.contents().filter(|contents| all || changed.contains(&contents.tenant));
        let broken = contents.find_map(|contents| self.business.always(&contents).err());
        if let Some(found) = broken {
            let violation = Violation { law: Law::Always, found };
            self.world.lock().evidence.violations.push(violation);
            *looked_at = None;
        }
    }

    /// What each tenant has now.
    pub(super) fn contents(&self) -> impl Iterator<Item = Contents> {
        let (world, memory) = (&self.world, &self.ports.memory);
        let of_tenant =
            |tenant| Contents { world: Arc::clone(world), memory: memory.clone(), tenant };
        self.tenants.iter().cloned().map(of_tenant)
    }
}
