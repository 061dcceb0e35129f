//! Decisions: what operators do about dead letters, one after the other or at the same time.

use crate::command::Origin;
use crate::office::Redrive;
use crate::simulation::callers::tenant;
use crate::simulation::run::{Ended, Errand, Run};

/// How many decisions are under way at once.
const DECISIONS: usize = 2;

/// Something that an operator could decide now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    letter: String,
}

impl Run<'_> {
    /// Letters that an operator may decide about, however new they are and whoever is still at their messages. When nothing
    /// fails any more, nobody does: whatever is a dead letter then has to stay one.
    pub(super) fn decisions(&self) -> Vec<Decision> {
        if self.world.lock().choices.are_calm() {
            return Vec::new();
        }
        let deciding = self.actors.values().filter(|actor| actor.errand == Errand::Decision);
        if deciding.count() >= DECISIONS {
            return Vec::new();
        }
        let letters = self.ports.memory.open_letters().into_iter();
        let decided = letters.filter(|letter| self.business.redrives(letter));
        decided.map(|letter| Decision { letter: letter.id }).collect()
    }

    pub(super) fn decide(&mut self, Decision { letter }: Decision) {
        let command_id = self.fresh();
        let (Some(tenant_id), Ok(correlation_id)) = (tenant(), "operator".parse()) else { return };
        let origin = Origin {
            command_id,
            tenant_id,
            actor_id: None,
            correlation_id,
            traceparent: None,
            idempotency: None,
        };
        let office = self.office.clone();
        self.begin("operator", Errand::Decision, |_| {
            Box::pin(async move {
                // Whether it was done, refused or nobody knows: the letter says so.
                let _ = office.redrive(&letter, Redrive::default(), &origin).await;
                Ended::Over
            })
        });
    }
}
