//! A soak: commands of several tenants while functions are killed, AWS and the ad provider fail and callers give up; then
//! not one effect is missing, doubled or left behind.
//!
//! [`importing`] does the same to one file of many rows.
//!
//! `SOAK_COMMANDS` says how many, `SOAK_SEED` which accidents; it prints its seed at the start and what happened at the end.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod seed;
mod accidents;
mod book;
mod callers;
mod money;
mod letters;
mod outcome;
mod check;
mod ledger;
mod report;
mod importing;

use std::env;
use std::fmt::Debug;
use std::str::FromStr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use accidents::Accidents;
use book::Book;
use callers::Caller;
use outcome::Outcome;
use report::Report;
use seed::Seed;
use serde_json::Value;
use tests::{World, WorldOptions};
use tokio::task::JoinSet;

/// The functions whose work is outside, and is done once.
const WORKERS: [&str; 2] = ["sync-campaign", "sync-statistics"];
/// Less than a minute, also beside other tests; `.ci/run soak` has more.
const COMMANDS: usize = 250;
/// Callers at the same time, and tenants: the commands of one tenant race for the counter of its plan.
const CALLERS: usize = 4;
const TENANTS: usize = 3;
/// What is left to do at the end may take this long: a few waits between attempts, an open breaker, and what a killed
/// worker held.
const SETTLING: Duration = Duration::from_mins(8);
/// A function may take 12 s, so that what a dead one held comes back soon; in less than a second more than its job needs
/// a worker would not start any. Queues give up soon, too, and before a wait between attempts gets long.
const SHORT: [(&str, &str); 6] = [
    ("Timeout: 30", "Timeout: 12"),
    ("Timeout: 60", "Timeout: 12"),
    ("VisibilityTimeout: 180", "VisibilityTimeout: 14"),
    ("VisibilityTimeout: 360", "VisibilityTimeout: 14"),
    (
        "DeadLetterQueue.Arn\n        maxReceiveCount: 100",
        "DeadLetterQueue.Arn\n        maxReceiveCount: 2",
    ),
    ("maxReceiveCount: 100", "maxReceiveCount: 3"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_command_takes_effect_once_whoever_dies_and_whatever_fails() {
    let commands = given("SOAK_COMMANDS").unwrap_or(COMMANDS);
    let seed = given("SOAK_SEED").unwrap_or_else(Seed::fresh);
    eprintln!("{commands} commands; SOAK_SEED={seed} brings the same accidents");
    let world = Arc::new(
        World::with(WorldOptions {
            parameters: vec![("PlanLiveCampaigns", commands.to_string())],
            template: SHORT.to_vec(),
            ..WorldOptions::default()
        })
        .await,
    );
    let began = Instant::now();

    let accidents = Arc::new(Accidents::new(seed));
    accidents.begin(&world).await;
    let book = order(&world, &accidents, commands, seed).await;
    eprintln!("ordered after {:?}", began.elapsed());
    let gave_up = letters::a_queue_gave_up(&world).await;
    accidents.redrive(&world).await;
    let applied = world.aws_heals().await;
    world.provider_heals().await;
    world.settled(SETTLING).await;
    eprintln!("settled after {:?}", began.elapsed());
    let parked = letters::open(&world).await;
    let mut violations = check::lost(&Outcome::read(&world).await);
    let redriven = letters::redrive(&world).await;
    world.settled(SETTLING).await;
    eprintln!("redriven after {:?}", began.elapsed());

    let outcome = Outcome::read(&world).await;
    violations.extend(check::violations(&outcome, &book));
    violations.extend(ledger::violations(&outcome, &book));
    violations.extend(book.violations.iter().cloned());
    violations.extend(check_letters(&parked, &book));
    let happened = accidents.happened();
    let (book, outcome, parked) = (&book, &outcome, &parked);
    let report = Report { book, happened, applied: &applied, outcome, parked, redriven };
    eprintln!("{report}\n{} violations", violations.len());
    assert!(violations.is_empty(), "{:#?}", &violations[..violations.len().min(20)]);
    assert!(outcome.calls.len() > outcome.by_key().len(), "no fault met any call: {happened:?}");
    assert!(applied["status"].as_u64().is_some(), "nothing was throttled: {applied}");
    assert!(happened.kills > 0, "nobody was killed: {happened:?}");
    assert!(gave_up, "no letter of a message that its queue gave up");
    Arc::into_inner(world).unwrap().stop().await;
}

/// Lets all callers order, with accidents in between; answers what they know.
async fn order(
    world: &Arc<World>,
    accidents: &Arc<Accidents>,
    commands: usize,
    seed: Seed,
) -> Book {
    let book = Arc::new(Mutex::new(Book::default()));
    let left = Arc::new(AtomicUsize::new(commands));
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let caller = Caller {
            world: Arc::clone(world),
            accidents: Arc::clone(accidents),
            book: Arc::clone(&book),
            left: Arc::clone(&left),
            name: format!("caller-{number}"),
            tenant: format!("tenant-{}", number % TENANTS),
            seed: seed.split(number as u64 + 1),
        };
        callers.spawn(caller.run());
    }
    callers.join_all().await;
    Arc::into_inner(book).unwrap().into_inner().unwrap()
}

/// Letters say why, and what the provider refuses for good is no other campaign's.
fn check_letters(parked: &[Value], book: &Book) -> Vec<String> {
    let doomed: Vec<&str> =
        book.campaigns.iter().filter(|known| known.doomed).map(|known| known.id.as_str()).collect();
    let says_why = |letter: &Value| {
        let reason = letter["reason"].as_str().unwrap_or_default();
        let of_the_doomed = doomed.iter().any(|id| reason.contains(id));
        let nonsense = reason.contains("answer cannot be read");
        !reason.is_empty() && (letter["class"] == "exhausted" || of_the_doomed || nonsense)
    };
    let wrong = parked.iter().filter(|letter| !says_why(letter));
    wrong.map(|letter| format!("a letter without a good reason: {letter}")).collect()
}

/// A number from the environment.
fn given<T: FromStr<Err: Debug>>(name: &str) -> Option<T> {
    Some(env::var_os(name)?.to_string_lossy().parse().unwrap())
}
