//! `simulate`: runs a business under as many seeds as one likes, and replays one.

mod arguments;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use mimalloc::MiMalloc;
use postroom::simulation::{Business, Failure, Figures, Simulation};
use simulation::{Bank, Shop};

use crate::arguments::{Arguments, HELP, Of, What};

/// A run is many small things that live shortly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How many seeds a thread takes at a time.
const CHUNK: u64 = 64;
/// How often it says how far it is.
const PROGRESS: Duration = Duration::from_secs(5);

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]
fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let ended = match arguments.of {
        Of::Shop(mistake) => run(Simulation::of(move || Shop { mistake }), &arguments),
        Of::Bank(mistake) => run(Simulation::of(move || Bank { mistake }), &arguments),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a command-line program")]
fn run<B, Make>(simulation: Simulation<Make>, arguments: &Arguments) -> anyhow::Result<()>
where
    B: Business,
    Make: Fn() -> B + Sync,
{
    let simulation = match arguments.sabotage {
        Some(sabotage) => simulation.with(sabotage),
        None => simulation,
    };
    match arguments.what {
        What::Seed(seed) => {
            let (history, violations) = simulation.history(seed);
            for line in history {
                println!("{line}");
            }
            for violation in &violations {
                println!("{violation}");
            }
            match violations.len() {
                0 => Ok(()),
                broken => Err(anyhow!("seed {seed} broke {broken} times a law")),
            }
        }
        What::Seeds { from, count } => {
            let began = Instant::now();
            let (figures, failure) = run_all(&simulation, from, count, arguments.threads);
            println!("{figures}{:<34}{:>16}", "seconds", began.elapsed().as_secs());
            failure.map_or(Ok(()), |failure| Err((*failure).into()))
        }
    }
}

/// Runs seeds on all threads, until one of them fails.
#[expect(clippy::print_stderr, reason = "a command-line program")]
fn run_all<B, Make>(
    simulation: &Simulation<Make>,
    from: u64,
    count: u64,
    threads: usize,
) -> (Figures, Option<Box<Failure>>)
where
    B: Business,
    Make: Fn() -> B + Sync,
{
    let end = from.saturating_add(count);
    let next = AtomicU64::new(from);
    let outcome = Mutex::new((Figures::default(), None, Instant::now()));
    let work = || {
        loop {
            let first = next.fetch_add(CHUNK, Ordering::Relaxed);
            if first >= end {
                return;
            }
            let ran = simulation.run(first..end.min(first + CHUNK));
            let Ok(mut outcome) = outcome.lock() else { return };
            let (figures, failure, told) = &mut *outcome;
            match ran {
                Ok(more) => figures.add(&more),
                Err(broken) => {
                    failure.get_or_insert(broken);
                    next.store(end, Ordering::Relaxed);
                }
            }
            if told.elapsed() > PROGRESS {
                *told = Instant::now();
                eprintln!("{} of {count} seeds, {} steps", figures.seeds, figures.steps);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let (figures, failure, _) = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    (figures, failure)
}
