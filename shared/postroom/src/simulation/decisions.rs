//! Decisions: what operators do about dead letters, one after the other or at the same time.

use crate::command::Origin;
use crate::office::{Edit, Redrive};
use crate::port::DeadLetter;
use crate::simulation::callers::tenant;
use crate::simulation::run::{Ended, Errand, Run};

/// How many decisions are under way at once.
const DECISIONS: usize = 2;

/// A letter that an operator could decide about now, and what could be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    letter: String,
    ways: Vec<Way>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    Redrive,
    /// Something else is sent in its place.
    Edit(String),
    Discard,
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
        let decisions =
            letters.map(|letter| Decision { ways: self.ways(&letter), letter: letter.id });
        decisions.filter(|decision| !decision.ways.is_empty()).collect()
    }

    fn ways(&self, letter: &DeadLetter) -> Vec<Way> {
        let redrives = self.business.redrives(letter).then_some(Way::Redrive);
        let edits = self.business.edits(letter).map(Way::Edit);
        let discards = self.business.discards(letter).then_some(Way::Discard);
        redrives.into_iter().chain(edits).chain(discards).collect()
    }

    /// Who decides.
    pub(super) fn operator(&self) -> Option<Origin> {
        Some(Origin {
            command_id: self.fresh(),
            tenant_id: tenant()?,
            actor_id: None,
            correlation_id: "operator".parse().ok()?,
            traceparent: None,
            idempotency: None,
        })
    }

    pub(super) fn decide(&mut self, Decision { letter, mut ways }: Decision) {
        let way = ways.swap_remove(self.world.lock().choices.any_of(ways.len()));
        let Some(origin) = self.operator() else { return };
        let office = self.office.clone();
        self.begin("operator", Errand::Decision, |_| {
            Box::pin(async move {
                // Whether it was done, refused or nobody knows: the letter says so.
                match way {
                    Way::Redrive => {
                        let _ = office.redrive(&letter, Redrive::default(), &origin).await;
                    }
                    Way::Edit(body) => {
                        let edit = Edit { body: &body, again: false };
                        let _ = office.edit(&letter, edit, &origin).await;
                    }
                    Way::Discard => {
                        let _ = office.discard(&letter, "a test of nerves", &origin).await;
                    }
                }
                Ended::Over
            })
        });
    }
}
