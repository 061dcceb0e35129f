//! Choices: whatever is not determined in a run is one of a few possibilities, from a seed or from a tape.
//!
//! 0 is always the dull one: no fault, and whoever has been at it longest goes on. A run is all its choices, so that it
//! can be written down as a tape, replayed, and made shorter by making it duller.

use std::fmt;

use crate::memory::Random;

/// What can go wrong, or come otherwise than one would think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The sandbox dies, and its invocation is never heard of again.
    Kill,
    /// The invocation stands still for a while, and does not notice.
    Freeze,
    /// A call is refused for now; nothing happened.
    Throttle,
    /// A call does not arrive, and its caller cannot know that.
    LoseRequest,
    /// A call arrives after its caller has given up waiting for it.
    DelayRequest,
    /// A call was done, and its answer does not arrive.
    LoseAnswer,
    /// A queue refuses one message of a batch.
    RefuseRow,
    /// A queue gives out a message twice.
    Duplicate,
    /// A queue gives out a message late.
    Delay,
    /// A queue gives out what came later first, and fewer messages than it could.
    Reorder,
    /// A caller sends its request twice at the same time.
    Twin,
    /// A caller that got no answer does not ask again.
    GiveUp,
    /// A service outside says no, for good.
    Deny,
    /// A service outside that has a gate is down for a while.
    Outage,
    /// Somebody else puts on a queue what nobody can read.
    Stranger,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 15] = [
        Self::Kill,
        Self::Freeze,
        Self::Throttle,
        Self::LoseRequest,
        Self::DelayRequest,
        Self::LoseAnswer,
        Self::RefuseRow,
        Self::Duplicate,
        Self::Delay,
        Self::Reorder,
        Self::Twin,
        Self::GiveUp,
        Self::Deny,
        Self::Outage,
        Self::Stranger,
    ];

    /// What it is in figures and histories.
    fn name(self) -> &'static str {
        match self {
            Self::Kill => "killed",
            Self::Freeze => "frozen",
            Self::Throttle => "throttled",
            Self::LoseRequest => "request lost",
            Self::DelayRequest => "request late",
            Self::LoseAnswer => "answer lost",
            Self::RefuseRow => "message refused",
            Self::Duplicate => "message doubled",
            Self::Delay => "message delayed",
            Self::Reorder => "message overtaken",
            Self::Twin => "sent twice",
            Self::GiveUp => "given up",
            Self::Deny => "denied",
            Self::Outage => "outage",
            Self::Stranger => "unreadable",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How often faults come, in thousandths: one of these for each kind, drawn for each seed, so that a run has some kinds
/// often and others not at all. Runs that have everything hide what only shows where something is missing.
const RATES: [u64; 6] = [0, 0, 5, 20, 60, 200];
/// The same of those kinds that a run is to have often.
const OFTEN: [u64; 3] = [60, 200, 500];
/// How often somebody else than the longest-running is next, in thousandths.
const WANDER: [u64; 5] = [0, 50, 200, 500, 1000];

/// Where choices come from, and those that were made.
#[derive(Debug)]
pub(super) struct Choices {
    source: Source,
    made: Vec<u16>,
}

#[derive(Debug)]
enum Source {
    Seed {
        random: Random,
        rates: [u64; Fault::ALL.len()],
        wander: u64,
    },
    /// What is left of a tape. Behind its end, and while `quiet`, every choice is the dull one.
    Tape {
        tape: Vec<u16>,
    },
}

impl Choices {
    /// Those of a seed, with faults of these kinds `often`.
    pub(super) fn of_seed(seed: u64, often: &[Fault]) -> Self {
        let mut random = Random(seed);
        let rates = Fault::ALL.map(|fault| {
            if often.contains(&fault) { random.any_of(&OFTEN) } else { random.any_of(&RATES) }
        });
        let wander = random.any_of(&WANDER);
        Self { source: Source::Seed { random, rates, wander }, made: Vec::new() }
    }

    pub(super) fn of_tape(tape: &[u16]) -> Self {
        Self { source: Source::Tape { tape: tape.to_vec() }, made: Vec::new() }
    }

    /// The choices so far.
    pub(super) fn tape(&self) -> &[u16] {
        &self.made
    }

    /// From now on every choice is the dull one.
    pub(super) fn calm(&mut self) {
        self.source = Source::Tape { tape: Vec::new() };
    }

    /// Whether there are only dull choices left.
    pub(super) fn are_calm(&self) -> bool {
        matches!(&self.source, Source::Tape { tape } if self.made.len() >= tape.len())
    }

    /// Who is next, of so many that could be.
    pub(super) fn next_of(&mut self, many: usize) -> usize {
        self.choose(
            many,
            |random, _, wander| {
                if random.below(1000) < wander { random.below(many as u64) } else { 0 }
            },
        )
    }

    /// Any of so many.
    pub(super) fn any_of(&mut self, many: usize) -> usize {
        self.choose(many, |random, _, _| random.below(many as u64))
    }

    /// Which of these faults happens now, if any.
    pub(super) fn fault(&mut self, of: &[Fault]) -> Option<Fault> {
        if of.is_empty() {
            return None;
        }
        let chosen = self.choose(of.len() + 1, |random, rates, _| {
            let mut left = random.below(1000);
            for (place, fault) in (1..).zip(of) {
                let rate = rates[*fault as usize];
                if left < rate {
                    return place;
                }
                left -= rate;
            }
            0
        });
        chosen.checked_sub(1).map(|index| of[index])
    }

    pub(super) fn happens(&mut self, fault: Fault) -> bool {
        self.fault(&[fault]).is_some()
    }

    fn choose(
        &mut self,
        many: usize,
        draw: impl FnOnce(&mut Random, &[u64; Fault::ALL.len()], u64) -> u64,
    ) -> usize {
        let chosen = match &mut self.source {
            Source::Seed { random, rates, wander } => {
                u16::try_from(draw(random, rates, *wander)).unwrap_or(0)
            }
            Source::Tape { tape } => tape.get(self.made.len()).copied().unwrap_or(0),
        };
        // A shortened tape may name what there is no longer.
        let chosen = if usize::from(chosen) < many { chosen } else { 0 };
        self.made.push(chosen);
        chosen.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(choices: &mut Choices) -> Vec<usize> {
        (0..50)
            .flat_map(|_| {
                [choices.next_of(7), choices.any_of(3), choices.fault(&Fault::ALL).is_some().into()]
            })
            .collect()
    }

    #[test]
    fn a_tape_repeats_its_seed_and_is_dull_behind_its_end() {
        let mut seeded = Choices::of_seed(5, &[]);
        let first = some(&mut seeded);

        let mut taped = Choices::of_tape(seeded.tape());

        assert_eq!(some(&mut taped), first);
        assert!(taped.are_calm());
        assert_eq!(taped.next_of(9), 0);
        assert_eq!(taped.fault(&Fault::ALL), None);
    }

    #[test]
    fn other_seeds_choose_otherwise() {
        assert_ne!(some(&mut Choices::of_seed(5, &[])), some(&mut Choices::of_seed(6, &[])));
    }

    #[test]
    fn what_a_tape_names_and_there_is_not_is_the_dull_choice() {
        let mut choices = Choices::of_tape(&[9, 2]);

        assert_eq!((choices.any_of(3), choices.any_of(3)), (0, 2));
    }
}
