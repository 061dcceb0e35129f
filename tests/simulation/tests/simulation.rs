//! The laws hold whatever goes wrong, and each notices the mistake that it is there for.
#![expect(clippy::panic, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use postroom::simulation::{Business, Failure, Fault, Law, Sabotage, Simulation};
use simulation::{Bank, BankMistake, Mistake, Shop};

/// How many seeds every mistake is caught within, and as many that the kit is held against.
const SEEDS: u64 = 200;

#[test]
fn without_faults_every_law_holds_and_everything_is_done() {
    let figures = passes(Simulation::of(Shop::default).without_faults());

    assert_eq!(figures.given_up + figures.dead_letters + figures.repeated_calls, 0);
    assert!(figures.done > 0 && figures.refused > 0 && figures.reactions > 0, "{figures}");
}

#[test]
fn under_all_faults_every_law_holds() {
    let figures = passes(Simulation::of(Shop::default).run(0..SEEDS));

    // What never happened would have been survived for nothing.
    for fault in Fault::ALL {
        assert!(figures.faults(fault) > 0, "{fault} never happened");
    }
    for count in [figures.done, figures.refused, figures.given_up, figures.dead_letters] {
        assert!(count > 0, "{figures}");
    }
    assert!(figures.repeated_calls > 0 && figures.redrives > 0, "{figures}");
    assert!(figures.openings > 0 && figures.probes > 0, "{figures}");
    assert!(
        figures.given_up_by_queues > 0
            && figures.edits > 0
            && figures.discards > 0
            && figures.replays > 0,
        "{figures}"
    );
}

#[test]
fn under_all_faults_coins_are_neither_lost_nor_made() {
    let dull = passes(Simulation::of(Bank::default).without_faults());
    assert_eq!(dull.given_up + dull.dead_letters, 0, "{dull}");

    // Half of the seeds take as long as those of the shop: its journal is folded after every commit.
    let figures = passes(Simulation::of(Bank::default).run(0..SEEDS / 2));

    assert!(figures.done > 0 && figures.refused > 0 && figures.given_up > 0, "{figures}");
    assert!(figures.swaps > 0 && figures.rows_removed > 0, "{figures}");
}

#[test]
fn every_sabotage_shows_no_sooner_than_something_fails_and_breaks_the_law_that_forbids_it() {
    on_all_processors(Sabotage::ALL, |sabotage| {
        let (laws, name) = (sabotage.breaks(), sabotage.name());
        if is_of_bank(sabotage) {
            caught(&Simulation::of(Bank::default).with(sabotage), laws, name);
        } else {
            caught(&Simulation::of(Shop::default).with(sabotage), laws, name);
        }
    });
}

/// What goes wrong with events that something is made of; the shop has none.
fn is_of_bank(sabotage: Sabotage) -> bool {
    let of_bank = |law: Law| matches!(law, Law::Always | Law::Swept);
    sabotage.breaks().iter().any(|(law, _)| of_bank(*law)) || sabotage == Sabotage::SwapBeforeWalked
}

/// Most of the time that these tests take goes into planted mistakes.
fn on_all_processors<T: Copy + Sync>(all: &[T], check: impl Fn(T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(*one);
                }
            });
        }
    });
}

#[test]
fn every_mistake_of_a_business_shows_no_sooner_than_something_fails_and_breaks_its_law() {
    for mistake in Mistake::ALL {
        let shop = Simulation::of(move || Shop { mistake: Some(mistake) });
        caught(&shop, &[mistake.breaks()], mistake.name());
    }
    for mistake in BankMistake::ALL {
        let bank = Simulation::of(move || Bank { mistake: Some(mistake) });
        caught(&bank, &[mistake.breaks()], mistake.name());
    }
}

#[test]
fn for_every_law_there_is_a_mistake_that_breaks_it() {
    for law in Law::ALL {
        let breaks =
            |sabotage: &Sabotage| sabotage.breaks().iter().any(|(broken, _)| *broken == law);
        let planted = Sabotage::ALL.iter().any(breaks);
        let made = Mistake::ALL.map(Mistake::breaks).into_iter();
        let made = made.chain(BankMistake::ALL.map(BankMistake::breaks));
        let made = made.into_iter().any(|(broken, _)| broken == law);

        assert!(planted || made, "nothing shows that a simulation notices whether {law}");
    }
}

#[test]
fn a_seed_is_the_same_run_every_time() {
    let simulation = Simulation::of(Shop::default);

    assert_eq!(simulation.history(7), simulation.history(7));
    assert_ne!(simulation.history(7), simulation.history(8));
}

#[test]
fn a_failure_tells_its_seed_the_law_and_the_shortest_history_found() {
    let simulation = Simulation::of(Shop::default).with(Sabotage::NoOutbox);
    let failure = simulation.seed(0).unwrap_err();

    assert_eq!((failure.seed, failure.violation.law), (0, Law::AllOrNothing));
    // One order and nothing else: in the seed's own history there are ten requests.
    assert!(failure.history.len() <= 40, "{failure}");
    let told = failure.to_string();
    assert!(told.starts_with("seed 0 broke a law: items, events, messages and record"), "{told}");
    assert!(told.contains("was committed without the message to"), "{told}");
}

/// A mistake that shows without any fault would be caught by any test, and proves nothing about the simulator.
fn caught<B: Business>(simulation: &Simulation<impl Fn() -> B>, laws: &[(Law, &str)], name: &str) {
    passes(simulation.without_faults());

    let mut unseen = laws.to_vec();
    for seed in 0..SEEDS {
        let broken = simulation.broken_by(seed);
        unseen.retain(|(law, words)| {
            !broken.iter().any(|one| one.law == *law && one.found.contains(words))
        });
        if unseen.is_empty() {
            return;
        }
    }
    panic!("{name} does not break {unseen:?}");
}

fn passes<T>(result: Result<T, Box<Failure>>) -> T {
    result.unwrap_or_else(|failure| panic!("{failure}"))
}
