//! Decisions: what operators do about dead letters, one after the other or at the same time.

use crate::command::Origin;
use crate::office::{Edit, Redrive};
use crate::port::DeadLetter;
use crate::simulation::callers::tenant;
use crate::simulation::run::{Ended, Errand, Run};

/// How many decisions are under way at once.
const DECISIONS: usize = 2;

/// What an operator could do about a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    Redrive,
    /// Something else is sent in its place.
    Edit(String),
    Discard,
}

impl Run<'_> {
    /// How many things an operator may decide about letters, however new they are and whoever is still at their messages.
    /// When nothing fails any more, none: whatever is a dead letter then has to stay one.
    pub(super) fn decidable(&self) -> usize {
        if self.world.lock().choices.are_calm() {
            return 0;
        }
        let deciding = self.actors.values().filter(|actor| actor.errand == Errand::Decision);
        if deciding.count() >= DECISIONS {
            return 0;
        }
        let ways = |letter: &DeadLetter| self.ways(letter).count();
        self.ports.memory.with_open_letters(|letters| letters.map(ways).sum())
    }

    fn ways(&self, letter: &DeadLetter) -> impl Iterator<Item = Way> + use<> {
        let redrives = self.business.redrives(letter).then_some(Way::Redrive);
        let edits = self.business.edits(letter).map(Way::Edit);
        let discards = self.business.discards(letter).then_some(Way::Discard);
        redrives.into_iter().chain(edits).chain(discards)
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

    /// Decides one of the things that could be decided.
    pub(super) fn decide(&mut self, place: usize) {
        let ways = |letter: &DeadLetter| {
            let id = letter.id.clone();
            self.ways(letter).map(move |way| (id.clone(), way))
        };
        let chosen =
            |letters: &mut dyn Iterator<Item = &DeadLetter>| letters.flat_map(ways).nth(place);
        let Some((letter, way)) = self.ports.memory.with_open_letters(chosen) else { return };
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
