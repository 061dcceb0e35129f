//! Running a business again and again, and telling how it failed.

use std::fmt;
use std::ops::Range;

use crate::simulation::business::Business;
use crate::simulation::choice::Choices;
use crate::simulation::figures::Figures;
use crate::simulation::run::{Ran, Run, Script};
use crate::simulation::shrink::shrink;
use crate::simulation::world::Line;
use crate::simulation::{Law, Sabotage, Violation};

/// Runs a business over memory while everything that can go wrong does, and holds each run against the [laws](Law).
///
/// A run has two parts. In the first, at every await, an invocation may be killed, frozen or overtaken; calls are
/// refused, lost, late or done without an answer; messages are doubled, delayed and reordered; callers repeat, double and
/// give up; services are down for a while. In the second nothing fails any more, and everything has to come to rest. All of it follows from a seed.
///
/// ```
/// use postroom::doc_example::{ChargeCard, NoBank, PlaceOrder, Settings, reactions};
/// use postroom::simulation::{Business, Parts, Request, Simulation};
/// use postroom::{Reactions, Worker};
///
/// struct Shop;
///
/// impl Business for Shop {
///     fn reactions(&self) -> Reactions {
///         reactions(&Settings { most_open_orders: 2 })
///     }
///
///     fn worker(&self, queue: &'static str, parts: &Parts) -> Option<Worker> {
///         (queue == "charge-card").then(|| parts.worker(queue).job(ChargeCard { bank: NoBank }))
///     }
///
///     fn requests(&self) -> Vec<Request> {
///         let place = |order: &str| Request::keyed(PlaceOrder { order: order.to_owned() });
///         vec![place("1"), place("2"), place("3")]
///     }
/// }
///
/// let figures = Simulation::of(|| Shop).run(0..20).unwrap_or_else(|failure| panic!("{failure}"));
/// assert_eq!(figures.seeds, 20);
/// ```
pub struct Simulation<Make> {
    make: Make,
    script: Script,
}

impl<B: Business, Make: Fn() -> B> Simulation<Make> {
    /// A simulation of the business that `make` makes, a new one for each run.
    pub fn of(make: Make) -> Self {
        Self { make, script: Script::default() }
    }

    /// The same with a mistake planted, to see whether it is found.
    #[must_use]
    pub fn with(mut self, sabotage: Sabotage) -> Self {
        self.script.sabotage = Some(sabotage);
        self
    }

    /// Runs every seed, until one of them breaks a law.
    ///
    /// # Errors
    /// The first run that broke one, as short as it could be made.
    pub fn run(&self, seeds: Range<u64>) -> Result<Figures, Box<Failure>> {
        let mut figures = Figures::default();
        for seed in seeds {
            figures.add(&self.seed(seed)?);
        }
        Ok(figures)
    }

    /// Runs one seed.
    ///
    /// # Errors
    /// It broke a law.
    pub fn seed(&self, seed: u64) -> Result<Figures, Box<Failure>> {
        let ran = self.play(self.choices(seed), false);
        match ran.violations.first() {
            None => Ok(ran.figures),
            Some(violation) => Err(Box::new(self.explain(seed, violation.law, &ran))),
        }
    }

    /// The laws that a seed breaks.
    pub fn broken_by(&self, seed: u64) -> Vec<Violation> {
        self.play(self.choices(seed), false).violations
    }

    /// What happens in a seed, and how it ends.
    pub fn history(&self, seed: u64) -> (Vec<Line>, Vec<Violation>) {
        let ran = self.play(self.choices(seed), true);
        (ran.history, ran.violations)
    }

    /// Runs without any fault.
    ///
    /// # Errors
    /// Even that broke a law.
    pub fn without_faults(&self) -> Result<Figures, Box<Failure>> {
        let ran = self.play(Choices::of_tape(&[]), false);
        match ran.violations.first() {
            None => Ok(ran.figures),
            Some(violation) => Err(Box::new(self.explain(0, violation.law, &ran))),
        }
    }

    fn choices(&self, seed: u64) -> Choices {
        Choices::of_seed(seed, self.script.sabotage.map_or(&[], Sabotage::needs))
    }

    fn play(&self, choices: Choices, history: bool) -> Ran {
        Run::of(&(self.make)(), &self.script, choices, history)
    }

    /// The shortest run that is found to break the same law.
    fn explain(&self, seed: u64, law: Law, ran: &Ran) -> Failure {
        let business = (self.make)();
        let breaks = |ran: &Ran| ran.violations.iter().find(|broken| broken.law == law).cloned();
        let fails = |script: &Script, tape: &[u16]| {
            let ran = Run::of(&(self.make)(), script, Choices::of_tape(tape), false);
            breaks(&ran).is_some()
        };
        let mut script = self.script.clone();
        let tape = shrink(&ran.tape, |tape| fails(&script, tape));
        for request in (0..business.requests().len()).rev() {
            let mut without = script.clone();
            without.silent.insert(request);
            if fails(&without, &tape) {
                script = without;
            }
        }
        let tape = shrink(&tape, |tape| fails(&script, tape));
        let ran = Run::of(&business, &script, Choices::of_tape(&tape), true);
        let found = breaks(&ran).map(|broken| broken.found).unwrap_or_default();
        Failure { seed, violation: Violation { law, found }, history: ran.history }
    }
}

impl<Make> fmt::Debug for Simulation<Make> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("script", &self.script).finish_non_exhaustive()
    }
}

/// A run that broke a law.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    /// What replays it, at its full length.
    pub seed: u64,
    /// Which law, and how.
    pub violation: Violation,
    /// What happened in the shortest run that was found to break it.
    pub history: Vec<Line>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} broke a law: {}", self.seed, self.violation)?;
        self.history.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
