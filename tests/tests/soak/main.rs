//! A soak: commands of several tenants while functions are killed, AWS and the ad provider fail and callers give up; then
//! not one effect is missing, doubled or left behind.
//!
//! `SOAK_COMMANDS` says how many, `SOAK_SEED` which accidents; it prints its seed at the start and what happened at the end.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod seed;
mod accidents;
mod callers;
mod letters;
mod outcome;
mod check;

use std::env;
use std::fmt::Debug;
use std::str::FromStr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use accidents::{Accidents, Happened};
use callers::{Book, Caller};
use outcome::Outcome;
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
/// A worker may take 12 s instead of 30, so that what a dead one held comes back soon. In less than a second more
/// than its job needs it would not start any.
const SHORT: [(&str, &str); 2] =
    [("Timeout: 30", "Timeout: 12"), ("VisibilityTimeout: 180", "VisibilityTimeout: 14")];

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
    let applied = world.aws_heals().await;
    world.provider_heals().await;
    world.settled(SETTLING).await;
    eprintln!("settled after {:?}", began.elapsed());
    let token = world.get("/dev/token?tenant=operators&scope=ops").await.expect(200).text("/token");
    let parked = letters::open(&world, &token).await;
    let redriven = letters::redrive(&world, &token).await;
    world.settled(SETTLING).await;
    eprintln!("redriven after {:?}", began.elapsed());

    let outcome = Outcome::read(&world).await;
    let mut violations = check::violations(&outcome, &book);
    violations.extend(book.violations.iter().cloned());
    violations.extend(check_letters(&parked, &book));
    let happened = accidents.happened();
    let report = report(&book, happened, &applied, &outcome, &parked, redriven);
    eprintln!("{report}\n{} violations", violations.len());
    assert!(violations.is_empty(), "{:#?}", &violations[..violations.len().min(20)]);
    assert!(outcome.calls.len() > outcome.by_key().len(), "no fault met any call: {happened:?}");
    assert!(applied["status"].as_u64().is_some(), "nothing was throttled: {applied}");
    assert!(happened.kills > 0, "nobody was killed: {happened:?}");
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
        !reason.is_empty() && (letter["class"] == "exhausted" || of_the_doomed)
    };
    let wrong = parked.iter().filter(|letter| !says_why(letter));
    wrong.map(|letter| format!("a letter without a good reason: {letter}")).collect()
}

/// What happened, in figures.
fn report(
    book: &Book,
    happened: Happened,
    applied: &Value,
    outcome: &Outcome,
    parked: &[Value],
    redriven: usize,
) -> String {
    let Book { acknowledged, given_up, repeats, replayed, .. } = book;
    let Happened { kills, provider_faults, aws_faults, schedules, doomed } = happened;
    let messages: usize = WORKERS.iter().map(|worker| outcome.runs_of(worker).count()).sum();
    let events: usize = outcome.streams.values().map(Vec::len).sum();
    let (calls, keys) = (outcome.calls.len(), outcome.by_key().len());
    let exhausted = parked.iter().filter(|letter| letter["class"] == "exhausted").count();
    let parked = parked.len();
    format!(
        "commands: {acknowledged} acknowledged, of which {replayed} as done before, {given_up} given up; \
         {repeats} sendings more\n\
         accidents: {kills} kills, {aws_faults} faults of AWS (calls that went wrong: {applied}), \
         {provider_faults} of the provider, {doomed} campaigns that it refuses; {schedules} schedules fired\n\
         work: {events} events, {messages} messages, {calls} calls of the provider under {keys} keys\n\
         dead letters: {parked}, of which {exhausted} exhausted; {redriven} redriven"
    )
}

/// A number from the environment.
fn given<T: FromStr<Err: Debug>>(name: &str) -> Option<T> {
    Some(env::var_os(name)?.to_string_lossy().parse().unwrap())
}
